"""The printed course (`make pdf`): three pages of it are printed here, in the same way as all of them."""

import re
from pathlib import Path

import pytest
from _ext.pdf import anchor, parts, print_book
from bs4 import BeautifulSoup
from playwright.sync_api import Browser
from pypdf import PdfReader

# Of one chapter to the next and back there are links; the bibliography is what both cite.
SOME = ("chapters/convexity-and-smoothness", "chapters/gradient-descent", "chapters/bibliography")


@pytest.fixture(scope="module")
def printed(browser: Browser, built: Path) -> Path:
    some = [(caption, [name for name in names if name in SOME]) for caption, names in parts()]
    path = built.parent / "pdf" / "test.pdf"
    print_book([part for part in some if part[1]], path, browser)
    return path


@pytest.fixture(scope="module")
def reader(printed: Path) -> PdfReader:
    return PdfReader(printed)


@pytest.fixture(scope="module")
def pages(reader: PdfReader) -> list[str]:
    """The letters and digits of each page."""
    return [squeezed(page.extract_text()) for page in reader.pages]


@pytest.fixture(scope="module")
def source(printed: Path) -> BeautifulSoup:
    return BeautifulSoup(printed.with_suffix(".html").read_text(encoding="utf-8"), "html.parser")


def squeezed(words: str) -> str:
    """Letters and digits alone: where a line ends does not matter."""
    return re.sub(r"[\W_]+", "", words)


def titles(outline: list) -> list[str]:
    return [title for item in outline for title in (titles(item) if isinstance(item, list) else [item["/Title"]])]


def test_all_pages_of_the_contents_are_parts_of_the_book():
    names = [name for _, names in parts() for name in names]
    assert len(names) == len(set(names))
    assert len({anchor(name) for name in names}) == len(names)
    assert {*SOME} < {*names}


def test_the_outline_has_parts_and_chapters_in_order(reader: PdfReader, source: BeautifulSoup):
    wanted = [squeezed(h.get_text()) for h in source.select("article > h1, article h2")]
    found = [title for title in map(squeezed, titles(reader.outline)) if title in wanted]
    assert len(wanted) == 6
    assert found == wanted


def test_the_contents_name_the_pages(reader: PdfReader, pages: list[str], source: BeautifulSoup):
    for name in SOME:
        destination = reader.named_destinations["/" + anchor(name)]
        number = (reader.get_destination_page_number(destination) or 0) + 1
        title = source.select_one(f"#{anchor(name)} h2")
        assert title is not None
        words = squeezed(title.get_text())
        assert words in pages[number - 1]
        assert f"{words}{number}" in pages[1] + pages[2]


def test_every_formula_is_set(reader: PdfReader):
    raw = " ".join(page.extract_text() for page in reader.pages)
    assert [mark for mark in ("\\(", "\\[", "\\mathbb", "\\frac", "Math input error") if mark in raw] == []


def test_theorems_figures_exercises_and_solutions_stand_in_order(pages: list[str], source: BeautifulSoup):
    numbered, solutions = source.select("article .caption-number"), source.select(".solution > .admonition-title")
    assert (len(numbered) >= 40, len(solutions) >= 10) == (True, True), "this is not all of two chapters"
    page = 0
    for title in source.select("article .caption-number, .solution > .admonition-title"):
        words = squeezed(title.get_text())[:30]
        page = next((n for n in range(page, len(pages)) if words in pages[n]), -1)
        assert page >= 0, f"not in the PDF, or not in its place: {title.get_text()}"


def test_the_code_of_solutions_is_printed(pages: list[str], source: BeautifulSoup):
    for code in source.select(".solution .cell_input pre"):
        for line in code.get_text().splitlines():
            assert any(squeezed(line) in page for page in pages), line


def test_every_figure_is_drawn_and_says_what_it_shows(reader: PdfReader, source: BeautifulSoup):
    alts = {
        str(o["/Alt"])
        for o in map(reader.get_object, range(1, reader.trailer["/Size"]))
        if isinstance(o, dict) and "/Alt" in o
    }
    pictures = source.select("article img")
    assert len(pictures) >= 10
    for picture in pictures:
        assert picture["alt"] in alts


def test_every_link_leads_somewhere(reader: PdfReader):
    inside = 0
    for page in reader.pages:
        for annotation in page.get("/Annots", []):
            link = annotation.get_object()
            target = link.get("/Dest")
            if target is not None:
                assert target in reader.named_destinations, target
                inside += 1
            elif "/A" in link and "/URI" in link["/A"]:
                assert re.match("https?://(?!127)|mailto:", str(link["/A"]["/URI"])), link["/A"]["/URI"]
    assert inside > 100


def test_no_page_is_empty(pages: list[str]):
    assert [n for n, page in enumerate(pages, 1) if len(page) < 100] == []  # the head alone has about 40 letters
