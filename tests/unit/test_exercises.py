"""Every coding exercise of every chapter: its check leaves the stub undone and accepts the worked solution."""

import importlib
import re

import pytest
from exercises import verdicts
from solutions import CHAPTERS, versions

FOUND = [
    (path.stem, check, name)
    for path in sorted(CHAPTERS.glob("*.md"))
    for check, name in dict.fromkeys(
        re.findall(r"^print\((check_\w+)\((\w+)\)\)$", path.read_text(encoding="utf-8"), re.M)
    )
]


@pytest.mark.parametrize(("chapter", "check", "name"), FOUND, ids=[f"{c}: {name}" for c, _, name in FOUND])
def test_the_stub_is_not_done_and_the_solution_passes(chapter, check, name):
    check = getattr(importlib.import_module("exercises." + chapter.replace("-", "_")), check)
    stub, solution = versions(chapter, name)
    assert check(stub) == verdicts.NOT_DONE
    assert check(lambda *args: None) == verdicts.NOT_DONE
    assert check(solution) == verdicts.PASSED


def test_no_check_is_left_without_an_exercise():
    for path in sorted((CHAPTERS / "exercises").glob("*.py")):
        offered = set(re.findall(r"^def (check_\w+)\(", path.read_text(encoding="utf-8"), re.M))
        assert offered == {check for chapter, check, _ in FOUND if chapter.replace("-", "_") == path.stem}, path.stem
