"""Facts about the project as a whole that no single module's tests can see."""

import csv
import hashlib
import re
import shutil
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
DATA = ROOT / "chapters" / "data"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def project_files() -> list[Path]:
    """Every file that belongs to the project: tracked, or new and not ignored."""
    # safe.directory: a checkout that another user owns (a container's mount) is read all the same.
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def texts() -> dict[str, str]:
    """The text of every project file that is text, by its name."""
    found = {}
    for path in project_files():
        content = path.read_bytes()
        if b"\0" not in content:
            found[str(path.relative_to(ROOT))] = content.decode("utf-8")
    return found


def requirements(path: Path) -> dict[str, Requirement]:
    """The requirements of a file, by canonical name."""
    lines = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    parsed = [Requirement(line) for line in lines if line]
    return {canonicalize_name(requirement.name): requirement for requirement in parsed}


def pinned(path: Path) -> dict[str, str]:
    """The versions that a lock file pins, by canonical name."""
    found = {}
    for name, requirement in requirements(path).items():
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), f"{path.name} does not pin {name}"
        found[name] = str(requirement.specifier).removeprefix("==")
    return found


# --- One fact, one place -------------------------------------------------------------------------


def test_the_repository_address_stands_in_one_file():
    address = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
    owner_and_name = address.removeprefix("https://github.com/")
    assert re.fullmatch(r"[\w.-]+/[\w.-]+", owner_and_name), f"repository.url is no GitHub address: {address}"
    assert [name for name, text in texts().items() if owner_and_name in text] == ["_config.yml"]


def test_the_version_is_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest is not None
    assert (citation["version"], newest[1]) == (PROJECT["version"], PROJECT["version"])


def test_no_file_names_a_package_host_or_a_place_on_someones_machine():
    # Installers know where packages come from; a mirror that one machine uses helps no other.
    hosts = r"py[p]i\.org|python[h]osted\.org|npm[j]s\.(?:org|com)|ana[c]onda\.org|deb\.[d]ebian\.org"
    indexes = r"(?:index|[f]ind)-(?:url|links)[ =]"
    homes = r"(?<![\w.])/(?:root|work|Users|home)/\w"
    found = [
        f"{name}: {match[0]}"
        for name, text in texts().items()
        for match in re.finditer(f"{hosts}|{indexes}|{homes}", text)
        if not match[0].startswith("/home/j")  # jovyan, the user of every Binder image
    ]
    assert found == []


PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "chapters/data/README.md")


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_of_the_repository_names_is_there(page: str):
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if not target.startswith("https://")]
    assert [target for target in links if not (ROOT / page).parent.joinpath(target).exists()] == []
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE)) <= targets


def test_the_example_of_the_readme_runs(capsys: pytest.CaptureFixture[str]):
    example = re.search(r"^( *)```python\n(.*?)^\1```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert example is not None
    names: dict[str, Any] = {}
    exec(textwrap.dedent(example[2]), names)
    assert names["result"].success
    assert names["result"].message in capsys.readouterr().out


# --- Dependencies --------------------------------------------------------------------------------


def test_the_lock_satisfies_pyproject():
    locked = pinned(ROOT / "requirements.txt")
    asked = list(PROJECT["dependencies"])
    for extra in ("plots", "book", "test"):
        asked += PROJECT["optional-dependencies"][extra]
    for requirement in map(Requirement, asked):
        version = locked.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} is not in requirements.txt; run: make lock"
        assert requirement.specifier.contains(version, prereleases=True), f"{requirement}: locked is {version}"


def test_the_lock_of_the_coursework_fits_pyproject_and_the_book():
    locked, book = pinned(ROOT / "chapters/assignments/requirements.txt"), pinned(ROOT / "requirements.txt")
    asked = [Requirement(r) for group in ("plots", "coursework") for r in PROJECT["optional-dependencies"][group]]
    for requirement in [*map(Requirement, PROJECT["dependencies"]), *asked]:
        version = locked[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version, prereleases=True), f"{requirement}: locked is {version}"
    shared = locked.keys() & book.keys()
    assert {name: locked[name] for name in shared} == {name: book[name] for name in shared}, "run: make lock"


