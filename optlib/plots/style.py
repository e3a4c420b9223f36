"""One look for every figure; in a notebook, each figure with its words (`optlib.plots.words`)."""

from __future__ import annotations

import io
import re

import matplotlib as mpl
from cycler import cycler
from matplotlib.figure import Figure

from optlib.plots.words import alt_text, describe

__all__ = ["RC", "render_svg", "use_style"]

# Okabe and Ito's colours, which colour-blind readers can tell apart, without the yellow (too pale
# on white). Each comes with its own dash pattern: no line is told from another by colour alone.
_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9"]
_DASHES = ["-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (2, 1))]

RC: dict[str, object] = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.prop_cycle": cycler(color=_COLOURS) + cycler(linestyle=_DASHES),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    # A phone shows a figure at three fifths of this width: letters must be large.
    "figure.figsize": (6.0, 3.9),
    "font.size": 13.0,
    "grid.alpha": 0.6,
    "grid.linewidth": 0.6,
    "image.cmap": "cividis",
    "legend.fontsize": 11.5,
    "legend.frameon": True,
    "lines.linewidth": 2.0,
    "savefig.facecolor": "white",
    "figure.facecolor": "white",
    "svg.fonttype": "path",  # text looks the same on a machine without our fonts
    "svg.hashsalt": "optlib",  # the same figure gives the same bytes
}


def use_style() -> None:
    """Set the course's Matplotlib style; in IPython also show figures as described SVG.

    Every figure that a cell shows then carries `image/svg+xml`, with `alt_text(fig)` as the
    picture's description, and `text/plain`, which is `describe(fig)`.
    """
    mpl.rcParams.update(RC)  # type: ignore[arg-type]
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return
    shell = get_ipython()  # type: ignore[no-untyped-call, unused-ignore]
    if shell is None:
        return
    import matplotlib.pyplot as plt

    # IPython registers its own PNG formatter when the backend is first loaded: load it now, so
    # that ours come last.
    plt.switch_backend(plt.get_backend())
    assert shell.display_formatter is not None
    formatters = shell.display_formatter.formatters
    for formatter in formatters.values():
        formatter.pop(Figure, None)
    formatters["image/svg+xml"].for_type(Figure, lambda fig: render_svg(fig, tight=True))
    formatters["text/plain"].for_type(Figure, lambda fig, p, cycle: p.text(describe(fig)))


def render_svg(fig: Figure, tight: bool = False) -> str:
    """The figure as SVG text; its metadata Description is `alt_text(fig)`.

    `tight` crops to what is drawn. Equal figures give equal text. Coordinates have two decimals,
    a hundredth of a point: more cannot be seen and makes a page a fifth heavier.
    """
    out = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "optlib", "svg.fonttype": "path"}):
        fig.savefig(
            out,
            format="svg",
            bbox_inches="tight" if tight else None,
            metadata={"Description": alt_text(fig), "Date": None, "Creator": None},
        )
    words, end, drawing = out.getvalue().partition("</metadata>")  # the numbers in the words stay as they are
    drawing = re.sub(r"\n\s*", "\n", drawing)
    # A scale needs all its digits; a place does not.
    return words + end + re.sub(r'\s(?:d|x|y|points)="[^"]*"|translate\([^)]*\)', lambda m: _rounded(m[0]), drawing)


def _rounded(text: str) -> str:
    def short(match: re.Match[str]) -> str:
        number = f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
        return "0" if number in ("-0", "") else number

    return re.sub(r"-?\d+\.\d+", short, text)
