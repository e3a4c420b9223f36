"""The API reference names everything that `optlib` offers: looked at without building the site."""

import importlib
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import optlib as ol

ROOT = Path(__file__).parents[2]
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "chapters" / "api").glob("*.md")}


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """The extension of the book that turns fences into entries."""
    sys.path.insert(0, str(ROOT / "chapters" / "_ext"))
    try:
        return importlib.import_module("reference")
    finally:
        sys.path.pop(0)


def modules() -> list[str]:
    """The modules that the pages ask for, as far as there are such."""
    asked = [
        module for text in PAGES.values() for match in re.findall(r"\{api\} (.+)", text) for module in match.split()
    ]
    return [module for module in asked if importlib.util.find_spec(module)]


def documented(reference: ModuleType) -> set[str]:
    found = {"optlib.theory"} | {reference.PUBLIC.get(module, "optlib") for module in modules()}
    for module in modules():
        prefix, names = reference.public_names(module)
        found |= {f"{prefix}.{name}" for name in names}
    return found


def test_every_public_name_has_an_entry(reference: ModuleType):
    there = documented(reference)
    assert [name for name in ol.__all__ if f"optlib.{name}" not in there] == [], "add its module to chapters/api/*.md"


def test_no_module_has_two_places():
    assert len(modules()) == len(set(modules()))


def test_every_name_of_a_part_has_an_entry(reference: ModuleType):
    there = documented(reference)
    parts = {module: part for module, part in reference.PUBLIC.items() if part.count(".") == 1}
    parts = {
        part.removeprefix("optlib."): module
        for module, part in parts.items()
        if part.removeprefix("optlib.") in ol.__all__
    }
    assert len(parts) >= 6
    for part, module in parts.items():
        value = vars(getattr(ol, part)).items()
        names = {name for name, v in value if getattr(v, "__module__", "") == module and not name.startswith("_")}
        assert {f"optlib.{part}.{name}" for name in names} <= there


def test_every_theorem_has_an_entry(reference: ModuleType):
    assert re.search(r"\{theorems\} rest$", PAGES["theory-practice"], re.MULTILINE), "whatever no other page names"
    modules = [name for name in sys.modules if re.fullmatch(r"optlib\.analysis\.theory\.[a-z]\w*", name)]
    listed = {name for module in modules for name in reference.public_names(module)[1]}
    assert listed == {
        name for name in vars(ol.theory) if getattr(getattr(ol.theory, name), "__module__", "") in modules
    }


def test_an_entry_has_something_to_say(reference: ModuleType):
    silent = []
    for name in documented(reference):
        value = ol
        for part in name.split(".")[1:]:
            value = getattr(value, part)
        if not (value.__doc__ or "").strip():
            silent.append(name)
    assert silent == []