def test_this_environment_is_the_lock():
    from importlib.metadata import version

    environment = default_environment()
    differing = {
        name: (version(name), str(requirement.specifier))
        for name, requirement in requirements(ROOT / "requirements.txt").items()
        if (requirement.marker is None or requirement.marker.evaluate(environment))
        and version(name) not in requirement.specifier
    }
    assert differing == {}, "run: make venv"


def test_importing_optlib_loads_no_plotting_and_no_widgets():
    program = "import sys, optlib; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    packages = set(loaded.stdout.split())
    assert {"optlib", "numpy"} <= packages
    assert packages & {"matplotlib", "ipywidgets", "IPython", "tqdm"} == set()


def test_the_benchmarks_are_found_and_do_not_run_themselves():
    program = "import runpy; print(*runpy.run_path('tests/benchmarks/__main__.py')['NAMES'])"
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    on_disk = {path.stem for path in (ROOT / "tests" / "benchmarks").glob("*.py")}
    assert set(found.stdout.split()) == on_disk - {"__main__", "timing"}


# --- Data ----------------------------------------------------------------------------------------


def test_every_data_file_is_the_one_that_its_readme_describes():
    sections = re.split(r"^## ", (DATA / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    described = {}
    for section in sections:
        name, checksum = re.match(r"`([^`]+)`", section), re.search(r"SHA-256 \| `([0-9a-f]{64})`", section)
        assert name is not None, f"no file name in the heading: {section[:40]!r}"
        assert checksum is not None, f"no SHA-256 in the section on {name[1]}"
        assert "Licence" in section, f"no licence in the section on {name[1]}"
        described[name[1]] = checksum[1]
    files = [path for path in DATA.rglob("*") if path.is_file() and path.name != "README.md"]
    assert {str(path.relative_to(DATA)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files} == described


def test_breast_cancer_data_is_what_its_readme_says():
    path = DATA / "breast-cancer.csv"
    data = np.loadtxt(path, delimiter=",", skiprows=1)
    with path.open(encoding="utf-8", newline="") as file:
        names = next(csv.reader(file))
    assert data.shape == (569, 31)
    assert (len(set(names)), names[0], names[-1]) == (31, "mean radius", "malignant")
    malignant = data[:, -1] == 1
    assert (malignant.sum(), (data[:, -1] == 0).sum()) == (212, 357)
    # Malignant nuclei are the larger ones: labels the wrong way round would show here.
    assert data[malignant, 0].mean() > 1.3 * data[~malignant, 0].mean()
    # The ranges that scikit-learn's description of the data set publishes.
    published = {
        "mean radius": (6.981, 28.11),
        "mean area": (143.5, 2501.0),
        "perimeter error": (0.757, 21.98),
        "worst texture": (12.02, 49.54),
        "worst concavity": (0.0, 1.252),
    }
    for name, expected in published.items():
        column = data[:, names.index(name)]
        assert (column.min(), column.max()) == expected, name


def test_digits_data_is_what_its_readme_says():
    path = DATA / "digits.csv"
    data = np.loadtxt(path, delimiter=",", skiprows=1, dtype=int)
    with path.open(encoding="utf-8", newline="") as file:
        names = next(csv.reader(file))
    assert data.shape == (1797, 65)
    assert names == [f"pixel {i // 8} {i % 8}" for i in range(64)] + ["digit"]
    assert (data[:, :-1].min(), data[:, :-1].max()) == (0, 16)
    assert np.bincount(data[:, -1]).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    inked = (data[:, :-1] > 0).sum(axis=0)
    assert ((inked == 0).sum(), (inked < 40).sum()) == (3, 12)
    # A zero has a hole where an eight has ink: rows and columns the wrong way round, or labels moved, would show here.
    pictures, digit = data[:, :-1].reshape(-1, 8, 8), data[:, -1]
    assert pictures[digit == 0, 3:5, 3:5].mean() < 1 < 8 < pictures[digit == 1, 3:5, 3:5].mean()
    assert pictures[digit == 7, :2].mean() > 1.3 * pictures[digit == 6, :2].mean()


def test_auto_mpg_data_is_what_its_readme_says():
    path = DATA / "auto-mpg.csv"
    data = np.loadtxt(path, delimiter=",", skiprows=1)
    with path.open(encoding="utf-8", newline="") as file:
        names = next(csv.reader(file))
    assert data.shape == (392, 8)
    assert (names[3], names[-1]) == ("weight", "mpg")
    assert (data[:, 5].min(), data[:, 5].max()) == (70, 82)
    assert np.bincount(data[:, 6].astype(int)).tolist() == [0, 245, 68, 79]
    assert (data[:, -1].min(), data[:, -1].max()) == (9.0, 46.6)
    assert np.corrcoef(data[:, 3], data[:, -1])[0, 1] < -0.8  # heavy cars do not go far


# --- The cache of executed notebooks -------------------------------------------------------------


@pytest.fixture
def small_checkout(tmp_path: Path) -> Path:
    """What `make cache` looks at, looked at once; the environment is a name only."""
    for folder in ("optlib", "chapters/data", "chapters/exercises", "chapters/studies"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "pyproject.toml", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    environment = tmp_path / ".venv"
    environment.mkdir()
    (environment / "pyvenv.cfg").write_text("version = 3.11.7\n")
    make_cache(tmp_path)
    return tmp_path


def make(checkout: Path, *arguments: str) -> str:
    """Run `make` with the environment counted as up to date; give what it prints."""
    command = ["make", "--silent", "--old-file=.venv/.ready", *arguments]
    return subprocess.run(command, cwd=checkout, check=True, capture_output=True, text=True).stdout


def make_cache(checkout: Path) -> Path:
    """Run `make cache`; give the folder of executed notebooks."""
    make(checkout, "cache")
    return checkout / "_build" / ".jupyter_cache"


def test_the_book_is_built_strictly_and_after_the_cache_is_looked_at(small_checkout: Path):
    planned = make(small_checkout, "--dry-run", "book")
    assert re.search(r"rm -rf _build/\.jupyter_cache.*jupyter-book build \. .*", planned, re.DOTALL)
    build = next(line for line in planned.splitlines() if "jupyter-book build" in line)
    assert {"--all", "-W", "--keep-going", "-n"} <= set(build.split())


def test_an_unchanged_project_keeps_executed_notebooks(small_checkout: Path):
    cache = small_checkout / "_build" / ".jupyter_cache"
    cache.mkdir()
    compiled = small_checkout / "optlib" / "__pycache__"
    compiled.mkdir()
    (compiled / "problem.pyc").write_bytes(b"made by an import, no source")
    (small_checkout / "optlib" / "__init__.py").touch()
    assert make_cache(small_checkout).exists()


@pytest.mark.parametrize(
    "change",
    ["optlib/problem.py", "requirements.txt", "chapters/data/breast-cancer.csv", "chapters/exercises/newton.py"],
)
def test_a_change_of_what_notebooks_run_on_drops_their_outputs(small_checkout: Path, change: str):
    cache = small_checkout / "_build" / ".jupyter_cache"
    cache.mkdir()
    with (small_checkout / change).open("a") as file:
        file.write("# changed\n")
    assert not make_cache(small_checkout).exists()
    cache.mkdir()
    assert make_cache(small_checkout).exists(), "the new state was not remembered"


def test_a_new_or_a_removed_module_drops_executed_notebooks(small_checkout: Path):
    cache = small_checkout / "_build" / ".jupyter_cache"
    cache.mkdir()
    new = small_checkout / "optlib" / "methods" / "new.py"
    new.write_text("")
    assert not make_cache(small_checkout).exists()
    cache.mkdir()
    new.unlink()
    assert not make_cache(small_checkout).exists()


def test_every_chapter_has_its_place_in_the_contents():
    contents = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    named = {
        name.removesuffix(".md")
        for name in re.findall(r"(?:file|root): chapters/((?:api/)?[^\s/]+)$", contents, re.MULTILINE)
    }
    pages = [page for pattern in ("*.md", "api/*.md") for page in (ROOT / "chapters").glob(pattern)]
    assert {page.relative_to(ROOT / "chapters").with_suffix("").as_posix() for page in pages} == named
