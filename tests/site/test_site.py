"""The built site in a real browser: every page, wide and narrow, light and dark, cut off from the world."""

import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import SITE
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Route

FRONT = "index.html"  # leads on to the first chapter
PAGES = [str(path.relative_to(SITE)) for path in SITE.rglob("*.html") if "_static" not in path.parts]
# Without a site there is still one page to ask for, so that its tests say what is missing.
PAGES = sorted({*PAGES} - {FRONT}) or [FRONT]
CHAPTERS = [page for page in PAGES if page.startswith("chapters/")] or PAGES
WIDE, PHONE = (1280, 900), (390, 844)
THEME = "document.documentElement.dataset.theme"
DESCRIPTION = "{http://purl.org/dc/elements/1.1/}description"


@dataclass
class Visit:
    """A page that was opened, and what went wrong on the way."""

    page: Page
    failed: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


def open_page(browser: Browser, site: str, name: str, **options: object) -> Visit:
    """Open a page with every other host blocked; wait until its formulas are set."""
    context = browser.new_context(reduced_motion="reduce", **options)  # type: ignore[arg-type]
    visit = Visit(context.new_page())

    def block(route: Route) -> None:
        visit.elsewhere.append(route.request.url)
        route.abort()

    context.route(re.compile(rf"^(?!{re.escape(site)}|data:|blob:)"), block)
    page = visit.page
    page.on("requestfailed", lambda request: visit.failed.append(f"{request.url}: {request.failure}"))
    page.on("response", lambda r: visit.failed.append(f"{r.url}: {r.status}") if r.status >= 400 else None)
    page.on("pageerror", lambda error: visit.messages.append(str(error)))
    page.on("console", lambda m: visit.messages.append(m.text) if m.type in ("error", "warning") else None)
    page.goto(site + name)
    if options.get("java_script_enabled", True):
        page.evaluate("() => window.MathJax?.startup?.promise?.then(() => undefined)")
        page.evaluate("() => document.fonts.ready.then(() => undefined)")
    return visit


@pytest.fixture(scope="module", params=PAGES)
def name(request: pytest.FixtureRequest) -> str:
    """Each page in turn. All tests of a page run in one worker (tests/conftest.py), one after the other."""
    return request.param


@pytest.fixture(scope="module")
def opened(browser: Browser, site: str) -> Iterator[Callable[[str, tuple[int, int]], Visit]]:
    """Pages that stay open from test to test: setting the formulas of one takes seconds."""
    visits: dict[tuple[str, tuple[int, int]], Visit] = {}

    def get(name: str, size: tuple[int, int]) -> Visit:
        for other in [key for key in visits if key[0] != name]:
            visits.pop(other).page.context.close()
        if (name, size) not in visits:
            visits[name, size] = open_page(browser, site, name, viewport={"width": size[0], "height": size[1]})
        return visits[name, size]

    yield get
    for visit in visits.values():
        visit.page.context.close()


@pytest.fixture(params=[WIDE, PHONE], ids=["1280", "390"])
def visit(request: pytest.FixtureRequest, opened: Callable[..., Visit], name: str) -> Visit:
    """A page as a reader opens it, on a wide screen and on a phone."""
    return opened(name, request.param)


@pytest.fixture
def wide(opened: Callable[..., Visit], name: str) -> Page:
    """A page on a wide screen, for what does not depend on the screen."""
    return opened(name, WIDE).page


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, wide: Page) -> Iterator[Page]:
    """The same page after the machine was set to light or to dark."""
    wide.emulate_media(color_scheme=request.param)
    wide.wait_for_function(f"{THEME} === '{request.param}'")
    yield wide
    wide.emulate_media(color_scheme="light")


# --- every page, every view ----------------------------------------------------------------------


def test_everything_comes_from_the_site_and_nothing_fails(visit: Visit):
    assert (visit.elsewhere, visit.failed, visit.messages) == ([], [], [])


def test_the_page_does_not_scroll_sideways(visit: Visit):
    # What is wide may scroll within itself; whatever is not within such a box must fit.
    wider = visit.page.evaluate(
        """() => {
          const scrolls = (e) => e && e !== document.body &&
            (getComputedStyle(e).overflowX !== "visible" || scrolls(e.parentElement));
          const sticking = [...document.querySelectorAll("main article *")].filter((e) =>
            e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1 && !scrolls(e.parentElement));
          const page = document.scrollingElement;
          return [page.scrollWidth > innerWidth ? `page: ${page.scrollWidth} px` : null,
                  ...sticking.map((e) => `${e.outerHTML.slice(0, 80)} to ${e.getBoundingClientRect().right} px`)]
            .filter(Boolean);
        }"""
    )
    assert wider == []


def test_every_formula_is_set(visit: Visit):
    unset = visit.page.evaluate(
        """() => [...document.querySelectorAll("main .math")]
          .filter((e) => !e.querySelector("mjx-container") || e.querySelector("mjx-merror, [data-mjx-error]"))
          .map((e) => e.textContent.slice(0, 80))"""
    )
    assert unset == []


