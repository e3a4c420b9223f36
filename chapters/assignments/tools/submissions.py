"""What students hand in, put into the form that nbgrader wants.

A submission may be anything. What comes out is always the notebook that was handed out, cell by cell, with the
student's answers in the places for answers, and what the student added where it was added.
"""

import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import jupytext
import nbformat
import yaml
from assignments.tools.editions import grading
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

NOTEBOOKS = (".ipynb", ".md")
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


def find(folder: Path, assignments: list[str], only: str | None, scratch: Path) -> tuple[list[Submission], list[str]]:
    """The submissions in a folder, the newest of each student; and what was left aside, with the reason.

    A student is a folder (or a zip) with the notebook somewhere in it, or a single file whose name is the student's
    and the assignment's. The assignment is read off the file's name, or is `only`.
    """
    found: dict[tuple[str, str], Submission] = {}
    aside = []
    names = _gradescope(folder)
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name == "submission_metadata.yml":
            continue
        for student, path in _files(entry, names, scratch):
            named = [name for name in assignments if name in path.name]
            assignment = named[0] if named else only
            if path.suffix not in NOTEBOOKS or assignment is None or (only and assignment != only):
                if path.suffix in NOTEBOOKS:
                    aside.append(f"{path.relative_to(folder) if path.is_relative_to(folder) else path.name}")
                continue
            if student is None:  # a file of its own
                student = re.sub(r"[\s_.-]+$|^[\s_.-]+", "", path.stem.replace(assignment, "")) or path.stem
            new = Submission(student, assignment, path)
            old = found.get((new.key, assignment))
            if old is not None:
                new = max(old, new, key=lambda s: s.path.stat().st_mtime)
                new.remarks = ["several files, the newest is marked"]
            found[new.key, assignment] = new
    return list(found.values()), aside


def _files(entry: Path, names: dict[str, str], scratch: Path) -> Iterator[tuple[str | None, Path]]:
    if entry.suffix == ".zip":
        unpacked = scratch / entry.stem
        try:
            _unpack(entry, unpacked)
        except (zipfile.BadZipFile, OSError, RuntimeError):
            return
        entry = unpacked
    if entry.is_dir():
        student = names.get(entry.name, entry.name)
        for path in sorted(entry.rglob("*")):
            hidden = any(part.startswith((".", "__MACOSX")) for part in path.relative_to(entry).parts)
            if path.is_file() and not path.is_symlink() and not hidden:
                yield student, path
    elif entry.is_file():
        yield None, entry


def _unpack(packed: Path, folder: Path) -> None:
    """Unpack a zip; its names cannot lead out of the folder (zipfile sees to it), nor its size fill the disk."""
    with zipfile.ZipFile(packed) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > 10 * LARGEST:
            raise OSError("too large")
        archive.extractall(folder)


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
    lost = [key for key, place in places.items() if key not in answered]
    if changed:
        submission.remarks.append("a locked cell was changed; the original was used")
    if submitted and lost:
        submission.remarks.append(f"{len(lost)} cells were missing and were put back, {lost[0]} the first")
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
