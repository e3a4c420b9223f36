"""The student editions on the site: where they are, where their buttons lead, and that no solution is anywhere."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from functools import cache
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from assignments.tools import editions
from browser import SITE, missing
from coursework.running import NAMES, SOURCES

ROOT = editions.ROOT
SHORTEST = 24  # characters of a line, without blanks: shorter ones anyone would write
TEXTS = {".html", ".txt", ".md", ".ipynb", ".js", ".json", ".py", ".xml", ".svg"}


def page(name: str) -> str:
    return f"chapters/assignments/student/{name}"


@pytest.fixture(scope="module")
def site() -> Path:
    if not (SITE / f"{page(NAMES[0])}.html").is_file():
        missing("the site in _build/html has no assignments; `make book` builds them")
    return SITE


# --- where they are ------------------------------------------------------------------------------


def test_every_assignment_is_a_page_of_the_book() -> None:
    contents = (ROOT / "_toc.yml").read_text("utf-8")
    assert re.findall(r"file: (chapters/assignments/student/\S+)", contents) == [page(name) for name in NAMES]


@pytest.mark.parametrize("name", NAMES)
def test_the_launch_button_opens_the_student_edition(site: Path, name: str) -> None:
    hub = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["launch_buttons"]["binderhub_url"]
    text = (site / f"{page(name)}.html").read_text("utf-8")
    links = {unescape(link) for link in re.findall(r'href="([^"]+)"', text)}
    paths = [parse_qs(urlsplit(link).query)["urlpath"] for link in links if link.startswith(hub)]
    assert paths == [[f"lab/tree/{page(name)}.ipynb"]]


@pytest.mark.parametrize("source", SOURCES, ids=NAMES)
def test_the_page_offers_the_student_edition(site: Path, source: Path) -> None:
    name = source.stem
    offered = re.findall(r'href="([^"]*\.ipynb)"', (site / f"{page(name)}.html").read_text("utf-8"))
    assert offered, "there is no download button"
    files = {(site / page(name)).parent.joinpath(link).resolve() for link in offered if "://" not in link}
    wanted = editions.with_links(editions.student(editions.read(source)), "../../")
    for file in files:
        cells = json.loads(file.read_text("utf-8"))["cells"]
        assert ["".join(cell["source"]) for cell in cells] == [cell.source for cell in wanted.cells]


@pytest.mark.parametrize("name", NAMES)
def test_the_students_guide_offers_the_folder_with_all_that_is_needed(site: Path, name: str) -> None:
    guide = (site / "chapters/assignments/students.html").read_text("utf-8")
    (link,) = re.findall(rf'href="([^"]*{name}\.zip)"', guide)
    with zipfile.ZipFile(site / "chapters/assignments" / link) as packed:
        names = set(packed.namelist())
    expected = (f"{name}.ipynb", f"{name}.md", "checks/__init__.py", "exercises/verdicts.py", "optlib/__init__.py")
    assert {f"{name}/{file}" for file in expected} <= names


# --- no leak -------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """The text without blanks, quotes and what escapes them, so that any way of writing it down agrees."""
    return re.sub(r"[\s\\\"'`]+", "", text)


@cache
def published() -> str:
    """What the course says anyway, beside its assignments."""
    files = [*(ROOT / "chapters").glob("*.md"), *(ROOT / "chapters" / "exercises").glob("*.py")]
    return plain("\n".join(path.read_text("utf-8") for path in [*files, *(ROOT / "optlib").rglob("*.py")]))


def fragments(source: Path) -> set[str]:
    """The lines of the solutions that stand nowhere in what students are given."""
    notebook = editions.read(source)
    given = plain("\n".join(cell.source for cell in editions.student(notebook).cells)) + published()
    lines = [line for text in editions.solutions(notebook).values() for line in text.split("\n")]
    return {line for line in map(plain, lines) if len(line) >= SHORTEST and line not in given}


FRAGMENTS = {fragment for source in SOURCES for fragment in fragments(source)}


def texts(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    """A file's text, as it is and as a reader sees it; an archive's files."""
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for inner in packed.namelist():
                yield from texts(f"{name}: {inner}", packed.read(inner))
    elif Path(name).suffix in TEXTS:
        text = content.decode("utf-8", "replace")
        yield name, text
        if name.endswith(".html"):
            yield name, unescape(re.sub(r"<[^>]+>", "", text))


def leaks(folder: Path) -> list[str]:
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "mathjax" not in path.parts:
            for name, text in texts(str(path.relative_to(folder)), path.read_bytes()):
                squeezed = plain(text)
                found += [f"{name}: {fragment}" for fragment in FRAGMENTS if fragment in squeezed]
    return found


@pytest.mark.parametrize("source", SOURCES, ids=NAMES)
def test_every_solution_has_lines_to_look_for(source: Path) -> None:
    squeezed = {key: plain(text) for key, text in editions.solutions(editions.read(source)).items()}
    own = fragments(source)
    assert {key for key, text in squeezed.items() if not any(fragment in text for fragment in own)} == set()


def test_no_solution_is_on_the_site(site: Path) -> None:
    assert leaks(site) == []


def test_no_solution_is_in_what_students_are_given(tmp_path: Path) -> None:
    for source in SOURCES:
        editions.student_folder(source, tmp_path)
    assert leaks(tmp_path) == []


def test_no_word_of_a_solution_can_be_searched_for(site: Path) -> None:
    def words(text: str) -> set[str]:
        return set(re.findall(r"[a-z_]{5,}", text.lower()))

    pages = [path.read_text("utf-8") for path in site.rglob("*.html")]
    seen = words(unescape(" ".join(pages)))
    hidden = {
        word
        for source in SOURCES
        for text in editions.solutions(editions.read(source)).values()
        for word in words(text)
        if word not in seen
    }
    assert hidden, "no word of the solutions is theirs alone"
    index = (site / "searchindex.js").read_text("utf-8").lower()
    assert {word for word in hidden if re.search(rf'["\b]{word}\b', index)} == set()


def test_a_leak_would_be_found(tmp_path: Path) -> None:
    whole = editions.read(SOURCES[0])
    editions.write(whole, tmp_path / "whole.ipynb")
    editions.write(whole, tmp_path / "whole.md")
    (tmp_path / "folder").mkdir()
    editions.write(whole, tmp_path / "folder" / "whole.ipynb")
    editions.archive(tmp_path / "folder", tmp_path / "archive.zip")
    (tmp_path / "page.html").write_text(f"<pre>{''.join(f'<b>{c.source}</b>' for c in whole.cells)}</pre>", "utf-8")
    found = leaks(tmp_path)
    own = fragments(SOURCES[0])
    for file in ("whole.ipynb", "whole.md", "archive.zip: folder/whole.ipynb", "folder/whole.ipynb"):
        assert {line.removeprefix(f"{file}: ") for line in found if line.startswith(f"{file}: ")} == own
    assert [line for line in found if line.startswith("page.html: ")]
