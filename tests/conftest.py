"""What every test below this folder shares: the browser, and the chapters as tests."""

from pathlib import Path

import pytest
from browser import browser as browser
from hypothesis import settings
from notebooks.collector import References

HERE = Path(__file__).parent

# The same examples in every run, so that a red test is red for everyone; no deadline, as how long an
# example takes says more about the machine than about the code.
settings.register_profile("course", derandomize=True, deadline=None, max_examples=60, database=None)
settings.load_profile("course")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("notebooks").addoption(
        "--update-references",
        action="store_true",
        help="write tests/reference/ anew from the chapters whose every cell runs, instead of comparing",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.option.nbval_sanitize_with is None:
        config.option.nbval_sanitize_with = str(HERE / "notebooks" / "sanitize.cfg")


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    return References.from_parent(parent, path=path) if path == HERE / "reference" else None