def test_a_mark_behind_a_formula_does_not_start_a_line(visit: Visit):
    apart = visit.page.evaluate(
        """() => [...document.querySelectorAll("main span.math")].filter((formula) => {
          const next = formula.nextSibling;
          if (next?.nodeType !== Node.TEXT_NODE || !/^[.,;:]/.test(next.data)) return false;
          const mark = document.createRange();
          mark.setStart(next, 0);
          mark.setEnd(next, 1);
          return mark.getBoundingClientRect().top > formula.getBoundingClientRect().bottom;
        }).map((formula) => formula.outerHTML.slice(0, 80))"""
    )
    assert apart == []


def test_what_scrolls_can_be_reached_by_the_keyboard(visit: Visit):
    unreachable = visit.page.evaluate(
        """() => [...document.querySelectorAll("main article *")]
          .filter((e) => ["auto", "scroll"].includes(getComputedStyle(e).overflowX) &&
            e.checkVisibility() && e.scrollWidth > e.clientWidth + 1 && e.tabIndex < 0)
          .map((e) => e.outerHTML.slice(0, 100))"""
    )
    assert unreachable == []


def test_formulas_are_no_stops_on_the_way(wide: Page):
    """A formula that fits its line must not have to be tabbed past; a few are wider than any line."""
    wide.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
    stops = wide.evaluate("[...document.querySelectorAll('main mjx-container')].filter(e => e.tabIndex === 0).length")
    assert stops <= 3


def test_code_that_is_shown_fits_the_page(wide: Page):
    cut = wide.evaluate(
        """() => [...document.querySelectorAll("main pre")].filter(e =>
            e.checkVisibility() && e.scrollWidth > e.clientWidth + 1).map(e => e.textContent.slice(0, 60))"""
    )
    assert cut == []


CONTRAST = "color-contrast"
# A word of code is an element, and a chapter has thousands: one of each kind and place is enough for axe.
ONE_WORD_OF_EACH_KIND = """() => {
  const seen = new Set();
  const again = [...document.querySelectorAll(".highlight pre span")].filter((span) => {
    const kind = `${span.className} ${Boolean(span.closest(".cell"))}`;
    return seen.has(kind) || !seen.add(kind);
  });
  again.forEach((span) => span.replaceWith(...span.childNodes));
}"""


