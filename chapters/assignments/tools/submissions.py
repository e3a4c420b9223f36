"""What students hand in, put into the form that nbgrader wants.

A submission may be anything. What comes out is always the notebook that was handed out, cell by cell, with the
student's answers in the places for answers, and what the student added where it was added.
"""

import contextlib
import json
import os
import re
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path

import jupytext
import nbformat
import yaml
from assignments.tools.editions import grading
from dateutil.parser import parse
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

NOTEBOOKS = (".ipynb", ".md")
SUPPORT = ("checks", "data", "exercises", "optlib")  # handed out beside the notebook
RESTORED = "restored"  # the folder of the course, beside nbgrader's own submitted/
LARGEST = 30_000_000  # bytes of one file: beyond this there are outputs that nobody reads


@dataclass
class Submission:
    student: str  # as the folder or the file says it
    assignment: str
    path: Path
    remarks: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The student as nbgrader knows them: a name that can be a folder."""
        return re.sub(r"[^\w.@-]+", "-", self.student).strip("-.") or "nobody"


# --- finding -------------------------------------------------------------------------------------


def find(
    folder: Path, handed_out: dict[str, NotebookNode], only: str | None, scratch: Path
) -> tuple[list[Submission], list[str]]:
    """The submissions in a folder, one of each student for each assignment; and what was left aside, with the reason.

    A student is a folder (or a zip) with the notebook somewhere in it, or a single file whose name is the student's.
    The assignment is read off the file's name, or off the checks that the file imports, or is `only`.
    """
    found: dict[tuple[str, str], list[Submission]] = {}
    aside = []
    names = _gradescope(folder)
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name == "submission_metadata.yml":
            continue
        student = names.get(entry.name) or _student(entry, list(handed_out))
        paths = list(_files(entry, scratch))
        if not paths:
            aside.append(f"{entry.name}: there is no notebook in it that can be read")
        for path in paths:
            named = next((name for name in handed_out if name in path.name), None)
            imported = _imported(path, list(handed_out))
            assignment = named or imported or only
            if assignment is None or (only and assignment != only):
                shown = path.relative_to(folder) if path.is_relative_to(folder) else f"{entry.name}, {path.name}"
                aside.append(f"{shown}: of {assignment or 'no known assignment'}")
                continue
            new = Submission(student, assignment, path)
            if imported and imported != assignment:
                new.remarks = [f"its cells are those of {imported}"]
            found.setdefault((new.key, assignment), []).append(new)
    return [_newest(several, handed_out[assignment]) for (_, assignment), several in found.items()], aside


def _student(entry: Path, assignments: list[str]) -> str:
    """The student as the entry's name says it, without the assignment and a number that tells copies apart."""
    whole = entry.name if entry.is_dir() else entry.stem
    name = re.sub(rf"({'|'.join(map(re.escape, assignments))})(-\d+$)?", "", whole)
    return re.sub(r"(\(\d+\)|[\s_.-])+$|^[\s_.-]+", "", name) or whole


def _imported(path: Path, assignments: list[str]) -> str | None:
    """The assignment whose checks the file imports, if it is one."""
    if path.stat().st_size > LARGEST:
        return None
    modules = set(re.findall(r"from checks(?: import |\.)(\w+)", path.read_text("utf-8", "replace")))
    named = [name for name in assignments if name.partition("-")[2].replace("-", "_") in modules]
    return named[0] if len(named) == 1 else None


def _newest(several: list[Submission], handed_out: NotebookNode) -> Submission:
    """The newest of a student's files that holds an answer: untouched copies, such as the MyST twin, lie beside it."""
    if len(several) == 1:
        return several[0]

    def worked_on(submission: Submission) -> bool:
        made = assemble(read(replace(submission, remarks=[])), handed_out, replace(submission, remarks=[]))
        return [cell.source.strip() for cell in made.cells] != [cell.source.strip() for cell in handed_out.cells]

    some = [submission for submission in several if worked_on(submission)]
    newest = max(some or several, key=lambda submission: submission.path.stat().st_mtime)
    if len(some) > 1:
        newest.remarks.append(f"of {len(some)} files the newest is marked, {newest.path.name}")
    return newest


