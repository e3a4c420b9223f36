"""What can be taken home: every chapter as a notebook, from the menu of its page."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
import yaml
from browser import SITE
from bs4 import BeautifulSoup

ROOT = SITE.parents[1]
PARTS = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
CHAPTERS = [chapter["file"] for part in PARTS if part.get("numbered") for chapter in part["chapters"]]


def offered(built: Path, page: str, kind: str) -> list[Path]:
    """The files to which the buttons of a kind lead."""
    path = built / f"{page}.html"
    buttons = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").select(f"a.btn-download-{kind}-button")
    return [(path.parent / urlsplit(str(button["href"])).path).resolve() for button in buttons]


def test_there_are_chapters():
    assert len(CHAPTERS) >= 22


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_can_be_downloaded_as_a_notebook(built: Path, chapter: str):
    [path] = offered(built, chapter, "notebook")
    assert path.suffix == ".ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    # All of its cells, in their order.
    source = (ROOT / f"{chapter}.md").read_text(encoding="utf-8")
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert len(code) == len(re.findall(r"^`{3,}\{code-cell\}", source, flags=re.MULTILINE))
    places = [source.find(cell) for cell in code if cell]
    assert min(places) > 0
    assert sorted(places) == places


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_can_be_downloaded_as_its_source(built: Path, chapter: str):
    [path] = offered(built, chapter, "source")
    assert path.read_text(encoding="utf-8") == (ROOT / f"{chapter}.md").read_text(encoding="utf-8")
