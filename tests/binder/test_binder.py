"""A reader presses the launch button: JupyterLab opens the chapter, runs it, and its explorer moves.

The environment is the one of `make lab`: the packages of Binder's image, then binder/ on top. It is
made once, under _build/. JupyterLab serves a fresh copy of the repository, with nothing of this
machine's settings.
"""

import ast
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jupytext
import pytest
import yaml
from browser import missing
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from playwright.sync_api import Browser, Page, Route, expect

pytestmark = pytest.mark.xdist_group("binder")

ROOT = Path(__file__).parents[2]
CHAPTER = "chapters/gradient-descent"
LOADS = 60_000  # milliseconds for JupyterLab to show something, on a slow machine
RUNS = 300_000  # milliseconds for all cells of a chapter: the book's own limit is 300 s for one


def pins(path: Path) -> dict[str, str]:
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    requirements = [Requirement(line) for line in lines if line]
    return {canonicalize_name(r.name): str(r.specifier) for r in requirements}


# --- what can be read off the files --------------------------------------------------------------


def test_binder_installs_the_versions_of_the_book() -> None:
    lock, binder = pins(ROOT / "requirements.txt"), pins(ROOT / "binder/requirements.txt")
    assert all(version.startswith("==") for version in binder.values()), "binder/requirements.txt: pin with =="
    shared = binder.keys() & lock.keys()
    assert {"numpy", "scipy", "matplotlib", "ipywidgets"} <= shared
    assert {name: binder[name] for name in shared} == {name: lock[name] for name in shared}


def launch_path() -> str:
    """Where the launch button leads, by sphinx-book-theme's rule."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    prefix = {"classic": "tree", "jupyterlab": "lab/tree"}[config["launch_buttons"]["notebook_interface"]]
    folder = config["repository"].get("path_to_book", "").strip("/")
    return "/".join(filter(None, [prefix, folder, CHAPTER])) + ".md"


def test_launch_button_of_the_built_page_leads_there() -> None:
    built = ROOT / "_build/html" / f"{CHAPTER}.html"
    if not built.exists():
        missing(f"{built.relative_to(ROOT)} is not there; `make book` builds it")
    hub = yaml.safe_load((ROOT / "_config.yml").read_text())["launch_buttons"]["binderhub_url"]
    links = {unescape(link) for link in re.findall(r'href="([^"]+)"', built.read_text())}
    paths = [parse_qs(urlsplit(link).query)["urlpath"] for link in links if link.startswith(hub)]
    assert paths == [[launch_path()]]


# --- the environment and the server --------------------------------------------------------------


@pytest.fixture(scope="module")
def environment() -> Path:
    folder = f"_build/binder-env-{sys.version_info.major}.{sys.version_info.minor}"
    command = ["make", f"{folder}/.ready", f"LAB_VENV={folder}", f"PYTHON={sys.executable}"]
    subprocess.run(command, cwd=ROOT, check=True, timeout=600)
    return ROOT / folder


@pytest.fixture(scope="module")
def repository() -> Iterator[Path]:
    """What a clone would hold, in a folder of its own."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder).resolve() / "repository"
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, copy / name)
        yield copy


@pytest.fixture(scope="module")
def variables(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment variables of Binder's image, without this user's settings."""
    own = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("JUPYTER", "IPYTHON", "PYTHON", "XDG_", "VIRTUAL_ENV", "MPL"))
    }
    return own | {
        "HOME": str(tmp_path_factory.mktemp("home")),
        "NB_PYTHON_PREFIX": str(environment),
        "PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}",
    }


@pytest.fixture(scope="module")
def built(repository: Path, variables: dict[str, str]) -> Path:
    subprocess.run([repository / "binder/postBuild"], cwd=repository, env=variables, check=True, timeout=120)
    return repository


@pytest.fixture(scope="module")
def server(built: Path, variables: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """JupyterLab on the copy; gives its address."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("lab") / "log"
    command = [
        Path(variables["NB_PYTHON_PREFIX"]) / "bin/jupyter", "lab", "--no-browser", "--allow-root",
        "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0",
        "--IdentityProvider.token=", "--expose-app-in-browser",
    ]  # fmt: skip
    with log.open("w") as stream:
        process = subprocess.Popen(command, cwd=built, env=variables, stdout=stream, stderr=stream)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + LOADS / 1000
        while not answers(f"{address}/api"):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"JupyterLab did not start:\n{log.read_text()}", pytrace=False)
            time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status == 200
    except OSError:
        return False


