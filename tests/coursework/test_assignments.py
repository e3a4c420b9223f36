"""Each assignment both ways: its solution gets every point, its student edition none, and wrong answers the message
that is meant for them. All in this process; tests/coursework/test_course.py has nbgrader do it."""

import inspect
import re

import numpy as np
import pytest
from assignments.tools import editions
from checks import CheckFailed
from coursework.running import (
    NAMES,
    SOURCES,
    answer_wrongly,
    cells,
    grade_id,
    is_answer,
    is_check,
    marks,
    run,
    wrong_answers,
)
from exercises.verdicts import NOT_DONE

COHORTS = (None, 2027, 1)
each = pytest.mark.parametrize("source", SOURCES, ids=NAMES)


@pytest.mark.parametrize("cohort", COHORTS)
@each
def test_the_reference_solution_gets_every_point(source, cohort):
    said = marks(editions.read(source, cohort))
    assert said
    assert {check: error for check, error in said.items() if error is not None} == {}


@each
def test_the_student_edition_gets_none_and_says_which_question(source):
    said = marks(editions.student(editions.read(source)))
    for check, error in said.items():
        number = editions.question(check).removeprefix("q")
        assert isinstance(error, CheckFailed), f"{check}: {error!r}"
        assert re.fullmatch(rf"{number}\w?(, [\w\s]+)?: {NOT_DONE}", str(error)), error


@pytest.mark.parametrize(
    ("source", "check", "change", "message"),
    [
        pytest.param(source, check, change, message, id=f"{source.stem}: {check}: {what}")
        for source in SOURCES
        for check, wrongs in wrong_answers(source).items()
        for what, change, message in wrongs
    ],
)
def test_a_wrong_answer_gets_the_message_meant_for_it(source, check, change, message):
    error = answer_wrongly(source, check, change)
    assert isinstance(error, CheckFailed), f"it passes, or breaks the check: {error!r}"
    assert message in str(error)


@each
def test_every_check_is_shown_three_wrong_answers(source):
    checks = {grade_id(cell) for cell in cells(source) if is_check(cell)}
    shown = wrong_answers(source)
    assert set(shown) == checks
    assert {check: len(wrongs) for check, wrongs in shown.items() if len(wrongs) < 3} == {}


@each
def test_another_cohort_has_other_numbers(source):
    def set_up(cohort):
        names = {}
        for cell in cells(source, cohort):
            if not editions.question(grade_id(cell)):
                assert run(cell.source, names) is None
        return {k: v for k, v in names.items() if isinstance(v, np.ndarray | float | int) and k != "cohort"}

    one, other = set_up(2026), set_up(2027)
    assert one.keys() == other.keys()
    assert any(not np.array_equal(one[name], other[name]) for name in one), "data and seeds are drawn by the cohort"
    assert all(np.array_equal(v, one[name]) for name, v in set_up(2026).items()), "and by nothing else"


@each
def test_the_source_is_written_as_the_instructors_guide_says(source):
    notebook = editions.read(source)
    ids = [grade_id(cell) for cell in notebook.cells if grade_id(cell)]
    assert len(ids) == len(set(ids))
    points = {True: 0, False: 0}
    questions = []
    for cell in notebook.cells:
        flags = editions.grading(cell)
        if not flags:
            assert cell.cell_type == "markdown", f"a code cell without nbgrader metadata: {cell.source}"
            continue
        assert flags["schema_version"] == 3
        assert flags["locked"] == (not flags["solution"]), f"{grade_id(cell)}: what is no answer is locked"
        if question := editions.question(grade_id(cell)):
            questions.append(question)
        if flags["grade"]:
            points[is_check(cell)] += flags["points"]
            assert question
        if is_check(cell):
            module = source.stem.partition("-")[2].replace("-", "_")
            check = re.fullmatch(rf"from checks\.{module} import (check_\w+)\n\n\1\(.+\)", cell.source, re.S)
            assert check, f"{grade_id(cell)}: a check imports one function and calls it"
        if flags["solution"]:
            assert "### BEGIN SOLUTION" in cell.source
        if flags["solution"] and flags["grade"]:
            assert cell.cell_type == "markdown"
            assert "**Rubric.**" in cell.source
    assert sum(points.values()) == 100
    assert 20 <= points[False] <= 40, "written derivations"
    assert questions == sorted(questions), "a question's cells stand together"
    assert 4 <= len(set(questions)) <= 6
    assert all(any(editions.question(grade_id(c)) == q and is_answer(c) for c in cells(source)) for q in set(questions))


@each
def test_the_student_edition_reads_in_every_notebook(source):
    # Hubs and plain Jupyter know Markdown and dollars only; a page shows 76 columns of code.
    student = editions.student(editions.read(source))
    for cell in student.cells:
        if cell.cell_type == "markdown":
            assert not re.search(r"^(:::|```\{)|\{(ref|eq|numref|cite|prf:ref|doc)[:\w]*\}`", cell.source, re.M), (
                cell.source
            )
            for target in re.findall(r"\]\(([^)#]+)", cell.source):
                assert (source.parent / target).is_file(), f"no such chapter: {target}"
        else:
            assert max(map(len, cell.source.split("\n"))) <= 76, cell.source


@each
def test_running_all_cells_goes_on_after_a_question_that_is_not_done(source):
    for cell in editions.student(editions.read(source)).cells:
        may_fail = is_answer(cell) or is_check(cell)
        assert cell.metadata.get("tags", []) == (["raises-exception"] if may_fail else []), grade_id(cell)


@each
def test_every_check_of_the_module_is_used_and_tells_what_it_checks(source):
    module = source.stem.partition("-")[2].replace("-", "_")
    imported = set()
    for cell in cells(source):
        imported |= set(re.findall(rf"from checks\.{module} import (check_\w+)", cell.source))
    loaded = __import__(f"checks.{module}", fromlist=["*"])
    assert imported == {name for name, _ in inspect.getmembers(loaded, callable) if name.startswith("check_")}


def test_a_region_without_end_and_a_solution_in_the_wrong_cell_are_errors():
    with pytest.raises(ValueError, match="no END SOLUTION"):
        editions.cut("a\n### BEGIN SOLUTION\nb", "SOLUTION", "stub")
    assert (
        editions.cut("def f():\n    ### BEGIN SOLUTION\n    1\n    ### END SOLUTION\n2", "SOLUTION", "s")
        == "def f():\n    s\n2"
    )


# --- what a check does with code that is not as it should be ---------------------------------------


def failing(answer):
    from checks import graded

    @graded("9z")
    def check(given):
        if given() != 1:
            raise AssertionError("that is not 1")

    with pytest.raises(CheckFailed) as caught:
        check(answer)
    return str(caught.value)


def test_a_check_says_one_sentence_whatever_the_code_does(capsys):
    def todo():
        raise NotImplementedError

    def slip():
        return [][1]

    assert failing(None) == failing(todo) == f"9z: {NOT_DONE}"
    assert failing(lambda: 2) == "9z: that is not 1"
    assert failing(slip).startswith("9z: your code raised IndexError: list index out of range")
    assert CheckFailed("one sentence")._render_traceback_() == ["\x1b[0;31mone sentence\x1b[0m"]
    assert capsys.readouterr().out == ""


def test_what_code_writes_to_stderr_costs_no_points(capsys):
    import sys
    import warnings

    from checks import graded

    @graded("9z")
    def check(given):
        given()

    def noisy():
        warnings.warn("beware", stacklevel=1)
        print("a remark", file=sys.stderr)

    check(noisy)
    out, err = capsys.readouterr()
    assert (out, err) == ("a remark\n9z: passed\n", "")
