"""The slider: its tiers show the same picture, and its page stays small, reachable and unambiguous."""

import copy
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.figure import Figure

from optlib import plots
from optlib.plots.interactive import Explorer

STEPS = np.linspace(0.01, 0.1, 7).round(3)


def draw(fig: Figure, eta: float) -> str:
    """Contours (the same in every frame), a path that grows, a title that changes."""
    ax = fig.subplots()
    grid = np.linspace(-2, 2, 60)
    x, y = np.meshgrid(grid, grid)
    ax.contour(x, y, x**2 + 10 * y**2, levels=np.geomspace(0.1, 40, 12), colors="0.6", linestyles="-")
    path = [np.array([1.8, 1.5])]
    for _ in range(int(100 * eta) + 2):
        path.append(path[-1] - eta * np.array([2, 20]) * path[-1])
    ax.plot(*np.array(path).T, "o-", label="path")
    if eta > 0.05:
        ax.plot([0], [0], "k*", label="minimiser")
    ax.set(xlim=(-2, 2), ylim=(-2, 2), title=f"step {eta:.3f}")
    ax.legend(loc="upper right")
    return f"With step {eta:.3f} & {len(path) - 1} steps it ends at {np.linalg.norm(path[-1]):.3g} < 4."


@pytest.fixture(scope="module")
def example() -> Explorer:
    return plots.explorer(draw, label="Step size η", values=STEPS, start=0.055, alt="Contours <and> a path")


# --- reading the static page as a browser does ---------------------------------------------------


