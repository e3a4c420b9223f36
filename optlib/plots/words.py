"""Words for what a figure shows.

A picture says nothing to a screen reader and nothing to a test. `describe` turns the data that
a Matplotlib figure draws into rounded numbers, so a test can compare them; `alt_text` turns them
into sentences, so a reader who does not see the picture can follow it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import Collection, LineCollection, PathCollection, PolyCollection, QuadMesh
from matplotlib.container import BarContainer
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike, NDArray

__all__ = ["alt_text", "describe"]


# --- numbers as text ---------------------------------------------------------------------------


def _number(value: float, largest: float, form: str = ".4g") -> str:
    """`value` in the given form; below 1e-12 of `largest` it is rounding noise: 0."""
    if np.isfinite(value) and abs(value) <= 1e-12 * largest:
        return "0"
    return f"{value:{form}}"


def _largest(values: ArrayLike) -> float:
    array = np.abs(np.asarray(values, dtype=float))
    finite = array[np.isfinite(array)]
    return float(finite.max()) if finite.size else 0.0


def _numeric(values: ArrayLike) -> NDArray[np.float64]:
    return np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)


def _sample(columns: tuple[NDArray[np.float64], ...], count: int = 8) -> str:
    """About `count` evenly spaced points of the columns, the first and the last among them."""
    n = len(columns[0])
    picks = np.unique(np.linspace(0, n - 1, min(n, count)).round().astype(int))
    largest = [_largest(column) for column in columns]

    def at(i: int) -> str:
        # Whole numbers as they are, all else with every digit written out: where ".4g" drops
        # trailing zeros, a reader could not tell how exact the number is meant to be.
        whole = [c[i] == round(c[i]) and abs(c[i]) < 1e6 if np.isfinite(c[i]) else True for c in columns]
        forms = [".0f" if w else ".3e" for w in whole]
        return ", ".join(_number(c[i], m, form) for c, m, form in zip(columns, largest, forms, strict=True))

    return ", ".join(f"({at(i)})" for i in picks)


def _points(columns: tuple[NDArray[np.float64], ...]) -> str:
    n = len(columns[0])
    missing = n - int(np.isfinite(np.stack(columns)).all(axis=0).sum()) if n else 0
    gaps = f" ({missing} not finite)" if missing else ""
    return f"{n} point{'' if n == 1 else 's'}{gaps}" + (f": {_sample(columns)}" if n else "")


def _range(values: ArrayLike) -> str:
    array = _numeric(values)
    finite = array[np.isfinite(array)]
    if not finite.size:
        return "no finite value"
    largest = _largest(finite)
    return f"{_number(finite.min(), largest)} to {_number(finite.max(), largest)}"


def _plain(text: str) -> str:
    """Matplotlib's mathtext as plain words: `$\\eta = 1/L$` becomes `eta = 1/L`."""
    text = re.sub(r"\\(?:math\w+|text\w*|left|right|operatorname)(?![a-zA-Z])|\\[,;!:> ]", "", text)
    text = re.sub(r"\\frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r"(\1)/(\2)", text)
    text = re.sub(r"\\sqrt\s*\{([^{}]*)\}", r"sqrt(\1)", text)
    text = re.sub(r"\\(?:leq?)(?![a-zA-Z])", "<=", text)
    text = re.sub(r"\\(?:geq?)(?![a-zA-Z])", ">=", text)
    text = re.sub(r"\\(?:star|ast)(?![a-zA-Z])", "*", text)
    text = re.sub(r"\\(?:times|cdot)(?![a-zA-Z])", " x ", text)
    text = re.sub(r"\\([a-zA-Z]+)", r"\1", text)
    text = text.replace(r"\|", "|").replace(r"\%", "%")
    return " ".join(re.sub(r"[${}\\]", "", text).split())


# --- what a figure draws -----------------------------------------------------------------------


def _axes(fig: Figure) -> list[Axes]:
    return [ax for ax in fig.axes if ax.get_visible() and ax.get_label() != "<colorbar>"]


def _name(label: object) -> str:
    """A label in quotes; Matplotlib's own labels (`_child0`) mean that there is none."""
    text = _plain(str(label or ""))
    return "" if not text or text.startswith("_") else f' "{text}"'


def _reference(line: Line2D) -> str | None:
    """What `axhline` or `axvline` drew, in words; None for an ordinary line."""
    x_is_data, y_is_data = line.get_transform().contains_branch_seperately(line.axes.transData)  # type: ignore[union-attr]
    if y_is_data and not x_is_data:
        return f"horizontal line{_name(line.get_label())} at {float(_numeric(line.get_ydata())[0]):.4g}"
    if x_is_data and not y_is_data:
        return f"vertical line{_name(line.get_label())} at {float(_numeric(line.get_xdata())[0]):.4g}"
    return None


def _columns(line: Line2D) -> tuple[NDArray[np.float64], ...]:
    data = line.get_data_3d() if hasattr(line, "get_data_3d") else line.get_data(orig=False)
    return tuple(_numeric(column) for column in data)


def _lines(ax: Axes) -> list[Line2D]:
    return [line for line in ax.lines if line.get_visible() and len(_columns(line)[0])]


def _collection(item: Collection) -> str:
    name = _name(item.get_label())
    if isinstance(item, ContourSet):
        kind = "filled contours" if item.filled else "contours"
        return f"{kind}{name}: {len(np.asarray(item.levels))} levels, {_range(np.asarray(item.levels))}"
    if isinstance(item, QuadMesh):
        return f"colour mesh{name}: {_range(np.ma.asarray(item.get_array()))}"
    if isinstance(item, PathCollection):
        offsets = _numeric(item.get_offsets())
        return f"scatter{name}: {_points((offsets[:, 0], offsets[:, 1]))}"
    if hasattr(item, "U") and hasattr(item, "V"):  # Quiver
        offsets = _numeric(item.get_offsets())
        arrows = (offsets[:, 0], offsets[:, 1], _numeric(item.U).ravel(), _numeric(item.V).ravel())
        return f"arrows{name} (x, y, u, v): {_points(arrows)}"
    kind = "segments" if isinstance(item, LineCollection) else "area"
    if isinstance(item, (LineCollection, PolyCollection)):
        paths = item.get_paths()
        vertices = _numeric(np.concatenate([path.vertices for path in paths]) if paths else np.empty((0, 2)))
        return f"{kind}{name}: {_points((vertices[:, 0], vertices[:, 1]))}"
    return f"{type(item).__name__}{name}"


def _bars(container: BarContainer) -> tuple[tuple[NDArray[np.float64], ...], str]:
    """Position and length of each bar, and which way they lie."""
    upright = container.orientation != "horizontal"
    bars = [
        (b.get_x() + b.get_width() / 2, b.get_height()) if upright else (b.get_y() + b.get_height() / 2, b.get_width())
        for b in container.patches
    ]
    array = _numeric(bars).reshape(-1, 2)
    return (array[:, 0], array[:, 1]), "bars" if upright else "horizontal bars"


def _items(ax: Axes) -> Iterator[str]:
    """One line of text for each thing that the axes draw, in drawing order by kind."""
    for line in _lines(ax):
        yield _reference(line) or f"line{_name(line.get_label())}: {_points(_columns(line))}"
    for item in ax.collections:
        if item.get_visible():
            yield _collection(item)
    for container in ax.containers:
        if isinstance(container, BarContainer):
            columns, kind = _bars(container)
            yield f"{kind}{_name(container.get_label())}: {_points(columns)}"
    for image in ax.images:
        array = _numeric(np.ma.asarray(image.get_array()))
        yield f"image: {' x '.join(map(str, array.shape))}, {_range(array)}"
    drawn_by_bars = {id(p) for c in ax.containers if isinstance(c, BarContainer) for p in c.patches}
    for patch in ax.patches:
        if patch.get_visible() and id(patch) not in drawn_by_bars:
            box = patch.get_extents().transformed(ax.transData.inverted())
            yield (
                f"{type(patch).__name__.lower()}{_name(patch.get_label())}:"
                f" x {_range([box.x0, box.x1])}, y {_range([box.y0, box.y1])}"
            )
    for text in ax.texts:
        if text.get_visible() and text.get_text().strip():
            yield f'text "{_plain(text.get_text())}"'


def _axis(ax: Axes, which: str) -> str:
    label = _plain(getattr(ax, f"get_{which}label")())
    scale = getattr(ax, f"get_{which}scale")()
    return f"{which}: {label or '(no label)'}" + ("" if scale == "linear" else f" [{scale}]")


def describe(fig: Figure) -> str:
    """The data that a figure draws, as a digest of rounded numbers.

    One paragraph for each axes: title, labels and scales, then a line for each thing drawn, with
    its label, the number of its points and about eight of them at four significant digits.
    Values below 1e-12 of the largest print as 0. Two figures that draw the same data give the
    same text, so a test that compares texts compares the data behind pictures.
    """
    _check_figure(fig)
    paragraphs = []
    axes = _axes(fig)
    if fig.get_suptitle():
        paragraphs.append(f"figure: {_plain(fig.get_suptitle())}")
    for i, ax in enumerate(axes, 1):
        title = _plain(ax.get_title())
        head = f"axes {i}" if len(axes) > 1 else "axes"
        lines = [f"{head}: {title}" if title else head]
        lines.append(f"  {_axis(ax, 'x')}; {_axis(ax, 'y')}")
        lines += [f"  {item}" for item in _items(ax)] or ["  (empty)"]
        paragraphs.append("\n".join(lines))
    return "\n".join(paragraphs) if paragraphs else "empty figure"


def alt_text(fig: Figure) -> str:
    """The data that a figure draws, in sentences short enough to be read aloud.

    Each line is told by where it starts and ends and its range; the axes by label and scale.
    """
    _check_figure(fig)
    axes = _axes(fig)
    if not axes:
        return "Empty figure."
    sentences = []
    for i, ax in enumerate(axes, 1):
        title = _plain(ax.get_title())
        panel = f"Panel {i}" if len(axes) > 1 else ""
        head = ": ".join(part for part in (panel, title) if part)
        if head:
            sentences.append(head.rstrip(".") + ".")
        x, y = (_plain(ax.get_xlabel()), _plain(ax.get_ylabel()))
        log = {"linear": "", "log": " (logarithmic)"}
        names = [
            f"{side} axis: {label}{log.get(scale, f' ({scale} scale)')}"
            for side, label, scale in (
                ("Horizontal", x, ax.get_xscale()),
                ("vertical", y, ax.get_yscale()),
            )
            if label
        ]
        if names:
            joined = "; ".join(names)
            sentences.append(joined[0].upper() + joined[1:] + ".")
        items = list(_sentences(ax))
        shown = items if len(items) <= 9 else [*items[:8], f"And {len(items) - 8} more."]
        sentences += shown or ["Nothing is drawn."]
    return " ".join(sentences)


def _sentences(ax: Axes) -> Iterator[str]:
    for line in _lines(ax):
        reference = _reference(line)
        yield f"{reference[0].upper()}{reference[1:]}." if reference else _line_sentence(line)
    for container in ax.containers:
        if isinstance(container, BarContainer):
            columns, kind = _bars(container)
            name = _name(container.get_label())
            yield f"{kind.capitalize()}{name}: {len(columns[0])}, {_range(columns[1])}."
    for item in ax.collections:
        if not item.get_visible():
            continue
        if isinstance(item, PathCollection):
            offsets = _numeric(item.get_offsets())
            n = len(offsets)
            where = (
                f"at ({offsets[0, 0]:.3g}, {offsets[0, 1]:.3g})"
                if n == 1
                else f"x {_range(offsets[:, 0])}, y {_range(offsets[:, 1])}"
            )
            yield f"{'Marker' if n == 1 else f'{n} markers'}{_name(item.get_label())}: {where}."
        elif isinstance(item, (ContourSet, QuadMesh)):
            text = _collection(item)
            yield f"{text[0].upper()}{text[1:]}."
        elif isinstance(item, PolyCollection) and _name(item.get_label()):
            yield f"Shaded area{_name(item.get_label())}."
    for image in ax.images:
        array = _numeric(np.ma.asarray(image.get_array()))
        yield f"Image of {' by '.join(map(str, array.shape[:2]))} cells, {_range(array)}."


def _line_sentence(line: Line2D) -> str:
    columns = _columns(line)
    finite = np.isfinite(np.stack(columns)).all(axis=0)
    name = f"Line{_name(line.get_label())}"
    if not finite.any():
        return f"{name}: no finite point."
    columns = tuple(column[finite] for column in columns)
    largest = [_largest(c) for c in columns]

    on_log_axis = line.axes is not None and line.axes.get_yscale() == "log"

    def at(i: int) -> str:
        texts = [_number(c[i], m, ".3g") for c, m in zip(columns, largest, strict=True)]
        if on_log_axis and texts[1] == "0":  # there is no 0 on that axis
            texts[1] = f"below {1e-12 * largest[1]:.0e}"
        return f"({', '.join(texts)})"

    n = len(columns[0])
    if n == 1:
        return f"{name}: one point at {at(0)}."
    text = f"{name}: {n} points, from {at(0)} to {at(n - 1)}"
    # Start and end do not tell a curve that turns in between.
    y = columns[1]
    low, high = int(y.argmin()), int(y.argmax())
    inner = [
        f"{word} at {at(i)}"
        for word, i in (("lowest", low), ("highest", high))
        if i not in (0, n - 1) and y[i] not in (y[0], y[-1])
    ]
    return ", ".join([text, *inner]) + "."


def _check_figure(fig: object) -> None:
    if not isinstance(fig, Figure):
        raise TypeError(f"fig must be a matplotlib Figure, got {type(fig).__name__}")
