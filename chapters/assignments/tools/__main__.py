"""The coursework's commands; the Makefile calls them.

`student` writes the student editions within the repository, for the book and for Binder (no nbgrader needed);
`course` writes all editions and the nbgrader course; `grade` marks a folder of submissions.
"""

import argparse
import os
import sys
from pathlib import Path

from assignments.tools import editions


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="assignments.tools", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    student, course, grade = (commands.add_parser(name) for name in ("student", "course", "grade"))
    for command in (student, course):
        command.add_argument("--cohort", type=int, help="the number that data and seeds are drawn from")
    for command in (course, grade):
        command.add_argument("--out", type=Path, default=editions.ROOT / "_build" / "coursework")
    grade.add_argument("submissions", type=Path)
    grade.add_argument("--assignment", help="which one, where the files' names do not say it")
    grade.add_argument("--cell-seconds", type=float, default=60, help="limit of one cell")
    grade.add_argument("--seconds", type=float, default=900, help="limit of one submission")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    if given.command == "student":
        editions.student_pages(given.cohort)
        return 0
    # nbgrader is there in the course's own environment only, and calls a program of that environment by name
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    from assignments.tools import course, grade

    if given.command == "course":
        course.make(given.out.resolve(), given.cohort)
        return 0
    limits = grade.Limits(given.cell_seconds, given.seconds)
    return grade.grade(given.submissions.resolve(), given.out.resolve(), given.assignment, limits)


if __name__ == "__main__":
    sys.exit(main())
