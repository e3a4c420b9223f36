"""Small chapters under the project's own pytest settings: each way to fail fails, and says so."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

ROOT = Path(__file__).parents[2]
KERNEL = "---\nkernelspec:\n  name: python3\n  display_name: Python 3\n---\n\n# A chapter\n"
PAGES = ["intro", "good", "slips", "raises"]

LIBRARY = """
noisy, loss, word, loud, zero = 0.123, 0.5, "converged", True, 0
boom = int
"""
LIBRARY_AFTER_A_SLIP = """
noisy, loss, word, loud, zero = 0.124, 0.7, "diverged", False, 1
def boom(): raise ArithmeticError("the step is too long")
"""

GOOD = [
    "import sys, time, IPython.display, lib, matplotlib.pyplot as plt, myst_nb\nprint('loaded')",
    "myst_nb.glue('rate', 0.25, display=False)\nmyst_nb.glue('order', 2)",
    ":tags: [raises-exception]\n1 / 0",
    ":tags: [nbval-ignore-output]\ntime.time()",
    ":tags: [nbval-skip]\nraise SystemExit",
    "object()",
    "print(f'time: {time.perf_counter():.6f} s')",
    "figure = plt.plot([0, 1])",
    "IPython.display.HTML(f'<b>{time.time()}</b>')",
    "IPython.display.display({'text/html': f'<b>{time.time()}</b>'}, raw=True)",
    "print('to stderr', file=sys.stderr)\nprint('to stdout')",
    "import warnings\nwarnings.warn('careful')",
    "print(f'{lib.noisy:.3f}', open('data.txt').read())",
]
SLIPS = [
    "import lib",
    "print('step  loss')\nprint('0     1.0')\nprint('1    ', lib.loss)",
    "lib.word",
    "if lib.loud:\n    print('there')",
    "if not lib.loud:\n    print('more')",
    ":tags: [raises-exception]\n1 / lib.zero",
    "a = 1",
    "gone = 1",
]
SLIPS_EDITED = [*SLIPS[:2], "new = 1", *SLIPS[2:6], "a = 2"]
RAISES = ["import lib", "lib.boom()", "print('after')"]


class Project:
    """A folder with the settings and the collector of this project, and chapters of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "chapters").mkdir()
        (folder / "tests" / "notebooks").mkdir(parents=True)
        self.references = folder / "tests" / "reference"
        self.references.mkdir()
        shutil.copy(ROOT / "pyproject.toml", folder)
        for file in [*ROOT.glob("tests/*.py"), *ROOT.glob("tests/notebooks/*.*")]:
            if not file.name.startswith("test_"):
                shutil.copy(file, folder / file.relative_to(ROOT))

    def toc(self, *pages: str) -> None:
        files = [{"file": f"chapters/{page}"} for page in pages]
        toc = {"format": "jb-book", "root": files[0]["file"], "chapters": files[1:]}
        (self.folder / "_toc.yml").write_text(yaml.safe_dump(toc))

    def page(self, name: str, cells: list[str]) -> None:
        text = "".join(f"\n```{{code-cell}} ipython3\n{cell}\n```\n" for cell in cells)
        (self.folder / "chapters" / f"{name}.md").write_text(KERNEL + text)

    def write(self, name: str, text: str) -> None:
        (self.folder / "chapters" / name).write_text(text)

    def pytest(self, *arguments: str) -> dict[str, tuple[str, str]]:
        """Runs pytest; for each test whether it "passed", and the message if not."""
        # -P: as the command `pytest`, which does not put the current folder on the path. The backend of
        # a machine without a screen must not turn figures into nothing.
        command = [sys.executable, "-P", "-m", "pytest", "--junitxml=report.xml", *arguments]
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        done = subprocess.run(command, cwd=self.folder, env=env | {"MPLBACKEND": "Agg"}, capture_output=True, text=True)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        outcomes = {}
        for case in ElementTree.parse(self.folder / "report.xml").iter("testcase"):
            name = f"{case.get('classname')} {case.get('name')}".removeprefix("chapters.").strip()
            bad = next(iter(case), None)
            outcomes[name] = ("passed", "") if bad is None else (bad.tag, f"{bad.get('message')}\n{bad.text}")
        assert done.returncode == any(kind in ("failure", "error") for kind, _ in outcomes.values())
        return outcomes

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.references.iterdir()}


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Project:
    """A project that is in order, its references written."""
    project = Project(tmp_path_factory.mktemp("project"))
    project.toc(*PAGES, "old", "broken")
    project.write("intro.md", "# No notebook\n\n```python\n1 / 0\n```\n")
    project.write("data.txt", "beside the chapter")
    project.write("lib.py", LIBRARY)
    for name, cells in {"good": GOOD, "slips": SLIPS, "raises": RAISES, "old": ["1"]}.items():
        project.page(name, cells)
    project.page("broken", ["1", "undefined", "2"])
    project.first_writing = project.pytest("--update-references")
    return project


