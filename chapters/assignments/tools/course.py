"""All editions of the assignments, and the nbgrader course. Runs in the course's own environment."""

import logging
import warnings
from pathlib import Path
from typing import Any

from assignments.tools import editions
from nbgrader.converters import BaseConverter, GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import capture_log
from traitlets.config import Config

# The settings of the course, also for `nbgrader` and formgrader when they are started in its folder.
SETTINGS = f"""\
c = get_config()
c.CourseDirectory.course_id = "optimization"
c.ClearSolutions.code_stub = {{"python": {editions.CODE_STUB!r}}}
c.ClearSolutions.text_stub = {editions.TEXT_STUB!r}
c.OverwriteCells.add_missing_cells = True
c.Execute.timeout = 60
"""


def make(out: Path, cohort: int | None = None) -> None:
    """Write student/, instructor/ and course/ into the folder."""
    course = out / "course"
    course.mkdir(parents=True, exist_ok=True)
    (course / "nbgrader_config.py").write_text(SETTINGS, "utf-8")
    web = editions.chapters_on_the_web()
    for source in editions.sources():
        name = source.stem
        editions.student_folder(source, out / "student", cohort)
        whole = editions.with_links(editions.read(source, cohort), web)
        for folder in (out / "instructor" / name, course / "source" / name):
            editions.add_support(folder, optlib=True)
            editions.write(whole, folder / f"{name}.ipynb")
        editions.write(whole, out / "instructor" / name / f"{name}.md")
        generate(course, name)
    print(f"Made in {shown(out)}: student/ to hand out, instructor/ to keep, course/ for nbgrader.")


def generate(course: Path, name: str) -> None:
    """nbgrader makes its release edition and enters the assignment into the gradebook."""
    done = convert(GenerateAssignment, course, name)
    if "submissions associated with it" in done.get("log", ""):
        raise SystemExit(
            f"{name} has gained or lost cells, and {shown(course)} holds marks of the earlier edition. "
            "Keep that folder for them, and choose another: make assignments COURSEWORK=..."
        )
    if not done["success"]:
        raise SystemExit(f"nbgrader could not generate {name}:\n{done.get('log', '')}\n{done['error']}")


def convert(
    converter: type[BaseConverter],
    course: Path,
    assignment: str,
    student: str = "*",
    more: Config | None = None,
    **options: Any,
) -> dict:
    """Run one of nbgrader's converters on the course: whether it succeeded, its log, its error."""
    settings = Config()
    exec(SETTINGS, {"get_config": lambda: settings})
    settings.CourseDirectory.root = str(course)
    settings.CourseDirectory.assignment_id = assignment
    settings.CourseDirectory.student_id = student
    settings.merge(more or Config())
    app = converter(coursedir=CourseDirectory(config=settings), config=settings, force=True, **options)
    app.log.setLevel(logging.WARNING)
    app.log.propagate = False
    for handler in list(app.log.handlers):
        app.log.removeHandler(handler)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what nbgrader and its packages have to say to each other
        return capture_log(app)


def shown(path: Path) -> str:
    """The path as a person would write it."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
