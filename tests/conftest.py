"""What every test below this folder shares: the browser, and the chapters as tests."""

import re
from pathlib import Path

import pytest
from browser import browser as browser
from browser import built as built
from browser import site as site
from hypothesis import settings
from notebooks.collector import References
from xdist.scheduler import LoadFileScheduling

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


class ByFileOrPage(LoadFileScheduling):
    """What one worker runs as a whole: a file, since its tests share kernels and browsers; of the site, a page."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        page = re.search(r"\[([^\]]+\.html)", nodeid) if file == "tests/site/test_site.py" else None
        return f"{file} {page[1]}" if page else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFileOrPage:
    return ByFileOrPage(config, log)
