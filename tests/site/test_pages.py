"""Every page as files: what it links to is there, and it is light."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from browser import SITE
from bs4 import BeautifulSoup

# What a chapter may send of its own; what all pages share (styles, fonts, MathJax) is sent once a visit.
LIGHT = 1_000_000


@pytest.fixture(scope="module")
def pages(built: Path) -> dict[Path, BeautifulSoup]:
    paths = [path for path in built.rglob("*.html") if "_static" not in path.parts]
    return {path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in paths}


def used(soup: BeautifulSoup) -> list[str]:
    """The addresses in a page: links, pictures, scripts and styles."""
    return [str(tag[name]) for name in ("href", "src") for tag in soup.select(f"[{name}]")]


def test_every_link_within_the_site_leads_to_a_place_that_is_there(pages: dict[Path, BeautifulSoup]):
    places = {path: {str(tag["id"]) for tag in soup.select("[id]")} for path, soup in pages.items()}
    looked_at, broken = 0, []
    for path, soup in pages.items():
        for address in used(soup):
            link = urlsplit(address)
            if link.scheme or link.netloc:
                continue
            looked_at += 1
            target = (path.parent / unquote(link.path)).resolve() if link.path else path
            anchor = unquote(link.fragment)
            if not target.exists() or (anchor and target in places and anchor not in places[target]):
                broken.append(f"{path.relative_to(SITE)}: {address}")
    assert broken == []
    assert looked_at > 10_000


def test_no_page_is_heavier_than_a_megabyte(pages: dict[Path, BeautifulSoup]):
    heavy = {}
    for path, soup in pages.items():
        pictures = {(path.parent / str(tag["src"])).resolve() for tag in soup.select("img")}
        weight = sum(file.stat().st_size for file in {path, *pictures} if "_static" not in file.parts)
        if weight > LIGHT:
            heavy[path.name] = weight
    assert heavy == {}
