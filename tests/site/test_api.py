"""The API reference as it was built: complete, and made of words and formulas, not of markup."""

import html
import re
from inspect import ismodule
from pathlib import Path

import pytest
from sphinx.util.inventory import InventoryFile

import optlib as ol


@pytest.fixture(scope="module")
def entries(built: Path) -> set[str]:
    """The names under which the built site documents Python objects."""
    with (built / "objects.inv").open("rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, path: path)
    return {name for kind, names in inventory.items() if kind.startswith("py:") for name in names}


def test_the_reference_is_complete(entries: set[str]):
    names = {f"optlib.{name}" for name in ol.__all__}
    names |= {f"optlib.theory.{name}" for name in dir(ol.theory) if callable(getattr(ol.theory, name))}
    for module in (value for name, value in vars(ol).items() if name in ol.__all__ and ismodule(value)):
        part = module.__name__.rpartition(".")[2]
        own = (name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__)
        names |= {f"optlib.{part}.{name}" for name in own if not name.startswith("_")}
    assert sorted(names - entries) == []


def test_no_markup_is_left(built: Path):
    pages = sorted((built / "chapters" / "api").glob("*.html"))
    assert len(pages) >= 6
    left = []
    for page in pages:
        article = re.search(r"<article.*</article>", page.read_text(encoding="utf-8"), re.DOTALL)
        assert article is not None
        text = html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<pre.*?</pre>", "", article[0], flags=re.DOTALL)))
        left += [
            f"{page.name}: {match}" for match in re.findall(r":\w+:`|``|\.\. \w+::|doi:10\S+ <|^-{4,}", text, re.M)
        ]
    assert left == []


def test_a_page_is_no_burden(built: Path):
    heavy = {p.name: p.stat().st_size for p in (built / "chapters" / "api").glob("*.html") if p.stat().st_size > 1e6}
    assert heavy == {}
