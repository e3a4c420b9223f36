"""A search by a usual name of a method leads, first of all, to the chapter about it."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page

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
def search(browser: Browser, site: str) -> Iterator[Page]:
    """The search page of the built site, in one browser page for all queries."""
    page = browser.new_page(base_url=site)
    # Each page that is found is fetched for its summary; neither that nor looks are what is looked at.
    page.route(re.compile(r"/chapters/|/mathjax/|\.css|\.woff2?|\.svg"), lambda route: route.abort())
    yield page
    page.close()


@pytest.mark.parametrize("query", QUERIES)
def test_the_first_result_is_the_chapter(search: Page, query: str):
    search.goto(f"search.html?q={quote(query)}", wait_until="commit")
    first = search.locator("#search-results ul.search li a").first
    found = re.search(r"chapters/(?:api/)?([\w-]+)\.html", first.get_attribute("href") or "")
    assert found is not None
    assert found[1] == QUERIES[query]