@pytest.fixture(scope="module")
def slipped(written) -> Project:
    """The same project after slips of every kind."""
    written.before = written.files()
    written.again = written.pytest("--update-references")
    written.after_again = written.files()
    written.toc(*PAGES, "unreferenced")
    written.write("lib.py", LIBRARY_AFTER_A_SLIP)
    written.page("slips", SLIPS_EDITED)
    written.page("unreferenced", ["1"])
    return written


@pytest.fixture(scope="module", params=[[], ["-n", "2"]], ids=["one process", "two processes"])
def outcomes(slipped, request) -> dict[str, tuple[str, str]]:
    return slipped.pytest(*request.param)


def test_references_are_written_only_where_every_cell_ran(written):
    assert {path.stem for path in written.references.iterdir()} == {"good", "slips", "raises", "old"}
    assert written.first_writing["broken.md cell 1"] == ("passed", "")
    kind, message = written.first_writing["broken.md reference file"]
    assert kind == "failure"
    assert "tests/reference/broken.yml: not written, cells [2, 3] did not run to their end" in message


def test_what_a_reference_holds(written):
    outputs = [cell["outputs"] for cell in yaml.safe_load((written.references / "good.yml").read_text())]
    assert outputs == [
        [{"stdout": "loaded"}],
        [{"glue rate": "0.25"}, {"glue order": "2"}],
        [{"error": "ZeroDivisionError: division by zero"}],
        [],
        [],
        [{"text/plain": "<object at 0xADDRESS>"}],
        [{"stdout": "time: TIME"}],
        [{"text/plain": "<Figure size 640x480 with 1 Axes>"}],
        [{"text/plain": "<IPython.core.display.HTML object>"}],
        [{"not compared": "text/html"}],
        [{"stdout": "to stdout"}, {"stderr": "to stderr"}],
        [{"stderr": "FILE.py:LINE: UserWarning: careful\n  warnings.warn('careful')\n"}],
        [{"stdout": "0.123 beside the chapter"}],
    ]


def test_writing_again_changes_no_byte(slipped):
    assert slipped.before == slipped.after_again


def test_a_last_digit_may_move(outcomes):
    assert {name for name, (kind, _) in outcomes.items() if "good" in name and kind != "passed"} == {"good.md cell 5"}


DIFFER = "outputs differ from tests/reference/slips.yml (- expected, + got)\n"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("slips.md cell 2", f"chapters/slips.md, cell 2 (print('step  loss')): {DIFFER}- 1     0.5\n+ 1     0.7\n"),
        ("slips.md cell 3", "cell 3 (new = 1): this cell has no reference in tests/reference/slips.yml\n"),
        ("slips.md cell 4", f"cell 4 (lib.word): {DIFFER}- text/plain: 'converged'\n+ text/plain: 'diverged'\n"),
        ("slips.md cell 5", f"cell 5 (if lib.loud:): {DIFFER}- stdout: there\nWhen"),
        ("slips.md cell 6", f"cell 6 (if not lib.loud:): {DIFFER}+ stdout: more\nWhen"),
        ("slips.md cell 7", f"{DIFFER}- error: ZeroDivisionError: division by zero\n+ text/plain: 1.0\n"),
        ("slips.md cell 8", "cell 8 (a = 2): stale, the cell's source has changed since tests/reference/slips.yml"),
        ("slips.md cell 8", "was written\n- a = 1\n+ a = 2\n"),
        ("slips.md reference file", "slips.yml: stale, these cells are gone from the chapter\n- gone = 1\n"),
        ("raises.md cell 2", "chapters/raises.md, cell 2 (lib.boom()): Cell execution caused an exception\n"),
        ("raises.md cell 2", "ArithmeticError: the step is too long\n"),
        ("unreferenced.md cell 1", "cell 1 (1): this cell has no reference in tests/reference/unreferenced.yml\n"),
        ("tests.reference old.yml", "tests/reference/old.yml: stale, _toc.yml names no such chapter\n"),
    ],
)
def test_every_slip_fails_and_says_where_what_and_how_to_renew(outcomes, name, expected):
    kind, message = outcomes[name]
    assert kind == "failure"
    assert expected in message
    assert (
        "When every cell runs and its result is right, renew the references and review the diff: make references"
        in (message)
    )


