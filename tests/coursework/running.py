"""The assignments' cells, run in this process: quick, for what needs no kernel and no nbgrader."""

import contextlib
import importlib
import io
from functools import cache
from pathlib import Path
from typing import Any

from assignments.tools import editions
from nbformat import NotebookNode

SOURCES = editions.sources()
NAMES = [source.stem for source in SOURCES]


@cache
def cells(source: Path, cohort: int | None = None) -> list[NotebookNode]:
    return [cell for cell in editions.read(source, cohort).cells if cell.cell_type == "code"]


def grade_id(cell: NotebookNode) -> str:
    return editions.grading(cell).get("grade_id", "")


def is_check(cell: NotebookNode) -> bool:
    """Whether the cell gives points by itself."""
    flags = editions.grading(cell)
    return bool(flags.get("grade") and not flags.get("solution"))


def is_answer(cell: NotebookNode) -> bool:
    flags = editions.grading(cell)
    return bool(flags.get("solution") and not flags.get("grade"))


def run(source: str, names: dict[str, Any]) -> BaseException | None:
    """Execute a cell, quietly; the error that it ends with, if any."""
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            exec(compile(source, "<cell>", "exec"), names)
        except Exception as error:
            return error
    return None


def marks(notebook: NotebookNode) -> dict[str, BaseException | None]:
    """What each check says when all cells of the notebook run in order."""
    names: dict[str, Any] = {}
    said = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            error = run(cell.source, names)
            if is_check(cell):
                said[grade_id(cell)] = error
    return said


def wrong_answers(source: Path) -> dict[str, list[tuple[str, Any, str]]]:
    """`tests/coursework/wrong/<name>.py`: for each check, (what is wrong, how, fragment of the message)."""
    name = source.stem.partition("-")[2].replace("-", "_")
    try:
        return importlib.import_module(f"coursework.wrong.{name}").WRONG
    except ModuleNotFoundError:
        return {}


def answer_wrongly(source: Path, check: str, change: dict[str, str] | str) -> BaseException | None:
    """What the check says to the solution with this change: texts that are replaced, or code that is added."""
    names: dict[str, Any] = {}
    question = editions.question(check)
    used: set[str] = set()
    for cell in cells(source):
        if editions.question(grade_id(cell)) not in ("", question):
            continue
        code = cell.source
        if is_answer(cell) and isinstance(change, dict):
            for old, new in change.items():
                if old in code:
                    used.add(old)
                    code = code.replace(old, new)
        if grade_id(cell) == check:
            if isinstance(change, dict):
                assert used == set(change), f"not in the solution: {sorted(set(change) - used)}"
            else:
                error = run(change, names)
                assert error is None, f"the wrong answer does not even run: {error!r}"
            return run(code, names)
        if not is_check(cell):
            error = run(code, names)
            assert error is None, f"the wrong answer does not even run: {error!r}"
    raise AssertionError(f"there is no check {check}")
