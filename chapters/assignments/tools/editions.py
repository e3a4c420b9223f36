"""The editions of an assignment, all from its one source, a MyST notebook in `chapters/assignments/`.

The student edition is what `nbgrader generate_assignment` makes of it (a test compares the two); it is made here
without nbgrader, so that the book can be built and Binder be started without it.
"""

import re
import shutil
import zipfile
from copy import deepcopy
from pathlib import Path

import jupytext
import nbformat
import yaml
from nbformat import NotebookNode

CHAPTERS = Path(__file__).parents[2]
ROOT = CHAPTERS.parent
HOME = CHAPTERS / "assignments"
STUDENT = HOME / "student"

CODE_STUB = "raise NotImplementedError  # your lines here"
TEXT_STUB = "*Your answer here.*"


def sources() -> list[Path]:
    """The assignments in order: `1-foundations.md`, ..."""
    return sorted(HOME.glob("[0-9]-*.md"))


def read(source: Path, cohort: int | None = None) -> NotebookNode:
    """The source as a notebook, for this cohort (none: the one that it names)."""
    notebook = jupytext.read(source, fmt="md:myst")
    notebook.metadata.pop("jupytext", None)
    notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    for number, cell in enumerate(notebook.cells):
        flags = grading(cell)
        cell["id"] = flags.get("grade_id", f"cell-{number}")
        if cell.cell_type == "code" and (flags.get("solution") or flags.get("grade")):
            # "Run all cells" goes on after a question that is not done, and shows what every check says.
            cell.metadata["tags"] = ["raises-exception"]
    if cohort is not None:
        cells = [cell for cell in notebook.cells if re.match(r"cohort = \d+$", cell.source, re.M)]
        if len(cells) != 1:
            raise ValueError(f"{source.name}: one cell must begin with `cohort = ...`, found {len(cells)}")
        cells[0].source = re.sub(r"\d+", str(int(cohort)), cells[0].source, count=1)
    return notebook


def grading(cell: NotebookNode) -> dict:
    """The cell's nbgrader metadata; empty where it has none."""
    return cell.metadata.get("nbgrader", {})


def question(grade_id: str) -> str:
    """The question that a cell belongs to: `q2-curvature-check` to q2; the empty text for set-up cells."""
    found = re.match(r"q\d+", grade_id)
    return found[0] if found else ""


# --- the student edition -------------------------------------------------------------------------


def student(notebook: NotebookNode) -> NotebookNode:
    """The notebook without solutions and hidden tests; what is not to be edited is locked."""
    made = deepcopy(notebook)
    for cell in made.cells:
        flags = grading(cell)
        stub = CODE_STUB if cell.cell_type == "code" else TEXT_STUB
        source = cut(cell.source, "SOLUTION", stub)
        if flags.get("solution") and source == cell.source:
            raise ValueError(f"{flags['grade_id']}: a solution cell without ### BEGIN SOLUTION")
        if source != cell.source and not flags.get("solution"):
            raise ValueError(f"a solution in a cell whose metadata do not say solution: true:\n{cell.source}")
        cell.source = cut(source, "HIDDEN TESTS")
        if flags.get("grade") or flags.get("solution") or flags.get("locked"):
            cell.metadata["deletable"] = False
        if not flags.get("solution") and (flags.get("grade") or flags.get("locked")):
            cell.metadata["editable"] = False
    return made


def cut(source: str, region: str, stub: str | None = None) -> str:
    """The text with a stub, or nothing, in place of each region between `BEGIN ...` and `END ...`."""
    kept, inside = [], False
    for line in source.split("\n"):
        if f"BEGIN {region}" in line:
            inside = True
            if stub is not None:
                kept.append(line[: len(line) - len(line.lstrip())] + stub)
        elif f"END {region}" in line:
            inside = False
        elif not inside:
            kept.append(line)
    if inside:
        raise ValueError(f"no END {region} in the cell\n{source}")
    return "\n".join(kept)


def solutions(notebook: NotebookNode) -> dict[str, str]:
    """What the student edition leaves out, by grade_id."""
    found = {}
    for cell in notebook.cells:
        hidden = re.findall(r"BEGIN (SOLUTION|HIDDEN TESTS)[^\n]*\n(.*?)\n[^\n]*END \1", cell.source, re.S)
        if hidden:
            found[grading(cell)["grade_id"]] = "\n".join(text for _, text in hidden)
    return found


# --- where links lead ----------------------------------------------------------------------------


def with_links(notebook: NotebookNode, where: str) -> NotebookNode:
    """The notebook with its links to chapters, `../name.md` in the source, put right for another folder."""
    made = deepcopy(notebook)
    for cell in made.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\]\(\.\./([\w/-]+\.md)", rf"]({where}\1", cell.source)
    return made


def chapters_on_the_web() -> str:
    repository = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]
    return f"{repository['url']}/blob/{repository['branch']}/chapters/"


# --- files ---------------------------------------------------------------------------------------


def write(notebook: NotebookNode, path: Path) -> None:
    """Write the notebook as .ipynb or as MyST, as the name says. What has not changed is left alone."""
    text = jupytext.writes(notebook, fmt="md:myst") if path.suffix == ".md" else nbformat.writes(notebook) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")


def add_support(folder: Path, *, optlib: bool) -> None:
    """What a notebook needs beside it: checks, data and, where it is not installed, optlib."""
    leave = shutil.ignore_patterns("__pycache__", "*.pyc")
    folder.mkdir(parents=True, exist_ok=True)
    for origin, name in ((HOME / "checks", "checks"), (CHAPTERS / "data", "data"), (ROOT / "optlib", "optlib")):
        if optlib or name != "optlib":
            shutil.rmtree(folder / name, ignore_errors=True)
            shutil.copytree(origin, folder / name, ignore=leave)
    (folder / "exercises").mkdir(exist_ok=True)
    shutil.copy(CHAPTERS / "exercises" / "verdicts.py", folder / "exercises")


def archive(folder: Path, path: Path) -> None:
    """A zip of the folder, the same bytes for the same files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
            entry = zipfile.ZipInfo(f"{folder.name}/{file.relative_to(folder)}", (2026, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            packed.writestr(entry, file.read_bytes())


def student_folder(source: Path, folder: Path, cohort: int | None = None) -> Path:
    """A folder that a student can work in anywhere: the notebook, as .ipynb and as MyST, and all that it needs."""
    notebook = with_links(student(read(source, cohort)), chapters_on_the_web())
    target = folder / source.stem
    add_support(target, optlib=True)
    for suffix in (".ipynb", ".md"):
        write(notebook, target / (source.stem + suffix))
    archive(target, folder / f"{source.stem}.zip")
    return target


def student_pages(cohort: int | None = None) -> None:
    """The student editions within the repository: pages of the book, what Binder opens, what the site offers."""
    scratch = STUDENT / ".folders"  # hidden from Sphinx and from JupyterLab's file list
    for source in sources():
        write(with_links(student(read(source, cohort)), "../../"), STUDENT / f"{source.stem}.ipynb")
        folder = student_folder(source, scratch, cohort)
        shutil.copy(folder.parent / f"{source.stem}.zip", STUDENT)
    add_support(STUDENT, optlib=False)
    shutil.rmtree(scratch, ignore_errors=True)
    stems = {source.stem for source in sources()}
    for stale in [*STUDENT.glob("*.ipynb"), *STUDENT.glob("*.zip")]:
        if stale.stem not in stems:
            stale.unlink()