def _files(entry: Path, scratch: Path) -> Iterator[Path]:
    """The notebooks in a folder or an archive, also in archives in a folder, and not what was handed out with them."""
    if entry.is_dir():
        for path in sorted(entry.rglob("*")):
            parts = path.relative_to(entry).parts
            if not any(part.startswith((".", "__MACOSX")) or part in SUPPORT for part in parts):
                yield from _files(path, scratch) if path.is_file() else ()
    elif entry.suffix.lower() == ".zip" and not entry.is_relative_to(scratch):
        unpacked = Path(tempfile.mkdtemp(dir=scratch))
        try:
            _unpack(entry, unpacked)
        except Exception:  # no zip, damaged in any way, encrypted, too large
            return
        yield from _files(unpacked, scratch)
    elif entry.suffix in NOTEBOOKS and entry.is_file() and not entry.is_symlink():
        yield entry


def _unpack(packed: Path, folder: Path) -> None:
    """Unpack a zip; its names cannot lead out of the folder (zipfile sees to it), nor its size fill the disk."""
    with zipfile.ZipFile(packed) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > 10 * LARGEST:
            raise OSError("too large")
        for entry in archive.infolist():
            path = archive.extract(entry, folder)
            with contextlib.suppress(ValueError, OverflowError):
                written = time.mktime((*entry.date_time, 0, 0, -1))
                os.utime(path, (written, written))


def _gradescope(folder: Path) -> dict[str, str]:
    """Whose folder is whose, where Gradescope's export says it."""
    path = folder / "submission_metadata.yml"
    if not path.is_file():
        return {}
    try:
        listed = yaml.safe_load(path.read_text("utf-8"))
        return {str(key): str(entry[":submitters"][0][":name"]) for key, entry in listed.items()}
    except (yaml.YAMLError, AttributeError, KeyError, IndexError, TypeError, OSError):
        return {}


# --- reading -------------------------------------------------------------------------------------


def read(submission: Submission) -> list[NotebookNode]:
    """The cells of the file; none, and a remark, where it cannot be read."""
    try:
        if submission.path.stat().st_size > LARGEST:
            raise ValueError(f"it is larger than {LARGEST // 1_000_000} MB")
        text = submission.path.read_text("utf-8-sig")
        if submission.path.suffix == ".md":
            return jupytext.reads(text, fmt="md:myst").cells
        return [_sound(cell) for cell in nbformat.from_dict(json.loads(text))["cells"]]
    except json.JSONDecodeError as error:
        reason = f"it is no valid JSON from line {error.lineno} on"
    except KeyError:
        reason = "it is no notebook of format 4"
    except RecursionError:
        reason = "it is nested without end"
    except Exception as error:
        reason = " ".join(str(error).split())[:100] or type(error).__name__
    submission.remarks.append(f"the file could not be read: {reason}")
    return []


def _sound(cell: dict) -> NotebookNode:
    """A cell with what every cell must have, whatever it lacks."""
    source = cell.get("source", "")
    source = "".join(map(str, source)) if isinstance(source, list) else str(source)
    make = new_code_cell if cell.get("cell_type") == "code" else new_markdown_cell
    made = make(source)
    metadata = cell.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("nbgrader"), dict):
        made.metadata["nbgrader"] = metadata["nbgrader"]
    if isinstance(cell.get("attachments"), dict):  # a photograph of a written derivation
        made["attachments"] = cell["attachments"]
    return made


# --- putting together ----------------------------------------------------------------------------


