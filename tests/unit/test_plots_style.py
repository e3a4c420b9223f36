"""What figures say in words and numbers, and what a notebook shows of them."""

import re
import xml.etree.ElementTree as ET

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from optlib import plots
from optlib.plots.style import RC, render_svg


@pytest.fixture(autouse=True)
def course_style():
    with mpl.rc_context():
        plots.use_style()
        yield
    plt.close("all")


def two_lines() -> Figure:
    fig = Figure()
    ax = fig.subplots()
    t = np.arange(15)
    ax.semilogy(t, 0.5**t, label=r"$\eta = 0.1$")
    ax.semilogy(t, np.full(15, 1 / 3), label="noise floor")
    ax.axhline(1e-3, label="tol")
    ax.set(xlabel="iteration $t$", ylabel=r"$\|\nabla f(x_t)\|$", title="Descent")
    return fig


# --- describe ------------------------------------------------------------------------------------


def test_description_of_a_known_figure():
    assert plots.describe(two_lines()) == (
        "axes: Descent\n"
        "  x: iteration t; y: |nabla f(x_t)| [log]\n"
        '  line "eta = 0.1": 15 points: (0, 1), (2, 2.500e-01), (4, 6.250e-02), (6, 1.562e-02), (8, 3.906e-03),'
        " (10, 9.766e-04), (12, 2.441e-04), (14, 6.104e-05)\n"
        '  line "noise floor": 15 points: (0, 3.333e-01), (2, 3.333e-01), (4, 3.333e-01), (6, 3.333e-01),'
        " (8, 3.333e-01), (10, 3.333e-01), (12, 3.333e-01), (14, 3.333e-01)\n"
        '  horizontal line "tol" at 0.001'
    )


def test_description_changes_with_the_data_and_only_with_the_data():
    fig, same, other = two_lines(), two_lines(), two_lines()
    same.axes[0].lines[0].set_color("red")
    y = np.array(other.axes[0].lines[0].get_ydata())
    y[4] *= 1.001
    other.axes[0].lines[0].set_ydata(y)
    assert plots.describe(fig) == plots.describe(same)
    assert plots.describe(fig) != plots.describe(other)


def test_rounding_noise_is_zero_and_has_no_sign():
    fig = Figure()
    fig.subplots().plot([0.0, 1.0, 2.0], [1.0, -3e-17, -0.0])
    assert "3 points: (0, 1), (1, 0), (2, 0)" in plots.describe(fig)


def test_missing_values_are_said():
    fig = Figure()
    ax = fig.subplots()
    ax.plot([0, 1, 2], [1.0, np.nan, np.inf])
    ax.plot([0, 1], [np.nan, np.nan], label="lost")
    text = plots.describe(fig)
    assert "line: 3 points (2 not finite): (0, 1), (1, nan), (2, inf)" in text
    assert 'line "lost": 2 points (2 not finite)' in text
    assert 'Line "lost": no finite point.' in plots.alt_text(fig)


def test_empty_figures():
    assert plots.describe(Figure()) == "empty figure"
    assert plots.alt_text(Figure()) == "Empty figure."
    fig = Figure()
    fig.subplots().plot([], [], label="for the legend only")
    assert plots.describe(fig) == "axes\n  x: (no label); y: (no label)\n  (empty)"
    assert plots.alt_text(fig) == "Nothing is drawn."


def test_every_kind_of_drawing_is_described_by_its_data():
    fig = Figure()
    axes = fig.subplots(2, 3).ravel()
    x, y = np.meshgrid(np.linspace(-1, 1, 5), np.linspace(-1, 1, 4))
    axes[0].contour(x, y, x**2 + y**2, levels=[0.25, 0.5, 1.0])
    axes[0].scatter([0.5], [0.25], label="minimiser")
    axes[1].imshow(np.arange(6.0).reshape(2, 3))
    fig.colorbar(axes[1].images[0], ax=axes[1])
    axes[2].bar([1, 2, 3], [0.5, 2, 4], label="steps")
    axes[3].fill_between([0, 1], [0, 0], [1, 3], label="bound")
    axes[3].vlines([2], 0, 5, label="jump")
    axes[4].quiver([0], [1], [0.5], [-0.5])
    axes[4].annotate("start", (0, 1))
    axes[5].pcolormesh(x, y, x * y)
    axes[5].add_patch(mpl.patches.Circle((0, 0), 0.5, label="ball"))
    axes[5].axvline(2)
    text = plots.describe(fig)
    assert [line for line in text.splitlines() if not line.startswith("  x:")] == [
        "axes 1",
        "  contours: 3 levels, 0.25 to 1",
        '  scatter "minimiser": 1 point: (5.000e-01, 2.500e-01)',
        "axes 2",
        "  image: 2 x 3, 0 to 5",
        "axes 3",
        '  bars "steps": 3 points: (1, 5.000e-01), (2, 2), (3, 4)',
        "axes 4",
        '  area "bound": 7 points: (0, 1), (0, 0), (1, 0), (1, 3), (1, 3), (0, 1), (0, 1)',
        '  segments "jump": 2 points: (2, 0), (2, 5)',
        "axes 5",
        "  arrows (x, y, u, v): 1 point: (0, 1, 5.000e-01, -5.000e-01)",
        '  text "start"',
        "axes 6",
        "  vertical line at 2",
        "  colour mesh: -1 to 1",
        '  circle "ball": x -0.5 to 0.5, y -0.5 to 0.5',
    ]
    alt = plots.alt_text(fig)
    for part in ("Panel 1.", 'Marker "minimiser": at (0.5, 0.25).', "Image of 2 by 3 cells, 0 to 5.",
                 'Bars "steps": 3, 0.5 to 4.', 'Shaded area "bound".'):  # fmt: skip
        assert part in alt


