"""A search by a usual name of a method leads, first of all, to the chapter about it."""

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page

SITE = Path(__file__).parents[2] / "_build" / "html"

# What is typed, and the page that the first result must lead to. Not typed here: a page's own title.
QUERIES = {
    "gradient descent": "gradient-descent",
    "steepest descent": "gradient-descent",
    "learning rate": "gradient-descent",
    "line search": "gradient-descent",
    "SGD": "stochastic-gradient",
    "stochastic gradient descent": "stochastic-gradient",
    "minibatch": "problem-classes",
    "momentum": "momentum",
    "Polyak momentum": "momentum",
    "heavy ball": "momentum",
    "NAG": "momentum",
    "Nesterov": "momentum",
    "Adam": "adaptive",
    "AdaGrad": "adaptive",
    "weight decay": "adaptive",
    "cosine schedule": "learning-rates",
    "warmup": "learning-rates",
    "BFGS": "quasi-newton",
    "L-BFGS": "quasi-newton",
    "Newton's method": "newton",
    "Hessian": "gradients-and-hessians",
    "trust region": "trust-region",
    "conjugate gradient": "trust-region",
    "KKT": "lagrangian-and-kkt",
    "Lagrange multiplier": "lagrangian-and-kkt",
    "SVM": "lagrangian-and-kkt",
    "interior point": "lagrangian-and-kkt",
    "simplex projection": "projected-gradient",
    "LASSO": "proximal-gradient",
    "soft thresholding": "proximal-gradient",
    "ISTA": "proximal-gradient",
    "proximal operator": "proximal-gradient",
    "ADMM": "admm",
    "ridge": "empirical-risk",
    "logistic regression": "empirical-risk",
    "convexity": "convexity-and-smoothness",
    "勾配降下法": "gradient-descent",
    "ニュートン法": "newton",
    "近接勾配法": "proximal-gradient",
}


@pytest.fixture(scope="module")
def search(browser: Browser) -> Iterator[Page]:
    """The search page of the built site, in one browser page for all queries."""
    if not (SITE / "search.html").is_file():
        pytest.fail("there is no built site in _build/html; run `make book` first", pytrace=False)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = browser.new_page(base_url=f"http://127.0.0.1:{server.server_port}/")
    # Each page that is found is fetched for its summary; neither that nor looks are what is looked at.
    page.route(re.compile(r"/chapters/|/mathjax/|\.css|\.woff2?|\.svg"), lambda route: route.abort())
    yield page
    page.close()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("query", QUERIES)
def test_the_first_result_is_the_chapter(search: Page, query: str):
    search.goto(f"search.html?q={quote(query)}", wait_until="commit")
    first = search.locator("#search-results ul.search li a").first
    found = re.search(r"chapters/(?:api/)?([\w-]+)\.html", first.get_attribute("href") or "")
    assert found is not None
    assert found[1] == QUERIES[query]
