"""Chapters as tests: nbval runs every code cell, and its text is compared with tests/reference/<chapter>.yml.

The folder tests/reference stands for all chapters of _toc.yml that have a kernel. `--update-references`
writes the references of those chapters whose every cell runs.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import jupytext
import pytest
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError, find_comment_markers, find_metadata_tags
from notebooks.references import (
    Entry,
    Output,
    align,
    differing_lines,
    digest,
    entry,
    first_line,
    load,
    save,
    texts,
)
from sphinx_external_toc.parsing import parse_toc_yaml

RENEW = "When every cell runs and its result is right, renew the references and review the diff: make references"
LONGEST_DIFF = 30


def report(where: object, what: str, details: str = "") -> str:
    return "\n".join(filter(None, (f"{where}: {what}", details, RENEW)))


class References(pytest.Directory):
    """The folder of the references: a `Chapter` for each page of _toc.yml, and whatever file is left over."""

    def collect(self) -> Iterator[pytest.Collector | pytest.Item]:
        root = self.config.rootpath
        if not (root / "_toc.yml").is_file():
            raise self.CollectError("_toc.yml is missing: it names the chapters to run")
        named = [str(page).removesuffix(".md") for page in parse_toc_yaml(root / "_toc.yml")]
        # The student editions of the assignments are to be filled in: tests/coursework runs their solutions.
        pages = [root / f"{page}.md" for page in named if not page.startswith("chapters/assignments/student/")]
        for page in pages:
            yield Chapter.from_parent(self, path=page) if page.is_file() else NoPage.from_parent(self, name=page.name)
        for path in sorted(self.path.glob("*.yml")):
            if path.stem not in {page.stem for page in pages}:
                yield StaleFile.from_parent(self, name=path.name)


class NoPage(pytest.Item):
    """A page that _toc.yml names and that is not there."""

    def runtest(self) -> None:
        pytest.fail(f"_toc.yml names a page that is not there: {self.name}", pytrace=False)


class StaleFile(pytest.Item):
    """A reference file of no chapter. Renewing removes it."""

    def runtest(self) -> None:
        path = self.parent.path / self.name
        if not self.config.option.update_references:
            where = path.relative_to(self.config.rootpath)
            pytest.fail(report(where, "stale, _toc.yml names no such chapter"), pytrace=False)
        path.unlink()


class Chapter(IPyNbFile):
    """A page in MyST: its code cells, then a check of its reference file."""

    stopped = ""  # why no further cell is run
    written: dict[int, Entry]  # by cell number: what renewing writes

    def collect(self) -> Iterator[pytest.Item]:
        self.nb = jupytext.read(self.path, fmt="md:myst")
        runs = "kernelspec" in self.nb.metadata
        cells = [cell for cell in self.nb.cells if runs and cell.cell_type == "code"]
        self.reference = self.parent.path / f"{self.path.stem}.yml"
        entries, leftover = align(load(self.reference), [cell.source for cell in cells])
        self.written = {}
        for number, cell in enumerate(cells, start=1):
            options = defaultdict(bool, check=True)
            options.update(find_metadata_tags(cell.metadata))
            options.update(find_comment_markers(cell.source))
            yield Cell.from_parent(
                self,
                name=f"cell {number}",
                cell_num=number,
                cell=cell,
                options=options,
                entry=entries[number - 1],
            )
        if cells or leftover:
            yield ReferenceFile.from_parent(self, name="reference file", cells=len(cells), leftover=leftover)

    def setup(self) -> None:
        with pytest.MonkeyPatch.context() as env:  # figures are outputs of their cells, as in the book
            env.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
            super().setup()


class Cell(IPyNbCell):
    """A code cell. Its `execution_count` is None, so nbval runs it and leaves the comparison to us."""

    def __init__(self, *, entry: Entry | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.entry = entry

    def runtest(self) -> None:
        if self.parent.stopped:
            pytest.xfail(self.parent.stopped)
        if not self.options["skip"]:
            try:
                super().runtest()
                if self.parent.timed_out:  # the cell took nbval's interrupt for its own
                    timeout = self.config.option.nbval_cell_timeout
                    self.raise_cell_error(f"Timeout of {timeout:g} seconds exceeded executing cell")
            except Exception:
                self.parent.stopped = f"cell {self.cell_num} failed to run"
                raise
        compared = self.options["check"] and not self.options["skip"]
        outputs = texts(self.test_outputs, self.sanitize) if compared else []
        problem = self.problem(outputs)
        if self.config.option.update_references:
            # What still agrees is kept to the last digit, so that the diff shows only what changed.
            self.parent.written[self.cell_num] = entry(self.cell.source, outputs) if problem else self.entry
        elif problem:
            self.raise_cell_error(*problem)
        if self.options["skip"]:
            pytest.skip("nbval-skip")

    def problem(self, outputs: list[Output]) -> tuple[str, str] | None:
        """What is wrong and the lines that show it, if anything is."""
        where = self.parent.reference.relative_to(self.config.rootpath)
        if self.entry is None:
            return f"this cell has no reference in {where}", ""
        lines = differing_lines(self.entry["outputs"], outputs)
        if len(lines) > LONGEST_DIFF:
            lines[LONGEST_DIFF:] = [f"... and {len(lines) - LONGEST_DIFF} more lines"]
        if self.entry["source"] != digest(self.cell.source):
            if self.entry["cell"] != first_line(self.cell.source):
                lines[:0] = ["- " + self.entry["cell"], "+ " + first_line(self.cell.source)]
            return f"stale, the cell's source has changed since {where} was written", "\n".join(lines)
        return (f"outputs differ from {where} (- expected, + got)", "\n".join(lines)) if lines else None

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        error = excinfo.value
        what, details = f"{type(error).__name__}: {error}", ""
        if isinstance(error, NbCellError):
            what, details = str(error), re.sub(r"\x1b\[[0-9;]*m", "", error.inner_traceback or "")
        chapter = self.parent.path.relative_to(self.config.rootpath)
        return report(f"{chapter}, cell {self.cell_num} ({first_line(self.cell.source)})", what, details.strip("\n"))


class ReferenceFile(pytest.Item):
    """The last item of a chapter: every entry has its cell. When renewing, the file is written here."""

    def __init__(self, *, cells: int, leftover: list[Entry], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cells, self.leftover = range(1, cells + 1), leftover

    def runtest(self) -> None:
        path, written = self.parent.reference, self.parent.written
        where = path.relative_to(self.config.rootpath)
        missing = [number for number in self.cells if number not in written]
        if not self.config.option.update_references:
            if self.leftover:
                gone = "\n".join("- " + entry["cell"] for entry in self.leftover)
                pytest.fail(report(where, "stale, these cells are gone from the chapter", gone), pytrace=False)
        elif missing:
            pytest.fail(report(where, f"not written, cells {missing} did not run to their end"), pytrace=False)
        elif written:
            save(path, [written[number] for number in self.cells])
        else:
            path.unlink()
