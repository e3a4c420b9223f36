"""Marking a folder of submissions: nbgrader does the grading and keeps the gradebook, one process a submission."""

import csv
import hashlib
import multiprocessing
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import nbformat
import psutil
from assignments.tools import course as courses
from assignments.tools import submissions
from assignments.tools.editions import grading, question
from assignments.tools.execution import RunCells
from assignments.tools.submissions import Submission
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.preprocessors import Execute
from traitlets.config import Config

WRITTEN = ["student", "cell", "of", "points", "comment", "answer"]


@dataclass(frozen=True)
class Limits:
    cell_seconds: float = 60
    seconds: float = 900


def grade(folder: Path, out: Path, only: str | None, limits: Limits) -> int:
    """Mark what is in the folder; marks and feedback go to `marks/`. Gives the number of failures."""
    course, marks = out / "course", out / "marks"
    if not folder.is_dir():
        raise SystemExit(f"There is no folder {courses.shown(folder)}. make grade SUBMISSIONS=folder")
    if not (course / "gradebook.db").exists():
        courses.make(out)
    assignments = sorted(path.name for path in (course / "release").iterdir() if path.is_dir())
    if only is not None and only not in assignments:
        raise SystemExit(f"There is no assignment {only}; there are {', '.join(assignments)}")
    failed = []
    with tempfile.TemporaryDirectory() as scratch:
        handed_out = {
            name: nbformat.read(course / "release" / name / f"{name}.ipynb", as_version=4) for name in assignments
        }
        found, aside = submissions.find(folder, handed_out, only, Path(scratch))
        for submission in found:
            print(f"{submission.assignment}: {submission.student} ", end="", flush=True)
            if not mark(submission, handed_out[submission.assignment], course, marks, limits):
                failed.append(submission)
            print("".join(f"[{remark}]" for remark in submission.remarks) or "marked")
    for assignment in sorted({submission.assignment for submission in found}):
        these = [submission for submission in found if submission.assignment == assignment]
        written = write_marks(assignment, these, course, marks)
        for submission in these:
            if submission not in failed:
                give_feedback(submission, course, marks, written.get(submission.student, []))
    for path in aside:
        print(f"left aside: {path}")
    print(f"{len(found)} submissions; marks and feedback: {courses.shown(marks)}")
    return len(failed)


# --- one submission ------------------------------------------------------------------------------


def mark(submission: Submission, handed_out: nbformat.NotebookNode, course: Path, marks: Path, limits: Limits) -> bool:
    """Have nbgrader grade it; whether that succeeded. What was graded before, and is as it was, is left alone."""
    notebook = submissions.assemble(submissions.read(submission), handed_out, submission)
    stamp = marks / ".graded" / submission.assignment / submission.key
    handed_in = nbformat.writes(notebook).encode() + repr(submissions.received(submission)).encode()
    state = fingerprint(handed_in, course / "source" / submission.assignment, limits)
    if stamp.exists() and stamp.read_text("utf-8").partition("\n")[0] == state:
        submission.remarks = stamp.read_text("utf-8").splitlines()[1:]
        return True
    submissions.put(notebook, submission, course)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    log = marks / ".graded" / submission.assignment / f"{submission.key}.log"
    error = apart(limits.seconds + 120, log, _autograde, submission, course, limits)
    if error:
        submission.remarks.append(f"NOT GRADED: {error}; see {courses.shown(log)}")
        return False
    stopped = stops(course / "autograded" / submission.key / submission.assignment / f"{submission.assignment}.ipynb")
    submission.remarks += stopped
    stamp.write_text("\n".join([state, *submission.remarks]), "utf-8")
    return True


def _autograde(submission: Submission, course: Path, limits: Limits) -> dict:
    more = Config()
    more.CourseDirectory.submitted_directory = submissions.RESTORED
    more.RunCells.cell_seconds, more.RunCells.seconds = limits.cell_seconds, limits.seconds
    steps = [RunCells if step is Execute else step for step in Autograde.autograde_preprocessors.default_args[0]]
    return courses.convert(
        Autograde, course, submission.assignment, submission.key, more, autograde_preprocessors=steps
    )