def test_binder_has_every_package_that_a_chapter_imports(built: Path, variables: dict[str, str]) -> None:
    imports = set()
    for chapter in sorted((built / "chapters").glob("*.md")):
        for cell in jupytext.read(chapter).cells:
            if cell.cell_type == "code":
                lines = [line for line in cell.source.splitlines() if not line.lstrip().startswith(("%", "!"))]
                for node in ast.walk(ast.parse("\n".join(lines))):
                    if isinstance(node, ast.Import | ast.ImportFrom):
                        imports.add(ast.unparse(node))
    assert "import optlib as ol" in imports
    python = Path(variables["NB_PYTHON_PREFIX"]) / "bin/python"
    command = [python, "-c", "\n".join(sorted(imports))]
    done = subprocess.run(command, cwd=built / "chapters", env=variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_student_editions_are_there_and_start(built: Path, variables: dict[str, str]) -> None:
    folder = built / "chapters/assignments/student"
    sources = sorted(path.stem for path in (built / "chapters/assignments").glob("[0-9]-*.md"))
    assert sorted(path.stem for path in folder.glob("*.ipynb")) == sources
    python = Path(variables["NB_PYTHON_PREFIX"]) / "bin/python"
    for path in folder.glob("*.ipynb"):
        cells = [cell for cell in jupytext.read(path).cells if cell.cell_type == "code"]
        set_up = [c.source for c in cells if not re.match(r"q\d", c.metadata["nbgrader"]["grade_id"])]
        command = [python, "-c", "\n".join([*set_up, "import optlib; print(optlib.__file__)"])]
        done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert done.stdout.split()[-1] == str(built / "optlib/__init__.py")


# --- in the browser ------------------------------------------------------------------------------


class Visit:
    """The chapter, opened in JupyterLab by the launch button's path."""

    def __init__(self, page: Page, server: str) -> None:
        self.page = page
        self.requests: list[str] = []
        self.refused: list[str] = []

        def serve(route: Route) -> None:
            url = route.request.url
            self.requests.append(url)
            if url.startswith((server, "data:", "blob:")):
                route.continue_()
            else:
                self.refused.append(url)
                route.abort()

        page.route("**/*", serve)
        page.goto(f"{server}/{launch_path()}")
        # A document is there: as notebook or as text, a test will tell.
        page.wait_for_function("window.jupyterapp?.shell.currentWidget?.context?.isReady", timeout=LOADS)

    def panel(self, expression: str, argument: Any = None) -> Any:
        """The value of a JavaScript expression on `panel`, the document in front."""
        script = f"async (argument) => {{ const panel = window.jupyterapp.shell.currentWidget; return {expression}; }}"
        return self.page.evaluate(script, argument)

    @property
    def cells(self) -> list[dict[str, Any]]:
        """All cells, from the model: JupyterLab keeps only those in view in the page."""
        return self.panel("panel.content.model.toJSON().cells")


@pytest.fixture(scope="module")
def visit(browser: Browser, server: str) -> Iterator[Visit]:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        yield Visit(context.new_page(), server)


def code(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [cell for cell in cells if cell["cell_type"] == "code" and "".join(cell["source"]).strip()]


def errors(cells: list[dict[str, Any]]) -> list[str]:
    """Errors of cells that do not announce one."""
    return [
        f"{output['ename']}: {output['evalue']}\nin the cell\n{''.join(cell['source'])}"
        for cell in code(cells)
        if "raises-exception" not in cell["metadata"].get("tags", [])
        for output in cell["outputs"]
        if output["output_type"] == "error"
    ]


@pytest.fixture(scope="module")
def executed(visit: Visit) -> Visit:
    """The chapter after Run > Run All Cells."""
    page = visit.page
    assert visit.panel("panel.hasClass('jp-NotebookPanel')"), "the chapter opened as text"
    visit.panel("await panel.sessionContext.ready")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    deadline = time.monotonic() + RUNS / 1000
    while True:
        cells = visit.cells
        waiting = [cell for cell in code(cells) if cell["execution_count"] is None]
        if not waiting or errors(cells):
            return visit
        if time.monotonic() > deadline:
            pytest.fail(f"after {RUNS // 1000} s cells still wait, the first:\n{waiting[0]['source']}", pytrace=False)
        page.wait_for_timeout(300)


def test_chapter_opens_as_a_notebook(visit: Visit) -> None:
    assert visit.panel("panel.context.path") == f"{CHAPTER}.md"
    assert visit.panel("panel.hasClass('jp-NotebookPanel')"), "the chapter opened as text"
    kinds = [cell["cell_type"] for cell in visit.cells]
    assert "code" in kinds
    assert "markdown" in kinds
    expect(visit.page.locator(".jp-Notebook h1").first).to_be_visible(timeout=LOADS)


def test_every_cell_runs(executed: Visit) -> None:
    assert errors(executed.cells) == []
    assert all(cell["execution_count"] for cell in code(executed.cells))


def test_kernel_works_in_the_chapters_folder_with_the_copy_of_optlib(executed: Visit, built: Path) -> None:
    answer = executed.panel(
        """await new Promise((resolve, reject) => {
          let text = "";
          const future = panel.sessionContext.session.kernel.requestExecute({code: argument, store_history: false});
          future.onIOPub = message => { text += message.content.text ?? message.content.evalue ?? ""; };
          future.done.then(() => resolve(text), reject);
        })""",
        "import os, optlib\nprint(os.getcwd())\nprint(optlib.__file__)\nprint(os.path.isdir('data'))",
    )
    assert answer.split() == [str(built / "chapters"), str(built / "optlib/__init__.py"), "True"]


def test_slider_moves_the_picture_and_its_sentence(executed: Visit) -> None:
    view = "application/vnd.jupyter.widget-view+json"
    shown = [
        (index, output["data"])
        for index, cell in enumerate(executed.cells)
        if cell["cell_type"] == "code"
        for output in cell["outputs"]
        if view in output.get("data", {}) and 'class="explorer"' in "".join(output["data"].get("text/html", ""))
    ]
    assert shown, "no cell of the chapter shows an explorer"
    index, data = shown[0]
    executed.panel("await panel.content.scrollToItem(argument, 'start')", index)

    cell = executed.page.locator(f".jp-Cell[data-windowed-list-index='{index}']")
    slider, picture, sentence = (cell.locator(css) for css in ("[role=slider]", "svg[role=img]", "[role=status]"))
    expect(picture).to_be_visible(timeout=LOADS)
    assert "<path" in picture.inner_html()

    # The kernel draws anew at each value; at the first and the last it says what the static page says.
    static = json.loads(re.search(r'<script type="application/json">(.*?)</script>', "".join(data["text/html"]))[1])
    slider.focus()
    pictures = []
    for key, text in (("Home", static["sentences"][0]), ("End", static["sentences"][-1])):
        slider.press(key)
        expect(sentence).to_have_text(text)
        pictures.append(picture.inner_html())
    assert pictures[0] != pictures[1]

    value = slider.get_attribute("aria-valuetext")
    slider.press("ArrowLeft")
    expect(slider).not_to_have_attribute("aria-valuetext", value)
    expect(picture).not_to_have_js_property("innerHTML", pictures[1])


def test_every_widget_is_displayed(executed: Visit) -> None:
    page = executed.page
    for index, cell in enumerate(executed.cells):
        if any("application/vnd.jupyter.widget-view+json" in o.get("data", {}) for o in cell.get("outputs", [])):
            executed.panel("await panel.content.scrollToItem(argument, 'start')", index)
            outputs = page.locator(f".jp-Cell[data-windowed-list-index='{index}'] .jp-OutputArea-output")
            expect(outputs.locator(".jupyter-widgets").first).to_be_visible(timeout=LOADS)
            expect(outputs.filter(has_text=re.compile(r"Error (displaying|creating) widget"))).to_have_count(0)


def test_nothing_is_asked_of_elsewhere(executed: Visit) -> None:
    assert executed.refused == []
    # JupyterLab's server passes these questions on to other hosts. Nor is the reader asked to allow them.
    passed_on = re.compile(r"/lab/api/(news|update|extensions)")
    assert [url for url in executed.requests if passed_on.search(url)] == []
    expect(executed.page.get_by_text("Jupyter news")).to_have_count(0)
    expect(executed.page.get_by_role("tab", name="Extension Manager")).to_have_count(0)