def test_what_is_hidden_is_not_described():
    fig = Figure()
    ax = fig.subplots()
    ax.plot([0, 1], [2, 3], visible=False)
    assert "2 points" not in plots.describe(fig)
    ax.set_visible(False)
    assert plots.describe(fig) == "empty figure"


# --- alt_text ------------------------------------------------------------------------------------


def test_alt_text_of_a_known_figure():
    assert plots.alt_text(two_lines()) == (
        "Descent. Horizontal axis: iteration t; vertical axis: |nabla f(x_t)| (logarithmic). "
        'Line "eta = 0.1": 15 points, from (0, 1) to (14, 6.1e-05). '
        'Line "noise floor": 15 points, from (0, 0.333) to (14, 0.333). '
        'Horizontal line "tol" at 0.001.'
    )


def test_alt_text_names_the_turning_point_of_a_curve():
    fig = Figure()
    fig.subplots().plot([0, 1, 2, 3], [4.0, -1.0, 0.0, 2.0])
    assert plots.alt_text(fig) == "Line: 4 points, from (0, 4) to (3, 2), lowest at (1, -1)."


def test_alt_text_says_no_zero_on_a_logarithmic_axis():
    fig = Figure()
    fig.subplots().semilogy([0, 1, 2], [100.0, 1e-3, 1e-20])
    assert "Line: 3 points, from (0, 100) to (2, below 1e-10)." in plots.alt_text(fig)
    assert "(2, 0)" in plots.describe(fig)


def test_alt_text_stays_short():
    fig = Figure()
    ax = fig.subplots()
    for i in range(30):
        ax.plot([0, 1], [0, i])
    assert plots.alt_text(fig).endswith("And 22 more.")


@pytest.mark.parametrize(
    ("label", "plain"),
    [
        (r"$\frac{L R^2}{2t}$", "(L R^2)/(2t)"),
        (r"$\left\|x_t - x^\star\right\|$", "|x_t - x^*|"),
        (r"$\mathbf{x} \leq \sqrt{\kappa}$", "x <= sqrt(kappa)"),
        (r"step $\eta = 2 \times 10^{-3}$", "step eta = 2 x 10^-3"),
        ("plain words", "plain words"),
    ],
)
def test_formulas_become_words(label: str, plain: str):
    fig = Figure()
    fig.subplots().plot([0, 1], [0, 1], label=label)
    assert f'line "{plain}"' in plots.describe(fig)


@pytest.mark.parametrize("function", [plots.describe, plots.alt_text])
def test_only_figures_are_taken(function):
    with pytest.raises(TypeError, match="fig must be a matplotlib Figure, got Axes"):
        function(two_lines().axes[0])


# --- style and SVG -------------------------------------------------------------------------------


def test_lines_differ_without_colour_and_stand_out_on_white():
    cycle = list(RC["axes.prop_cycle"])  # type: ignore[call-overload]
    dashes = [str(style["linestyle"]) for style in cycle]
    assert len(set(dashes)) == len(cycle) >= 6

    def luminance(colour: str) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
        return float(np.dot([0.2126, 0.7152, 0.0722], linear))

    # WCAG asks 3:1 of graphics; only the last two, for plots of six lines and more, are paler.
    contrast = [1.05 / (luminance(style["color"]) + 0.05) for style in cycle]
    assert min(contrast[:3]) > 3
    assert min(contrast) > 2


def test_the_same_figure_gives_the_same_svg():
    assert render_svg(two_lines()) == render_svg(two_lines())


def test_svg_carries_its_description_and_no_fonts():
    root = ET.fromstring(render_svg(two_lines(), tight=True))
    described = root.find(".//{http://purl.org/dc/elements/1.1/}description")
    assert described is not None
    assert described.text == plots.alt_text(two_lines())
    assert root.findall(".//{http://www.w3.org/2000/svg}text") == []
    assert root.find(".//{http://purl.org/dc/elements/1.1/}date") is None


def test_svg_places_have_two_decimals_and_scales_and_words_have_all():
    fig = two_lines()
    fig.axes[0].plot([0.00123, 1.0], [0.5, 0.654321], label="third")
    svg = render_svg(fig)
    words, drawing = svg.split("</metadata>")
    assert "0.00123" in words
    places = re.findall(r' (?:d|x|y)="([^"]*)"|translate\(([^)]*)\)', drawing)
    assert len(places) > 50
    assert [text for pair in places for text in pair if re.search(r"\.\d{3}", text)] == []
    assert re.search(r"scale\(0\.\d{3,}\)", drawing)


def test_a_notebook_shows_a_figure_as_svg_and_as_numbers():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    backend = mpl.get_backend()
    try:
        plots.use_style()
        data, _ = shell.display_formatter.format(two_lines())
    finally:
        InteractiveShell.clear_instance()
        plt.switch_backend(backend)
    assert data.keys() == {"image/svg+xml", "text/plain"}
    assert data["text/plain"] == plots.describe(two_lines())
    assert re.search(r"<dc:description>Descent\. Horizontal axis", data["image/svg+xml"])