def test_nothing_else_fails(outcomes):
    failed = {name for name, (kind, _) in outcomes.items() if kind in ("failure", "error")}
    assert failed == {
        *(f"slips.md cell {n}" for n in range(2, 9)),
        "slips.md reference file",
        "raises.md cell 2",
        "unreferenced.md cell 1",
        "tests.reference old.yml",
    }


def test_after_an_exception_the_chapter_stops(outcomes):
    kind, message = outcomes["raises.md cell 3"]
    assert kind == "skipped"
    assert "cell 2 failed to run" in message


@pytest.fixture(scope="module")
def renewed(slipped, tmp_path_factory) -> Project:
    """A copy of the project with slips, its references renewed."""
    copy = Project(tmp_path_factory.mktemp("renewed"))
    shutil.copytree(slipped.folder, copy.folder, dirs_exist_ok=True)
    copy.pytest("--update-references", "-n", "2")
    return copy


def test_renewing_writes_what_changed_and_nothing_else(slipped, renewed):
    before, after = slipped.files(), renewed.files()
    assert set(after) == {"good.yml", "slips.yml", "raises.yml", "unreferenced.yml"}
    assert after["good.yml"] == before["good.yml"]  # its last digit that moved included
    assert after["raises.yml"] == before["raises.yml"]  # it still raises


def test_a_project_in_order_passes(renewed):
    renewed.write("lib.py", LIBRARY_AFTER_A_SLIP + "boom = int\n")
    outcomes = renewed.pytest("-n", "2")
    skipped = {name for name, (kind, _) in outcomes.items() if kind == "skipped"}
    assert skipped == {"good.md cell 5"}
    assert all(kind == "passed" for name, (kind, _) in outcomes.items() if name not in skipped)
    assert len(outcomes) == len(GOOD) + len(SLIPS_EDITED) + len(RAISES) + 1 + 4


def test_a_cell_that_hangs_fails(tmp_path):
    project = Project(tmp_path)
    project.toc("hangs", "stubborn")
    hang = "while True:\n    time.sleep(0.1)"
    swallow = "try:\n    while True:\n        time.sleep(0.1)\nexcept KeyboardInterrupt:\n    pass"
    project.page("hangs", ["import time", hang, "2"])
    project.page("stubborn", ["import time", swallow, "2"])
    outcomes = project.pytest("--nbval-cell-timeout=2", "--update-references")
    for page in "hangs", "stubborn":
        assert outcomes[f"{page}.md cell 1"][0] == "passed"
        kind, message = outcomes[f"{page}.md cell 2"]
        assert kind == "failure"
        assert f"chapters/{page}.md, cell 2" in message
        assert "Timeout of 2 seconds exceeded executing cell" in message
        assert outcomes[f"{page}.md cell 3"][0] == "skipped"
    assert not project.files()


def test_a_page_that_is_not_there_fails(tmp_path):
    project = Project(tmp_path)
    project.page("intro", [])
    project.toc("intro", "absent")
    kind, message = project.pytest()["tests.reference absent.md"]
    assert kind == "failure"
    assert "_toc.yml names a page that is not there: absent.md" in message


def test_every_chapter_of_this_book_is_collected():
    command = [sys.executable, "-P", "-m", "pytest", "tests/reference", "--collect-only", "-q", "-n0"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    chapters = [path for path in ROOT.glob("chapters/*.md") if "\nkernelspec:" in path.read_text("utf-8")]
    assert chapters
    for path in chapters:
        assert f"chapters/{path.name}::cell 1\n" in listed
        assert f"chapters/{path.name}::reference file\n" in listed