# Colours depend on the theme alone and the rest on the width alone, so three runs see all four views.
@pytest.mark.parametrize(
    ("size", "scheme", "rules"),
    [
        (WIDE, "light", {}),
        (WIDE, "dark", {"runOnly": [CONTRAST]}),
        (PHONE, "light", {"rules": {CONTRAST: {"enabled": False}}}),
    ],
    ids=["1280-light", "1280-dark", "390"],
)
def test_axe_finds_nothing_serious(
    browser: Browser, site: str, name: str, size: tuple[int, int], scheme: Literal["light", "dark"], rules: dict
):
    # Formulas stay unset: MathJax makes thousands of elements of them, which would take axe minutes.
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce"
    )
    page.route(re.compile("/mathjax/"), lambda route: route.abort())
    page.goto(site + name)
    page.evaluate(ONE_WORD_OF_EACH_KIND)
    result = Axe().run(page, options={"resultTypes": ["violations"], **rules}).response
    page.close()
    serious = [
        f"{rule['id']}: {rule['help']}: {node['target']} {node['html'][:100]}"
        for rule in result["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]
    assert serious == []


# --- figures -------------------------------------------------------------------------------------


def figures(page: Page) -> list[Locator]:
    return page.locator("main div.cell_output img").all()


def test_every_figure_says_what_it_shows_and_its_data(wide: Page):
    for image in figures(wide):
        alt = image.get_attribute("alt") or ""
        source = wide.evaluate("(image) => image.src", image.element_handle())
        described = ET.fromstring(wide.request.get(source).body()).find(f".//{DESCRIPTION}")
        assert described is not None, f"{source} carries no description: was plots.use_style() called?"
        assert described.text, f"{source} carries an empty description"
        typed = alt.removesuffix(described.text)
        assert alt != typed, f"the alt text lacks the figure's data: {alt}"
        assert len(typed) > 20, f"the alt text does not say what is to be seen: {alt}"


def test_every_figure_has_a_caption(wide: Page):
    for image in figures(wide):
        caption = image.evaluate("(image) => image.closest('figure')?.querySelector('figcaption')?.innerText")
        assert caption, f"no caption: {image.get_attribute('alt')}"
        assert re.match(r"Fig\. [\d.]+ ", caption), f"the caption has no number: {caption}"
        assert len(caption) > 40, f"the caption says too little: {caption}"


def pixels(element: Locator) -> np.ndarray:
    element.scroll_into_view_if_needed()
    return np.asarray(Image.open(io.BytesIO(element.screenshot())).convert("RGB"), dtype=float)


def ground(page: Page) -> np.ndarray:
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return np.array([float(part) for part in re.findall(r"[\d.]+", colour)[:3]])


def test_pictures_lie_on_the_pages_own_ground(themed: Page):
    themed.add_style_tag(content=".header-article { display: none !important }")  # it floats over pictures
    for picture in [*figures(themed), *themed.locator(".explorer-live svg[role=img]").all()]:
        drawn = pixels(picture)
        corners = drawn[[2, 2, -3, -3], [2, -3, 2, -3]]
        assert np.abs(corners - ground(themed)).max() <= 3, "a box is seen around a picture"
        assert np.abs(drawn - ground(themed)).max() > 100, "nothing stands out from the ground"


# --- sliders -------------------------------------------------------------------------------------


def frames(explorer: Locator) -> dict:
    return json.loads(explorer.locator("script").text_content() or "")


def test_sliders_move_by_arrow_keys_and_say_what_they_show(wide: Page):
    for explorer in wide.locator(".explorer").all():
        data = frames(explorer)
        slider, picture = explorer.locator("input"), explorer.locator(".explorer-live svg[role=img]")
        assert wide.locator(f"label[for={slider.get_attribute('id')}]").inner_text()
        slider.focus()
        seen = set()
        slider.press("Home")
        for i, sentence in enumerate(data["sentences"]):
            assert explorer.locator("output").inner_text() == " ".join(sentence.split())
            assert slider.get_attribute("aria-valuetext") == data["values"][i]
            assert explorer.locator(".explorer-value").inner_text() == data["values"][i]
            assert picture.get_attribute("aria-label") == data["alts"][i]
            assert sentence in data["alts"][i]
            seen.add(picture.inner_html())
            slider.press("ArrowRight")
        assert len(seen) == len(data["sentences"]), "two positions of the slider show the same picture"
        slider.press("ArrowLeft")
        assert explorer.locator("output").inner_text() == " ".join(data["sentences"][-2].split())


def test_the_keyboard_sees_where_it_is(wide: Page):
    for slider in wide.locator(".explorer input").all():
        slider.focus()
        slider.press("ArrowRight")  # a key press, or the browser shows no focus
        assert slider.evaluate("(e) => getComputedStyle(e).outlineStyle") == "solid"


def test_the_theme_can_be_switched_by_the_keyboard_again_and_again(browser: Browser, site: str):
    page = browser.new_page()
    page.goto(site + CHAPTERS[0])
    page.locator(".theme-switch-button").focus()
    modes = []
    for _ in range(3):
        page.keyboard.press("Enter")
        modes.append(page.evaluate("document.documentElement.dataset.mode"))
    assert len(set(modes)) == 3, modes
    page.close()


def test_sliders_are_large_enough_for_a_finger(visit: Visit):
    for slider in visit.page.locator(".explorer input").all():
        box = slider.bounding_box()
        assert box is not None
        assert (box["width"] >= 200, box["height"] >= 24) == (True, True), box


def assert_key_frames_are_shown(page: Page) -> None:
    for explorer in page.locator(".explorer").all():
        assert not explorer.locator(".explorer-live").is_visible()
        stacked = explorer.locator(".explorer-frames figure")
        assert stacked.count() >= 2
        sentences = frames(explorer)["sentences"]
        for figure in stacked.all():
            size = figure.locator("svg g").first.bounding_box()
            assert size is not None
            assert min(size["width"], size["height"]) > 100, "a key frame is not drawn"
            assert any(sentence in figure.locator("figcaption").inner_text() for sentence in sentences)


def test_print_shows_key_frames(wide: Page):
    wide.emulate_media(media="print")
    assert_key_frames_are_shown(wide)
    wide.emulate_media(media="screen")


def test_print_is_dark_on_white(wide: Page):
    wide.emulate_media(color_scheme="dark")
    wide.wait_for_function(f"{THEME} === 'dark'")
    wide.emulate_media(media="print")
    wide.wait_for_function(f"{THEME} === 'light'")
    assert ground(wide).min() >= 250
    wide.emulate_media(media="screen", color_scheme="light")
    wide.wait_for_function(f"{THEME} === 'light'")


def test_key_frames_are_shown_without_javascript(browser: Browser, site: str, name: str):
    page = open_page(browser, site, name, java_script_enabled=False).page
    assert_key_frames_are_shown(page)
    page.context.close()


# --- the book as a whole -------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_first_visit_has_the_machines_theme_from_the_start(browser: Browser, site: str, scheme: str):
    page = browser.new_page(color_scheme=scheme)
    page.route(re.compile("pydata-sphinx-theme.js"), lambda route: route.abort())  # it comes late
    page.goto(site + CHAPTERS[0])
    assert page.evaluate(THEME) == scheme
    page.close()


def test_the_front_page_leads_into_the_book(browser: Browser, site: str):
    page = browser.new_page()
    page.goto(site)
    page.wait_for_url(re.compile("/chapters/"))
    assert page.locator("article h1").inner_text()
    page.close()


def test_the_book_has_figures_formulas_and_sliders(site: str):
    # The tests above look at each one that there is; this one sees that there are some.
    book = "".join((SITE / page).read_text(encoding="utf-8") for page in CHAPTERS)
    for mark in ("<figure", 'class="math', 'class="explorer"'):
        assert book.count(mark) >= 2


def test_no_page_carries_the_state_of_a_widget(site: str):
    assert [page for page in PAGES if "widget-state+json" in (SITE / page).read_text(encoding="utf-8")] == []