def assemble(submitted: list[NotebookNode], handed_out: NotebookNode, submission: Submission) -> NotebookNode:
    """The notebook that was handed out, with this student's answers."""
    made = deepcopy(handed_out)
    for number, cell in enumerate(made.cells):
        cell["id"] = grading(cell).get("grade_id", f"text-{number}")
    places = {cell.id: cell for cell in made.cells if grading(cell)}
    texts = {_plain(cell): cell.id for cell in made.cells if not grading(cell)}
    following = dict(zip([""] + [cell.id for cell in made.cells], made.cells, strict=False))
    blank = {cell.id: cell.source for cell in made.cells}
    answered: set[str] = set()
    others = []  # cells in no place of theirs, each with the cell that it follows
    last, changed = "", False
    for cell in submitted:
        key = grading(cell).get("grade_id")
        place = places.get(key) if isinstance(key, str) and key not in answered else None
        if place is not None and place.cell_type == cell.cell_type:
            last = key
            answered.add(key)
            if grading(place).get("solution"):
                _answer(place, cell)
            else:
                changed = changed or place.source.strip() != cell.source.strip()
        elif _plain(cell) in texts:
            last = texts[_plain(cell)]
        elif cell.source.strip():
            others.append((last, cell))
    added: dict[str, list[NotebookNode]] = {}
    for last, cell in others:
        open_places = [p for key, p in places.items() if key not in answered and grading(p).get("solution")]
        place = next(
            (p for p in open_places if _answers(cell, p) or (_text(cell, p) and p is following.get(last))), None
        )
        if place is not None:
            answered.add(place.id)
            _answer(place, cell)
        else:
            cell.metadata = NotebookNode()
            added.setdefault(last, []).append(cell)
    for before, place in zip(["", *blank], made.cells, strict=False):
        beside = [*added.get(before, []), *added.get(place.id, [])]
        texts_beside = [cell for cell in beside if cell.cell_type == "markdown"]
        if _is_text_answer(place) and place.source.strip() == blank[place.id].strip() and texts_beside:
            # a derivation in a cell of its own, beside the one that is meant for it and was left as it was
            _answer(place, _joined(texts_beside))
            for where in (before, place.id):
                added[where] = [cell for cell in added.get(where, []) if cell.cell_type != "markdown"]
    lost = [key for key, place in places.items() if key not in answered]
    if changed:
        submission.remarks.append("a locked cell was changed; the original was used")
    if submitted and lost:
        some = f"{len(lost)} cells were missing and were" if len(lost) > 1 else "a cell was missing and was"
        submission.remarks.append(f"{some} put back: {', '.join(lost[:3])}{', ...' * (len(lost) > 3)}")
    made.cells = [*added.get("", []), *(c for cell in made.cells for c in [cell, *added.get(cell.id, [])])]
    for number, cell in enumerate(made.cells):
        cell["id"] = grading(cell).get("grade_id", f"cell-{number}")
    return made


def _plain(cell: NotebookNode) -> str:
    """The text of a cell without the targets of its links, in which the editions differ."""
    return re.sub(r"\]\([^)]*\)", "]()", cell.source.strip())


def _answer(place: NotebookNode, cell: NotebookNode) -> None:
    place.source = cell.source
    if place.cell_type == "markdown" and "attachments" in cell:
        place["attachments"] = cell["attachments"]


def _is_text_answer(place: NotebookNode) -> bool:
    return bool(place.cell_type == "markdown" and grading(place).get("solution"))


def _joined(cells: list[NotebookNode]) -> NotebookNode:
    """One text cell of several."""
    made = new_markdown_cell("\n\n".join(cell.source for cell in cells))
    if attached := {name: data for cell in cells for name, data in cell.get("attachments", {}).items()}:
        made["attachments"] = attached
    return made


def _answers(cell: NotebookNode, place: NotebookNode) -> bool:
    """Whether a cell that lost its metadata defines what this place asks for."""
    if cell.cell_type != "code" or place.cell_type != "code":
        return False
    wanted, given = (set(re.findall(r"^(?:def |class )?(\w+)(?= *[=(:])", c.source, re.M)) for c in (place, cell))
    return bool(wanted) and wanted <= given


def _text(cell: NotebookNode, place: NotebookNode) -> bool:
    return cell.cell_type == place.cell_type == "markdown"


def put(notebook: NotebookNode, submission: Submission, course: Path) -> None:
    """Write the submission where nbgrader will read it; what was handed in stays as it is, elsewhere."""
    folder = course / RESTORED / submission.key / submission.assignment
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{submission.assignment}.ipynb")
    for name, content in received(submission).items():
        (folder / name).write_bytes(content)


def received(submission: Submission) -> dict[str, bytes]:
    """What nbgrader's exchange puts beside a notebook that it collects: when it came, and where feedback goes."""
    files = {name: submission.path.parent / name for name in ("submission_secret.txt", "timestamp.txt")}
    try:
        parse(files["timestamp.txt"].read_text("utf-8"))  # nbgrader would stumble over any other
        return {name: path.read_bytes() for name, path in files.items()}
    except (OSError, ValueError, OverflowError):
        return {}