def fingerprint(handed_in: bytes, source: Path, limits: Limits) -> str:
    """Changes with all that a mark depends on."""
    whole = hashlib.sha256(handed_in + repr(limits).encode())
    for path in sorted(source.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            whole.update(path.read_bytes())
    return whole.hexdigest()


def stops(path: Path) -> list[str]:
    """What had to be stopped, for the remarks."""
    cells: dict[str, list[str]] = {}
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error" and output.ename == "Stopped":
                cells.setdefault(output.evalue, []).append(grading(cell).get("grade_id", "a cell of their own"))
    return [f"{', '.join(names)}: {what}" for what, names in cells.items()]


def apart(seconds: float, log: Path, task: Callable[..., dict], *arguments: Any) -> str:
    """Run the task in a process of its own that has an end; what went wrong, if anything did."""
    ours, theirs = multiprocessing.Pipe(duplex=False)

    def run() -> None:
        try:
            done = task(*arguments)
        except BaseException as error:
            done = {"success": False, "error": repr(error)}
        log.write_text(done.get("log", "") + done.get("error", ""), "utf-8")
        theirs.send(done["success"])

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    theirs.close()
    try:
        good = ours.recv() if ours.poll(seconds) else None
    except EOFError:
        good = None
    if good is None:
        with_children = [process, *psutil.Process(process.pid).children(recursive=True)] if process.is_alive() else []
        for one in with_children:
            one.kill()
    process.join()
    if good:
        return ""
    return "nbgrader failed" if good is False else "it was ended"


# --- marks and feedback --------------------------------------------------------------------------


def write_marks(assignment: str, found: list[Submission], course: Path, marks: Path) -> dict[str, list[dict]]:
    """`marks/<assignment>.csv`, after the points in `marks/<assignment>-written.csv` have been entered.

    Gives each student's lines of the sheet of written answers.
    """
    rows, written = [], []
    sheet = marks / f"{assignment}-written.csv"
    entered = read_sheet(sheet)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", course_id="optimization") as book:
        notebook = book.find_notebook(assignment, assignment)
        cells = notebook.grade_cells
        order = [grading(cell)["grade_id"] for cell in _graded(course, assignment)]
        cells = sorted(cells, key=lambda cell: order.index(cell.name))
        by_hand = {cell.name for cell in cells} & {cell.name for cell in notebook.solution_cells}
        for submission in found:
            try:
                saved = book.find_submission_notebook(assignment, assignment, submission.key)
            except MissingEntry:
                saved = None
            grades = {grade.cell.name: grade for grade in saved.grades} if saved else {}
            comments = {comment.name: comment for comment in saved.comments} if saved else {}
            answers = _digests(course, submission) if grades else {}
            for cell in cells:
                if cell.name in grades and cell.name in by_hand and grades[cell.name].auto_score is None:
                    row = entered.pop((submission.student, cell.name), {})
                    comment, answer = comments.get(cell.name), answers[cell.name]
                    written.append(_enter(submission, cell, grades[cell.name], comment, row, answer))
            rows.append(_row(submission, cells, by_hand, grades))
        book.db.commit()
    marks.mkdir(parents=True, exist_ok=True)
    others = [row for row in entered.values() if row["points"].strip()]
    if others:
        print(f"{assignment}: {len(others)} lines with points belong to nobody in the folder, and wait in {sheet.name}")
    write_table(marks / f"{assignment}.csv", list(rows[0]), rows)
    write_table(sheet, WRITTEN, [*written, *others])
    return {
        submission.student: [row for row in written if row["student"] == submission.student] for submission in found
    }


def read_sheet(sheet: Path) -> dict[tuple[str, str], dict]:
    """The lines of a sheet of written answers, as any spreadsheet program may have saved it, by student and cell."""
    if not sheet.exists():
        return {}
    content = sheet.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    header = text.partition("\n")[0].strip()
    separator = next((mark for mark in ";\t" if mark in header), ",")
    if sorted(header.replace('"', "").split(separator)) != sorted(WRITTEN):
        raise SystemExit(f"{courses.shown(sheet)}: its first line must be {','.join(WRITTEN)}")
    lines = csv.DictReader(text.splitlines(keepends=True), delimiter=separator, restval="")
    return {(row["student"], row["cell"]): {key: row[key] for key in WRITTEN} for row in lines}


def write_table(path: Path, columns: list[str], rows: list[dict]) -> None:
    """A CSV whose first bytes tell spreadsheet programs how letters beyond ASCII are written."""
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        table = csv.DictWriter(file, columns)
        table.writeheader()
        table.writerows(rows)


def _graded(course: Path, assignment: str) -> list[nbformat.NotebookNode]:
    notebook = nbformat.read(course / "source" / assignment / f"{assignment}.ipynb", as_version=4)
    return [cell for cell in notebook.cells if grading(cell).get("grade")]


def _enter(submission: Submission, cell: Any, saved: Any, comment: Any, row: dict, answer: str) -> dict:
    """Put the instructor's points into the gradebook; give the line of the sheet of written answers."""
    said = row.get("comment", "")
    if row.get("answer", answer) != answer and row.get("points"):
        said = f"(the answer has changed since {row['points']} points were given) {said}".strip()
        saved.manual_score, saved.needs_manual_grade = None, True
    elif row.get("points", "").strip():
        try:
            points = float(row["points"].replace(",", "."))
        except ValueError:
            raise SystemExit(
                f"{row['points']!r} is no number of points, for {submission.student}, {cell.name}"
            ) from None
        if not 0 <= points <= cell.max_score:
            raise SystemExit(f"{points:g} points of {cell.max_score:g}, for {submission.student}, {cell.name}")
        saved.manual_score, saved.needs_manual_grade = points, False
    if comment is not None and said:
        comment.manual_comment = said
    given = "" if saved.needs_manual_grade or saved.manual_score is None else f"{saved.manual_score:g}"
    return dict(zip(WRITTEN, [submission.student, cell.name, f"{cell.max_score:g}", given, said, answer], strict=True))


def _digests(course: Path, submission: Submission) -> dict[str, str]:
    """A mark of each answer's text, to see when it has changed; no spreadsheet program takes it for a number."""
    folder = course / "autograded" / submission.key / submission.assignment
    cells = nbformat.read(folder / f"{submission.assignment}.ipynb", as_version=4).cells
    texts = {grading(c).get("grade_id"): str(c.source) + str(c.get("attachments", "")) for c in cells}
    return {name: "v" + hashlib.sha256(text.encode()).hexdigest()[:8] for name, text in texts.items() if name}


def _row(submission: Submission, cells: list, by_hand: set[str], grades: dict) -> dict:
    """The line of a submission. Without grades its numbers are left empty."""
    points: dict[str, float] = {}
    most: dict[str, float] = {}
    automatic = written = pending = 0.0
    for cell in cells:
        key, saved = question(cell.name), grades.get(cell.name)
        most[key] = most.get(key, 0) + cell.max_score
        open_ = cell.name in by_hand and saved is not None and saved.auto_score is None and saved.needs_manual_grade
        score = 0.0 if saved is None or open_ else saved.score
        points[key] = points.get(key, 0) + score
        pending += cell.max_score if open_ else 0
        automatic += 0 if cell.name in by_hand else score
        written += score if cell.name in by_hand else 0
    total = sum(most.values())
    most_auto = sum(cell.max_score for cell in cells if cell.name not in by_hand)
    row = {"student": submission.student}
    row |= {f"{key} ({most[key]:g})": f"{points[key]:g}" for key in most}
    row |= {
        f"automatic ({most_auto:g})": f"{automatic:g}",
        f"written ({total - most_auto:g})": f"{written:g}",
        "written, still to mark": f"{pending:g}",
        f"total ({total:g})": f"{automatic + written:g}",
    }
    if not grades:
        row |= dict.fromkeys(list(row)[1:], "")
    return row | {"remarks": "; ".join(submission.remarks)}


def give_feedback(submission: Submission, course: Path, marks: Path, written: list[dict]) -> None:
    """nbgrader's page with points, messages and comments: `marks/feedback/<student>/<assignment>.html`."""
    target = marks / "feedback" / submission.key
    stamp = marks / ".graded" / submission.assignment / submission.key
    state, known = repr((stamp.read_text("utf-8"), written)), stamp.with_name(f"{stamp.name}.feedback")
    if (target / f"{submission.assignment}.html").exists() and known.exists() and known.read_text("utf-8") == state:
        return
    log = marks / ".graded" / submission.assignment / f"{submission.key}-feedback.log"
    if error := apart(120, log, _feedback, submission, course):
        print(f"no feedback page for {submission.student}: {error}; see {courses.shown(log)}")
        return
    made = course / "feedback" / submission.key / submission.assignment / f"{submission.assignment}.html"
    made.write_text(with_notes(made.read_text("utf-8"), submission, written), "utf-8")
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(made, target)
    known.write_text(state, "utf-8")


def with_notes(page: str, submission: Submission, written: list[dict]) -> str:
    """nbgrader's page, with the remarks, and how many of its points are not given yet, below the title."""
    waiting = sum(float(row["of"]) for row in written if not row["points"])
    notes = [*submission.remarks, *([f"derivations for {waiting:g} points are still to be marked"] if waiting else [])]
    if not notes:
        return page
    listed = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return page.replace('<div id="toc">', f'<ul class="notes">{listed}</ul>\n<div id="toc">', 1)


def _feedback(submission: Submission, course: Path) -> dict:
    more = Config()
    more.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", *submissions.SUPPORT]
    return courses.convert(GenerateFeedback, course, submission.assignment, submission.key, more)
