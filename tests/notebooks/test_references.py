from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_output
from notebooks.references import align, entry, load, save, texts


@given(st.lists(st.text()))
def test_every_text_survives_the_file_unchanged(tmp_path_factory, printed):
    path = tmp_path_factory.getbasetemp() / "round-trip.yml"
    outputs = texts([new_output("stream", name="stdout", text=text) for text in printed], str)
    save(path, [entry("print()", outputs)])
    assert load(path) == [entry("print()", outputs)]


def test_a_printed_table_is_a_block_in_the_file(tmp_path):
    table = new_output("stream", name="stdout", text="  k   loss \n  0   1.0: #1\n\n\t1   0.5\n")
    new = entry("show()\nmore()", texts([table], str))
    save(tmp_path / "a.yml", [new])
    assert (tmp_path / "a.yml").read_text().splitlines() == [
        "- cell: show()",
        f"  source: {new['source']}",
        "  outputs:",
        "  - stdout: |2",
        "        k   loss",
        "        0   1.0: #1",
        "",
        "              1   0.5",
    ]


def test_a_cell_put_in_or_taken_out_leaves_its_neighbours_alone():
    a, b, c = (entry(source, []) for source in "abc")
    assert align([a, b, c], ["a", "new", "b", "c"]) == ([a, None, b, c], [])
    assert align([a, b, c], ["a", "c"]) == ([a, c], [b])
    assert align([a, b, c], ["a", "changed", "c"]) == ([a, b, c], [])
    assert align([a, b, c], ["changed", "c"]) == ([a, c], [b])
    assert align([], ["a"]) == ([None], [])
    assert align([a, a], ["a", "a", "a"]) == ([a, a, None], [])
