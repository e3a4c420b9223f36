"""The headless Chromium that every browser test runs in, and the built site that it looks at.

Use the fixture `browser` (tests/conftest.py offers it to every test below tests/), or
`launch_browser()` where a context manager fits better. Either gives a Playwright `Browser`. The fixture `site` is
the address of the site in `_build/html`, which `make book` makes; `built` is its folder.
"""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

# Quiet the requests that Chromium makes for itself: a test sees only what the page asks for.
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SYSTEM_BROWSERS = ("chromium", "google-chrome", "chromium-browser")
SITE = Path(__file__).parents[1] / "_build" / "html"


def missing(reason: str) -> None:
    """A tool that a test needs is not there: a skip on someone's own machine, a failure under CI."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@contextmanager
def launch_browser() -> Iterator[Browser]:
    """A headless Chromium with a fresh profile: the system's own if there is one, else Playwright's."""
    installed = [path for name in SYSTEM_BROWSERS if (path := shutil.which(name))]
    failures = []
    with sync_playwright() as playwright:
        for executable in [*installed, None]:
            try:
                browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
                break
            except Error as error:
                failures.append(f"{executable or 'Playwright'}: {error.message.splitlines()[0]}")
        else:
            missing(
                "no Chromium could be started; install the system's `chromium`, or run "
                "`.venv/bin/playwright install chromium`. Tried: " + "; ".join(failures)
            )
        try:
            yield browser
        finally:
            browser.close()


# One a module, not one a session: Playwright's event loop stays on the thread as long as it runs,
# and tests of other modules may need a loop of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launch_browser() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def built() -> Path:
    """The folder of the built site."""
    if not (SITE / "index.html").is_file():
        pytest.fail("there is no built site in _build/html; run `make book` first", pytrace=False)
    return SITE


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(built: Path) -> Iterator[str]:
    """The address at which the built site is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(built)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
