"""What the book's own Sphinx extension does to a page."""

import importlib.util
from pathlib import Path

import pytest
from nbformat.v4 import new_output

EXTENSION = Path(__file__).parents[2] / "chapters" / "_ext" / "course.py"


@pytest.fixture(scope="module")
def course():
    spec = importlib.util.spec_from_file_location("course_extension", EXTENSION)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_line_printed_in_pieces_is_one_line(course):
    """A kernel may send `print(a, b)` as two messages; the page shows what was printed."""
    pieces = [new_output("stream", name="stdout", text=text) for text in ("t = ", "3", "\n", "  f = 1\n")]
    assert [output["text"] for output in course.join_streams(pieces)] == ["t = 3\n  f = 1\n"]


def test_other_outputs_and_the_other_stream_stay_apart(course):
    figure = new_output("display_data", data={"text/plain": "figure"})
    outputs = [
        new_output("stream", name="stdout", text="a"),
        new_output("stream", name="stderr", text="b"),
        figure,
        new_output("stream", name="stdout", text="c"),
        new_output("stream", name="stdout", text="d"),
    ]
    joined = course.join_streams(outputs)
    assert [output.get("text", "figure") for output in joined] == ["a", "b", "figure", "cd"]
    assert outputs[3]["text"] == "c"
    assert course.join_streams([]) == []


def test_myst_nb_still_looks_the_function_up_where_it_is_put(course):
    from myst_nb.core import render

    assert "coalesce_streams(outputs)" in Path(render.__file__).read_text(encoding="utf-8")