class Page(HTMLParser):
    """Start tags with their attributes, and the text of each element that has some."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open = ""
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_data(self, data):
        if data.strip():
            self.texts.setdefault(self._open, []).append(data.strip())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def data_of(markup: str) -> dict:
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', markup, re.DOTALL)[1])


def local(tag: str) -> str:
    return tag.rpartition("}")[2]


def expanded(element: ET.Element, definitions: dict[str, ET.Element]) -> list:
    """What is drawn, as nested lists: each use stands for its definition, plain groups for their children."""
    if local(element.tag) in ("defs", "title"):
        return []
    attributes = {k: v for k, v in element.attrib.items() if k not in ("id", "data-slot")}
    content = [item for child in element for item in expanded(child, definitions)]
    if local(element.tag) == "use":
        target = expanded(definitions[attributes.pop("href").removeprefix("#")], definitions)
        return [["use", attributes, target]] if attributes else target
    for key, value in attributes.items():
        if match := re.fullmatch(r"url\(#(.+)\)", value):
            attributes[key] = str(expanded(definitions[match[1]], definitions))
    if local(element.tag) == "g" and not attributes:
        return content
    return [[local(element.tag), attributes, content]]


def drawn(svg: str, elsewhere: str = "") -> list:
    """The drawing of one `<svg>`, every reference resolved; an unresolved one is a KeyError."""
    root = ET.fromstring(svg)
    definitions = {
        element.attrib["id"]: element
        for tree in (root, *([ET.fromstring(elsewhere)] if elsewhere else []))
        for element in tree.iter()
        if "id" in element.attrib
    }
    return [item for child in root for item in expanded(child, definitions)]


def static_frames(markup: str) -> tuple[list[list], list[list]]:
    """What the slider shows at each of its values, and the key frames."""
    shared, live, *keys = re.findall(r"<svg.*?</svg>", markup, re.DOTALL)
    shared = shared.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    slots = data_of(markup)["slots"]
    frames = []
    for i in range(len(data_of(markup)["values"])):
        root = ET.fromstring(live)
        for place in root.iter():
            if "data-slot" in place.attrib:
                slot = slots[int(place.attrib["data-slot"])]
                new = ET.fromstring(f'<g xmlns="http://www.w3.org/2000/svg">{slot["parts"][slot["at"][i]]}</g>')
                place[:] = copy.deepcopy(list(new))
        frames.append(drawn(ET.tostring(root, encoding="unicode"), shared))
    return frames, [drawn(key, shared) for key in keys]


# --- the tiers agree -----------------------------------------------------------------------------


def test_static_and_live_tiers_show_the_same_picture_sentence_and_name(example: Explorer):
    markup = example.to_html()
    frames, _ = static_frames(markup)
    data = data_of(markup)
    slider, picture = example.widget.children
    for i, value in enumerate(STEPS):
        slider.value = value
        live = re.search(r"<svg.*</svg>", picture.value, re.DOTALL)[0]
        assert drawn(live) == frames[i], f"the pictures differ at {value}"
        assert ET.fromstring(live).attrib["aria-label"] == data["alts"][i]
        assert re.search('<p role="status">(.*)</p>', picture.value)[1] == (
            data["sentences"][i].replace("&", "&amp;").replace("<", "&lt;")
        )
        assert data["sentences"][i] == draw(Figure(), value)
    assert len({str(frame) for frame in frames}) == len(STEPS), "frames that should differ do not"


def test_key_frames_show_what_the_slider_shows(example: Explorer):
    markup = example.to_html()
    frames, keys = static_frames(markup)
    assert keys == [frames[0], frames[3], frames[-1]]
    captions = Page(markup).texts["figcaption"]
    assert captions == [f"Step size η = {STEPS[i]}: {data_of(markup)['sentences'][i]}" for i in (0, 3, 6)]
    assert repr(example).splitlines() == captions


def test_the_live_tier_draws_between_the_precomputed_values(example: Explorer):
    slider, picture = example.widget.children
    slider.value = 0.0333
    assert "With step 0.033" in picture.value
    slider.value = 0.055


def test_a_notebook_gets_all_tiers(example: Explorer):
    bundle = example._repr_mimebundle_()
    assert bundle.keys() == {"text/html", "text/plain", "application/vnd.jupyter.widget-view+json"}
    assert bundle["text/plain"] == repr(example)
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == example.widget.model_id


# --- the static page -----------------------------------------------------------------------------


def test_slider_is_labelled_and_says_its_value(example: Explorer):
    page = Page(example.to_html())
    (slider,) = page.all("input")
    assert page.all("label")[0]["for"] == slider["id"]
    assert slider.items() >= {"type": "range", "min": "0", "max": "6", "step": "1", "value": "3"}.items()
    assert slider["aria-valuetext"] == "0.055"
    assert page.all("output")[0].items() >= {"for": slider["id"], "aria-live": "polite"}.items()
    assert "With step 0.055" in page.texts["output"][0]


def test_every_picture_is_named_by_what_it_shows(example: Explorer):
    pictures = [svg for svg in Page(example.to_html()).all("svg") if svg.get("role") == "img"]
    assert len(pictures) == 4
    for picture in pictures:
        assert re.match(r"Contours <and> a path\. Step size η = 0\.\d+\. With step", picture["aria-label"])
        assert "viewbox" in picture
        assert "max-width:100%" in picture["style"]


def test_without_javascript_the_slider_is_hidden_and_the_key_frames_are_not(example: Explorer):
    blocks = {block.get("class"): block for block in Page(example.to_html()).all("div")}
    assert "hidden" in blocks["explorer-live"]
    assert "hidden" not in blocks["explorer-frames"]


def test_ids_are_unique_on_a_page_and_all_references_resolve(example: Explorer):
    markup = example.to_html() + example.to_html()
    ids = [attributes["id"] for _, attributes in Page(markup).tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    used = set(re.findall(r'(?:href=\\?"|url\()#([^")\\]+)', markup))
    assert used
    assert used <= set(ids)


def test_a_hatch_is_drawn_in_all_tiers():
    """Matplotlib refers to it inside a style; unresolved, the bars would be invisible."""

    def bars(fig: Figure, height: float) -> str:
        fig.subplots().bar([0, 1], [1.0, height], hatch="//")
        return f"Height {height}."

    hatched = plots.explorer(bars, label="Height", values=[1.0, 2.0], alt="Bars")
    for markup in (hatched.to_html(), hatched.to_live_html(1.5)):
        ids = {attributes["id"] for _, attributes in Page(markup).tags if "id" in attributes}
        hatches = re.findall(r"fill: url\(#([^)]+)\)", markup)
        assert hatches
        assert set(hatches) <= ids


def test_thirty_frames_of_contours_and_a_path_stay_small():
    many = plots.explorer(
        draw, label="Step size", values=np.linspace(0.005, 0.099, 30).round(4), alt="Contours and a path"
    )
    size = len(many.to_html().encode())
    alone = len(many.to_live_html(0.05).encode())
    assert size < 150_000
    assert size < 30 * alone / 5, "what frames share is not stored once"


def test_the_same_values_give_the_same_page():
    def page() -> str:
        return plots.explorer(draw, label="Step", values=[0.01, 0.02], alt="A path").to_html()

    assert re.sub(r"explorer\d+", "", page()) == re.sub(r"explorer\d+", "", page())


def test_text_cannot_end_the_script():
    def bad(fig: Figure, word: str) -> str:
        fig.subplots().set_title(word)
        return f"</script><b>{word}</b>"

    shown = plots.explorer(bad, label="Word", values=["one", "two"], alt="A title").to_html()
    assert shown.count("</script>") == 1
    assert "<b>" not in shown.replace(re.search(r"<script.*</script>", shown, re.DOTALL)[0], "")
    assert data_of(shown)["sentences"] == ["</script><b>one</b>", "</script><b>two</b>"]


# --- the slider of the live tier -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (STEPS, "FloatSlider"),
        (np.geomspace(1e-3, 1, 7), "FloatLogSlider"),
        (range(1, 6), "IntSlider"),
        ([1, 2, 50], "SelectionSlider"),
        ([3.0, 2.0, 1.0], "SelectionSlider"),
        (["fixed", "exact"], "SelectionSlider"),
    ],
)
def test_live_slider_fits_its_values(values, kind):
    def plain(fig: Figure, value: object) -> str:
        fig.subplots().set_title(str(value))
        return f"Now {value}."

    shown = plots.explorer(plain, label="Value", values=values, start=values[1], alt="A title")
    slider, picture = shown.widget.children
    assert type(slider).__name__ == kind
    assert slider.value == (pytest.approx(values[1]) if kind == "FloatLogSlider" else values[1])
    slider.value = values[-1]
    assert f"Now {values[-1]}" in picture.value


def test_an_error_while_sliding_is_shown_and_raised():
    def moody(fig: Figure, value: int) -> str:
        fig.subplots()
        if value == 2:
            raise ArithmeticError("no <such> step")
        return "Fine."

    shown = plots.explorer(moody, label="k", values=[1, 3], alt="Axes")
    slider, picture = shown.widget.children
    assert type(slider).__name__ == "IntSlider"
    with pytest.raises(ArithmeticError, match="no <such> step"):
        slider.value = 2
    assert picture.value == '<pre role="alert">ArithmeticError: no &lt;such&gt; step</pre>'


# --- bad input -----------------------------------------------------------------------------------


def nothing(fig: Figure, value: object) -> None:
    fig.subplots()


def empty(fig: Figure, value: object) -> str:
    return "Nothing drawn."


def growing(fig: Figure, value: float) -> str:
    fig.set_size_inches(4 + value, 4)
    fig.subplots()
    return "It grows."


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"draw": None}, TypeError, "draw must be a function draw"),
        ({"label": " "}, ValueError, "label must be a text"),
        ({"alt": ""}, ValueError, "alt must be a text"),
        ({"alt": None}, ValueError, "alt must be a text"),
        ({"values": []}, ValueError, "values must hold at least two values .* got 0"),
        ({"values": [1, 1]}, ValueError, "values must differ .* got 1, 1"),
        ({"values": [0.1, 0.1 + 1e-9]}, ValueError, "values must differ when written with four digits"),
        ({"start": 5}, ValueError, r"start must be among values \(1, 2, 3\), got 5"),
        ({"key_frames": [1, 9]}, ValueError, r"key_frames must be among values \(1, 2, 3\), got 9"),
        ({"key_frames": []}, ValueError, "key_frames must name at least one"),
        ({"draw": nothing}, TypeError, r"draw must return the sentence .* draw\(fig, 1\) returned None"),
        ({"draw": empty}, ValueError, r"draw must draw on the figure .* draw\(fig, 1\) left it empty"),
        ({"draw": growing}, ValueError, "draw must keep the figure's size"),
    ],
)
def test_bad_input_names_the_argument(change, error, message):
    def fine(fig: Figure, value: object) -> str:
        fig.subplots()
        return "Axes."

    arguments = {"draw": fine, "label": "k", "values": [1, 2, 3], "alt": "Axes"} | change
    with pytest.raises(error, match=message):
        plots.explorer(arguments.pop("draw"), **arguments)


def test_an_error_in_draw_ends_the_cell():
    with pytest.raises(ZeroDivisionError):
        plots.explorer(lambda fig, value: 1 / value, label="k", values=[0, 1], alt="Axes")
