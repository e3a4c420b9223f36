"""The commands as an instructor gives them: make the course, hand out, collect ten submissions, grade, export.

nbgrader lives in an environment of its own, .venv-course, which `make test` sets up beforehand.
"""

import contextlib
import csv
import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import jupytext
import nbformat
import psutil
import pytest
from assignments.tools import editions, submissions
from assignments.tools.submissions import Submission
from browser import missing
from coursework.running import NAMES, SOURCES, grade_id
from nbformat import NotebookNode

ROOT = editions.ROOT
ENVIRONMENT = ROOT / ".venv-course"
pytestmark = pytest.mark.xdist_group("course")


SCRATCH = (
    Path(tempfile.gettempdir()) / f"coursework-{os.getpid()}"
)  # where the commands put what is to be gone afterwards


@pytest.fixture(scope="module", autouse=True)
def scratch() -> Iterator[None]:
    SCRATCH.mkdir(exist_ok=True)
    yield
    shutil.rmtree(SCRATCH, ignore_errors=True)


def make(*arguments: str) -> str:
    """Run `make` with the environment as it is; what it prints."""
    if not (ENVIRONMENT / "bin" / "python").exists():
        missing(".venv-course is not there; `make assignments` sets it up")
    command = ["make", "--silent", "--old-file=.venv-course/.ready", *arguments]
    variables = {**os.environ, "TMPDIR": str(SCRATCH)}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make assignments` writes."""
    folder = tmp_path_factory.mktemp("coursework")
    make("assignments", f"COURSEWORK={folder}")
    return folder


# --- editions ------------------------------------------------------------------------------------


def compared(notebook: NotebookNode) -> list[tuple]:
    """What has to agree: type, text, and what nbgrader and the notebook's reader do with the cell."""
    return [
        (
            cell.cell_type,
            cell.source,
            {k: v for k, v in editions.grading(cell).items() if k not in ("checksum", "cell_type")},
            cell.metadata.get("deletable", True),
            cell.metadata.get("editable", True),
            cell.metadata.get("tags", []),
        )
        for cell in notebook.cells
    ]


@pytest.mark.parametrize("name", NAMES)
def test_nbgrader_makes_the_same_student_edition(out: Path, name: str) -> None:
    release = nbformat.read(out / f"course/release/{name}/{name}.ipynb", as_version=4)
    ours = nbformat.read(out / f"student/{name}/{name}.ipynb", as_version=4)
    myst = jupytext.read(out / f"student/{name}/{name}.md")
    assert compared(ours) == compared(release)
    assert [cell[:3] for cell in compared(myst)] == [cell[:3] for cell in compared(release)]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_handed_out_runs_by_itself(out: Path, name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(out / "student" / f"{name}.zip") as packed:
        packed.extractall(tmp_path)
    notebook = nbformat.read(tmp_path / name / f"{name}.ipynb", as_version=4)
    setup = "\n".join(c.source for c in notebook.cells if c.cell_type == "code" and not editions.question(grade_id(c)))
    program = f"{setup}\nimport checks; print(ol.__file__, checks.__file__)"
    variables = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [ENVIRONMENT / "bin/python", "-c", program], cwd=tmp_path / name, env=variables, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-2:] == [str(tmp_path / name / f) for f in ("optlib/__init__.py", "checks/__init__.py")]


@pytest.mark.parametrize("source", SOURCES, ids=NAMES)
def test_the_instructors_edition_is_the_source(out: Path, source: Path) -> None:
    whole = nbformat.read(out / f"instructor/{source.stem}/{source.stem}.ipynb", as_version=4)
    wanted = editions.with_links(editions.read(source), editions.chapters_on_the_web())
    assert compared(whole) == compared(wanted)


# --- ten submissions, some of them hostile -------------------------------------------------------

LIMITS = ("CELL_SECONDS=15", "TOTAL_SECONDS=240")  # a busy machine needs some seconds for an honest cell
SOURCE = SOURCES[0]
NAME = SOURCE.stem
WHOLE = editions.with_links(editions.read(SOURCE), "elsewhere/")  # links differ between editions
EMPTY = editions.student(WHOLE)
POINTS = {grade_id(c): editions.grading(c)["points"] for c in WHOLE.cells if editions.grading(c).get("grade")}
AUTO = {grade_id(c): p for c in WHOLE.cells if c.cell_type == "code" and (p := POINTS.get(grade_id(c)))}
QUESTIONS = sorted({editions.question(check) for check in AUTO})


def answers(number: int) -> list[str]:
    """The answer cells of a question."""
    return [
        grade_id(c)
        for c in WHOLE.cells
        if c.cell_type == "code"
        and editions.grading(c).get("solution")
        and editions.question(grade_id(c)) == QUESTIONS[number]
    ]


def edited(notebook: NotebookNode, **texts: str) -> NotebookNode:
    """The notebook with other text in some cells."""
    made = deepcopy(notebook)
    for cell in made.cells:
        cell.source = texts.get(grade_id(cell), cell.source)
    return made


def text_of(name: str) -> str:
    return next(cell.source for cell in WHOLE.cells if grade_id(cell) == name)


def hand_in(folder: Path) -> None:
    """Ten students, and one more."""

    def save(student: str, notebook: NotebookNode, suffix: str = ".ipynb") -> None:
        editions.write(notebook, folder / student / f"{NAME}{suffix}")

    first, second, third, fourth, last = (answers(i)[0] for i in (0, 1, 2, 3, len(QUESTIONS) - 1))
    check = next(name for name in AUTO if editions.question(name) == QUESTIONS[0])
    half = deepcopy(EMPTY)
    for cell, solved in zip(half.cells, WHOLE.cells, strict=True):
        if editions.question(grade_id(cell)) in QUESTIONS[:2]:
            cell.source = solved.source
    save("Ada Perfect", WHOLE)
    save("untouched", EMPTY)
    save("half", half)
    stubborn = (
        "while True:\n    try:\n        while True:\n            pass\n    except KeyboardInterrupt:\n        pass"
    )
    save("endless", edited(WHOLE, **{second: stubborn}))
    save("exits", edited(WHOLE, **{third: "import os\nos._exit(0)"}))
    save("leaves", edited(WHOLE, **{third: "exit()"}))  # its kernel ends only when the cell is done
    save("loud", edited(WHOLE, **{fourth: text_of(fourth) + "\nfor _ in range(100):\n    print('x' * 1_000_000)"}))
    cheat = {
        first: "import checks.foundations as c\nfor name in dir(c):\n    setattr(c, name, print)",
        check: "print('passed')",
    }
    save("cheats", edited(WHOLE, **cheat))
    save("imports", edited(WHOLE, **{last: "import not_there"}))
    (folder / "broken").mkdir()
    (folder / "broken" / f"{NAME}.ipynb").write_text(nbformat.writes(WHOLE)[:4000], "utf-8")
    save("myst", WHOLE, ".md")
    # what the exchange of a JupyterHub puts beside a notebook, once as it should be and once not
    for student, came in (("half", "2026-01-31 12:00:00.0 UTC"), ("imports", "yesterday")):
        (folder / student / "timestamp.txt").write_text(came)
        (folder / student / "submission_secret.txt").write_text("secret")
    for other in SOURCES[1:]:  # nbgrader gives the solution of each assignment all points
        editions.write(editions.read(other), folder / "Ada Perfect" / f"{other.stem}.ipynb")


@pytest.fixture(scope="module")
def graded(out: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    folder = tmp_path_factory.mktemp("submissions")
    hand_in(folder)
    printed = make("grade", f"SUBMISSIONS={folder}", f"COURSEWORK={out}", *LIMITS)
    return out, folder, printed


def rows(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def earned(row: dict[str, str]) -> dict[str, float]:
    """Automatic points of each question."""
    return {key.split()[0]: float(value) for key, value in row.items() if key[0] == "q"}


def most(*without: str) -> dict[str, float]:
    """All automatic points of each question, but for these questions."""
    return {
        q: 0.0 if q in without else float(sum(p for name, p in AUTO.items() if editions.question(name) == q))
        for q in QUESTIONS
    }


def test_each_submission_gets_what_it_earned(graded: tuple[Path, Path, str]) -> None:
    found = rows(graded[0] / "marks" / f"{NAME}.csv")
    expected = {
        "Ada Perfect": most(),
        "myst": most(),
        "loud": most(),
        "untouched": most(*QUESTIONS),
        "broken": most(*QUESTIONS),
        "half": most(*QUESTIONS[2:]),
        "endless": most(QUESTIONS[1]),
        "exits": most(QUESTIONS[2]),
        "leaves": most(QUESTIONS[2]),
        "cheats": most(QUESTIONS[0]),
    }
    assert {student: earned(found[student]) for student in expected} == expected
    lost = next(cell for cell in answers(len(QUESTIONS) - 1))
    imports, whole = earned(found["imports"]), most()
    assert {q: imports[q] for q in QUESTIONS[:-1]} == {q: whole[q] for q in QUESTIONS[:-1]}
    assert imports[QUESTIONS[-1]] < whole[QUESTIONS[-1]], lost
    assert len(found) == 11


@pytest.mark.parametrize("name", NAMES)
def test_nbgrader_gives_the_reference_solution_every_point(graded: tuple[Path, Path, str], name: str) -> None:
    row = rows(graded[0] / "marks" / f"{name}.csv")["Ada Perfect"]
    (points,) = (value for key, value in row.items() if key == f"automatic ({value})")
    assert float(points) >= 60


def test_what_happened_stands_beside_the_marks(graded: tuple[Path, Path, str]) -> None:
    remarks = {student: row["remarks"] for student, row in rows(graded[0] / "marks" / f"{NAME}.csv").items()}
    assert "the cell was stopped after 15 s" in remarks["endless"]
    assert "the kernel died in this cell" in remarks["exits"]
    assert "a locked cell was changed" in remarks["cheats"]
    assert "no valid JSON" in remarks["broken"]
    assert all(remarks[student] == "" for student in ("Ada Perfect", "untouched", "half", "loud", "myst"))


def test_written_answers_wait_for_a_person(graded: tuple[Path, Path, str]) -> None:
    found = rows(graded[0] / "marks" / f"{NAME}.csv")
    by_hand = sum(POINTS.values()) - sum(AUTO.values())
    assert float(found["Ada Perfect"]["written, still to mark"]) == by_hand
    assert float(found["untouched"]["written, still to mark"]) == 0


def test_every_student_gets_a_page_that_says_why(graded: tuple[Path, Path, str]) -> None:
    pages = {path.parent.name: path.read_text("utf-8") for path in (graded[0] / "marks/feedback").rglob("*.html")}
    assert len(pages) == 11
    assert "not done yet" in pages["untouched"]
    assert "not done yet" not in pages["Ada-Perfect"]
    assert "the cell was stopped after 15 s" in pages["endless"]
    assert "the rest of the output was left out" in pages["loud"]
    assert "<li>the file could not be read: it is no valid JSON" in pages["broken"]
    assert "<li>derivations for 30 points are still to be marked" in pages["Ada-Perfect"]
    assert "still to be marked" not in pages["untouched"]
    assert max(map(len, pages.values())) < 3_000_000


def test_nbgrader_can_give_the_pages_back_through_its_exchange(graded: tuple[Path, Path, str], tmp_path: Path) -> None:
    course = graded[0] / "course"
    command = ["nbgrader", "release_feedback", NAME, "--student=half", f"--Exchange.root={tmp_path}"]
    variables = {**os.environ, "PATH": f"{ENVIRONMENT / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=course, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (released,) = (tmp_path / "optimization" / "feedback").glob("*.html")
    assert released.read_bytes() == (graded[0] / "marks/feedback/half" / f"{NAME}.html").read_bytes()
    assert [path.name for path in (graded[0] / "marks/feedback/half").iterdir()] == [f"{NAME}.html"]


def test_points_for_written_answers_are_entered_in_a_sheet(graded: tuple[Path, Path, str]) -> None:
    out, folder, _ = graded
    sheet = out / "marks" / f"{NAME}-written.csv"
    with sheet.open(newline="", encoding="utf-8-sig") as file:
        lines = list(csv.DictReader(file))
    assert all(line["answer"].startswith("v") for line in lines), "50e30171 would come back as a number"
    for line in lines:
        if line["student"] == "Ada Perfect":
            line |= {"points": line["of"].replace("6", "6,0"), "comment": "well reasoned, très bien"}
    lines.append(dict(lines[0], student="Zoë Elsewhere", points="3", comment=""))
    with sheet.open("w", newline="", encoding="cp1252") as file:  # as a spreadsheet program saves it in half of Europe
        table = csv.DictWriter(file, list(lines[0]), delimiter=";")
        table.writeheader()
        table.writerows(lines)
    before = (out / "course/autograded/half" / NAME / f"{NAME}.ipynb").stat().st_mtime_ns
    make("grade", f"SUBMISSIONS={folder}", f"COURSEWORK={out}", *LIMITS)
    assert (out / "course/autograded/half" / NAME / f"{NAME}.ipynb").stat().st_mtime_ns == before, (
        "graded once is enough"
    )
    found = rows(out / "marks" / f"{NAME}.csv")
    assert float(found["Ada Perfect"]["total (100)"]) == 100
    assert float(found["Ada Perfect"]["written, still to mark"]) == 0
    assert float(found["half"]["written (30)"]) == 0
    page = (out / "marks/feedback/Ada-Perfect" / f"{NAME}.html").read_text("utf-8")
    assert "well reasoned, très bien" in page
    assert "Zoë Elsewhere" in rows(sheet), "points that were given are never thrown away"
    assert "still to be marked" not in page


def test_no_process_and_no_file_is_left_behind(graded: tuple[Path, Path, str]) -> None:
    # What the kernels of the submissions wrote went into folders that are gone, and the kernels with them.
    assert list(SCRATCH.iterdir()) == []
    folders = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            folders.append(process.cwd())
    assert folders
    assert [folder for folder in folders if folder.startswith(str(SCRATCH))] == []
    size = sum(path.stat().st_size for path in (graded[0] / "marks").rglob("*") if path.is_file())
    assert size < 30_000_000


# --- what is read, and how -----------------------------------------------------------------------


def place(folder: Path, path: str, notebook: NotebookNode = EMPTY) -> None:
    editions.write(notebook, folder / path)


OTHER = SOURCES[1].stem
HANDED_OUT = {NAME: EMPTY, OTHER: editions.student(editions.read(SOURCES[1]))}


def looked_through(folder: Path, scratch: Path, only: str | None = None) -> tuple[dict[str, Submission], list[str]]:
    scratch.mkdir(exist_ok=True)
    listed, aside = submissions.find(folder, HANDED_OUT, only, scratch)
    return {submission.student: submission for submission in listed}, aside


def found(folder: Path, scratch: Path, only: str | None = None) -> dict[str, Submission]:
    return looked_through(folder, scratch, only)[0]


def test_submissions_are_found_in_folders_files_and_archives(tmp_path: Path) -> None:
    folder, scratch = tmp_path / "in", tmp_path / "scratch"
    bare = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("My report")])
    place(folder, f"ada/{NAME}.ipynb")
    place(folder, f"ben/work/{NAME} (1).ipynb")
    place(folder, f"cem_{NAME}.md")
    place(folder, f"kim_{NAME} (2).ipynb")
    place(folder, f"lea_{NAME}-1.ipynb")
    place(folder, "submission_7/report.ipynb", bare)
    place(folder, f"submission_8/{NAME}.ipynb")
    place(tmp_path / "zip", f"dia/{NAME}.ipynb")
    shutil.make_archive(str(folder / f"dia_{NAME}"), "zip", tmp_path / "zip")
    (folder / "fay").mkdir()
    shutil.make_archive(str(folder / "fay" / "work"), "zip", tmp_path / "zip")
    (folder / "submission_metadata.yml").write_text("submission_8:\n  :submitters:\n  - :name: Eve E.\n", "utf-8")
    assert set(found(folder, scratch)) == {"ada", "ben", "cem", "dia", "Eve E.", "fay", "kim", "lea"}
    only = found(folder, scratch, NAME)
    assert only["submission_7"].path.name == "report.ipynb"
    assert found(folder, scratch, OTHER).keys() & {"ada", "ben"} == set()


def test_a_file_that_was_renamed_is_known_by_its_checks(tmp_path: Path) -> None:
    place(tmp_path / "in", "ada/my homework.ipynb")
    place(tmp_path / "in", "ben/homework.md", HANDED_OUT[OTHER])
    assert {s.student: s.assignment for s in found(tmp_path / "in", tmp_path / "scratch").values()} == {
        "ada": NAME,
        "ben": OTHER,
    }


def test_another_assignment_under_the_name_of_this_one_is_remarked(tmp_path: Path) -> None:
    place(tmp_path / "in", f"ada/{NAME}.ipynb", HANDED_OUT[OTHER])
    assert found(tmp_path / "in", tmp_path / "scratch")["ada"].remarks == [f"its cells are those of {OTHER}"]


def test_what_cannot_be_marked_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    place(folder, f"ada/{NAME}.ipynb")
    (folder / "ada" / "data").mkdir()
    (folder / "ada" / "data" / "README.md").write_text("handed out beside the notebook")
    (folder / "no.zip").write_bytes(b"nothing")
    shutil.make_archive(str(folder / "damaged"), "zip", folder / "ada")
    packed = bytearray((folder / "damaged.zip").read_bytes())
    packed[200:1200] = bytes(1000)
    (folder / "damaged.zip").write_bytes(packed)
    (folder / "pia").mkdir()
    (folder / "pia" / f"{NAME}.pdf").write_bytes(b"%PDF")
    listed, aside = looked_through(folder, tmp_path / "scratch", NAME)
    assert set(listed) == {"ada"}
    assert listed["ada"].remarks == []
    assert {line.partition(":")[0] for line in aside} == {"no.zip", "damaged.zip", "pia"}


def test_the_newest_of_several_files_counts(tmp_path: Path) -> None:
    for number, name in enumerate((f"{NAME}.ipynb", f"{NAME}-2.ipynb")):
        place(tmp_path / "in", f"ada/{name}", WHOLE)
        os.utime(tmp_path / "in" / "ada" / name, (1000 + number, 1000 + number))
    ada = found(tmp_path / "in", tmp_path / "scratch")["ada"]
    assert ada.path.name == f"{NAME}-2.ipynb"
    assert ada.remarks == [f"of 2 files the newest is marked, {NAME}-2.ipynb"]


@pytest.mark.parametrize("packed", [False, True])
def test_the_untouched_copy_beside_the_answers_does_not_count(tmp_path: Path, packed: bool) -> None:
    # The archive that is handed out holds the notebook twice, and a student works in one of them.
    folder = tmp_path / "in"
    folder.mkdir()
    work = tmp_path if packed else folder
    place(work, f"ada/{NAME}.ipynb", WHOLE)
    place(work, f"ada/{NAME}.md", EMPTY)
    os.utime(work / "ada" / f"{NAME}.ipynb", (1_700_000_000, 1_700_000_000))
    if packed:
        shutil.make_archive(str(folder / "ada"), "zip", tmp_path / "ada")
    ada = found(folder, tmp_path / "scratch")["ada"]
    assert (ada.path.suffix, ada.remarks) == (".ipynb", [])


def test_times_survive_in_archives(tmp_path: Path) -> None:
    for suffix, time in ((".ipynb", 1_700_000_000), (".md", 1_600_000_000)):
        place(tmp_path, f"ada/{NAME}{suffix}", WHOLE)
        os.utime(tmp_path / "ada" / f"{NAME}{suffix}", (time, time))
    (tmp_path / "in").mkdir()
    shutil.make_archive(str(tmp_path / "in" / "ada"), "zip", tmp_path / "ada")
    assert found(tmp_path / "in", tmp_path / "scratch")["ada"].path.suffix == ".ipynb"


def put_together(cells: list[NotebookNode]) -> tuple[NotebookNode, list[str]]:
    submission = Submission("ada", NAME, Path("none"))
    return submissions.assemble(cells, EMPTY, submission), submission.remarks


def answered(notebook: NotebookNode) -> dict[str, str]:
    return {grade_id(c): c.source for c in notebook.cells if editions.grading(c).get("solution")}


def test_answers_find_their_places_without_metadata_and_without_locked_cells() -> None:
    cells = [deepcopy(cell) for cell in WHOLE.cells if not editions.grading(cell) or editions.grading(cell)["solution"]]
    for cell in cells:
        cell.metadata = NotebookNode()
    made, remarks = put_together(cells)
    assert answered(made) == answered(WHOLE)
    assert compared(made) == compared(edited(EMPTY, **answered(WHOLE)))
    assert "were put back" in remarks[0]


def test_locked_cells_and_points_are_those_that_were_handed_out() -> None:
    cells = deepcopy(WHOLE.cells)
    for cell in cells:
        flags = editions.grading(cell)
        if flags.get("grade"):
            flags["points"] = 1000
        if flags.get("locked"):
            cell.source = "cohort = 1" if grade_id(cell) == "cohort" else "pass"
    made, remarks = put_together(cells)
    assert compared(made) == compared(edited(EMPTY, **answered(WHOLE)))
    assert remarks == ["a locked cell was changed; the original was used"]


def test_what_a_student_adds_stays_where_it_was_added() -> None:
    cells = deepcopy(EMPTY.cells)
    name = answers(0)[0]
    where = next(i for i, cell in enumerate(cells) if grade_id(cell) == name)
    cells.insert(where, nbformat.v4.new_code_cell("helper = 1"))
    made, remarks = put_together(cells)
    assert [cell.source for cell in made.cells] == [cell.source for cell in cells]
    assert remarks == []


WRITTEN = next(c for c in EMPTY.cells if editions.grading(c).get("grade") and c.cell_type == "markdown")


@pytest.mark.parametrize("where", [0, 1], ids=["above", "below"])
@pytest.mark.parametrize("copied", [False, True], ids=["a new cell", "a copy of the cell"])
def test_a_derivation_beside_its_place_is_taken_for_the_answer(where: int, copied: bool) -> None:
    cells = deepcopy(EMPTY.cells)
    index = next(i for i, cell in enumerate(cells) if grade_id(cell) == grade_id(WRITTEN))
    added = nbformat.v4.new_markdown_cell("By Taylor, ![](attachment:p.png)", attachments={"p.png": {"image/png": "A"}})
    if copied:
        added.metadata = deepcopy(cells[index].metadata)
    cells.insert(index + where, added)
    made, _ = put_together(cells)
    kept = next(c for c in made.cells if grade_id(c) == grade_id(WRITTEN))
    assert kept.source == added.source
    assert kept["attachments"] == added["attachments"]
    assert [cell.source for cell in made.cells].count(added.source) == 1


def test_a_text_beside_an_answer_that_is_there_stays_a_text_of_its_own() -> None:
    cells = edited(EMPTY, **{grade_id(WRITTEN): "An answer."}).cells
    index = next(i for i, cell in enumerate(cells) if grade_id(cell) == grade_id(WRITTEN))
    cells.insert(index + 1, nbformat.v4.new_markdown_cell("More of it."))
    made, _ = put_together(cells)
    assert [cell.source for cell in made.cells] == [cell.source for cell in cells]


def test_a_photograph_of_a_derivation_comes_along(tmp_path: Path) -> None:
    notebook = deepcopy(EMPTY)
    written = next(c for c in notebook.cells if editions.grading(c).get("solution") and c.cell_type == "markdown")
    written.source, written["attachments"] = "![](attachment:p.png)", {"p.png": {"image/png": "AAAA"}}
    place(tmp_path / "in", f"ada/{NAME}.ipynb", notebook)
    submission = found(tmp_path / "in", tmp_path / "scratch")["ada"]
    made, _ = put_together(submissions.read(submission))
    kept = next(c for c in made.cells if grade_id(c) == grade_id(written))
    assert kept["attachments"] == written["attachments"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"cells": 3}', '{"cells": [7]}', '{"cells": [{"source": 3}]}', "\0\0", '{"cells": ' * 3000],
)
def test_a_file_that_is_no_notebook_is_an_empty_submission(tmp_path: Path, text: str) -> None:
    path = tmp_path / "in" / "ada" / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    submission = found(tmp_path / "in", tmp_path / "scratch")["ada"]
    made, _ = put_together(submissions.read(submission))
    assert answered(made) == answered(EMPTY)
    assert json.loads(nbformat.writes(made))["nbformat"] == 4
