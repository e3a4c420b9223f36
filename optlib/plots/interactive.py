"""A slider that works wherever the page is read.

`explorer` draws one picture for each value of a parameter and shows it in three ways:

- on the static site, a native `<input type="range">` that swaps precomputed SVG: parts that all
  frames share are stored once, so that thirty frames cost little more than three;
- in print, or without JavaScript, the key frames below one another, each with its sentence;
- with a kernel, an ipywidgets slider that draws anew, also between the precomputed values.

All three come from the same `draw` and show the same picture, sentence and numbers.
"""

from __future__ import annotations

import html
import itertools
import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from optlib.plots.frames import Draw, Frame, draw_frame, svg, take_apart, write

__all__ = ["Explorer", "explorer"]

_serial = itertools.count(1)  # makes ids unique when a page holds several explorers


def explorer(
    draw: Draw,
    *,
    label: str,
    values: Sequence[Any],
    alt: str,
    start: Any = None,
    key_frames: Sequence[Any] | None = None,
) -> Explorer:
    """A slider over `values`, for the static site, for print and for a live kernel.

    Parameters
    ----------
    draw
        `draw(fig, value)` draws one frame on the empty Matplotlib figure `fig` and returns the
        sentence that says what is to be seen, with its numbers. Fix the axis limits: a picture
        whose axes jump is hard to follow and costs more bytes. With a kernel it is also called
        for values between the given ones.
    label
        What the slider changes, in plain words: "Step size η".
    values
        The precomputed values, in the order of the slider; numbers, or words.
    alt
        What the picture shows whatever the value, without numbers of a run.
    start
        The value shown first, one of `values`; the first by default.
    key_frames
        The values that print and pages without JavaScript show; by default first, start and last.

    Examples
    --------
    >>> from optlib import plots
    >>> def draw(fig, k):
    ...     x = np.linspace(0, 6, 50)
    ...     fig.subplots().plot(x, np.sin(k * x))
    ...     return f"The sine makes {k} turns in 2 pi."
    >>> plots.explorer(draw, label="Frequency k", values=range(1, 6), start=2, alt="A sine wave.")
    Frequency k = 1: The sine makes 1 turns in 2 pi.
    Frequency k = 2: The sine makes 2 turns in 2 pi.
    Frequency k = 5: The sine makes 5 turns in 2 pi.
    """
    if not callable(draw):
        raise TypeError(f"draw must be a function draw(fig, value), got {type(draw).__name__}")
    for name, text in (("label", label), ("alt", alt)):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{name} must be a text that says something, got {text!r}")
    values = [v.item() if isinstance(v, np.generic) else v for v in values]
    if len(values) < 2:
        raise ValueError(f"values must hold at least two values to slide between, got {len(values)}")
    if len({_text(v) for v in values}) < len(values):
        raise ValueError(f"values must differ when written with four digits, got {', '.join(map(_text, values))}")
    first = 0 if start is None else _index(start, values, "start")
    keys = [0, first, len(values) - 1] if key_frames is None else [_index(v, values, "key_frames") for v in key_frames]
    if not keys:
        raise ValueError("key_frames must name at least one of the values, got none")
    return Explorer(draw, label.strip(), values, alt.strip(), first, sorted(set(keys)))


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def _index(value: Any, values: Sequence[Any], name: str) -> int:
    for i, v in enumerate(values):
        if v == value or (_is_number(v) and _is_number(value) and np.isclose(v, value, rtol=1e-9, atol=0)):
            return i
    raise ValueError(f"{name} must be among values ({', '.join(map(_text, values))}), got {value!r}")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


# --- the object that a cell shows --------------------------------------------------------------


class Explorer:
    """What `explorer` returns: shown by a notebook as slider, widget or text."""

    def __init__(self, draw: Draw, label: str, values: Sequence[Any], alt: str, start: int, keys: list[int]) -> None:
        self.draw, self.label, self.values, self.alt = draw, label, values, alt
        self.start, self.keys = start, keys
        # Drawn now and not when shown: IPython prints an error raised while showing, and goes on.
        self.frames = [draw_frame(draw, value) for value in values]
        sizes = {frame.root.attrib["viewBox"] for frame in self.frames}
        if len(sizes) > 1:
            raise ValueError(f"draw must keep the figure's size the same for all values, got {sorted(sizes)}")
        self._widget: Any = None

    def _name(self, frame: Frame) -> str:
        return f"{self.label} = {_text(frame.value)}"

    def _alt(self, frame: Frame) -> str:
        alt = self.alt if self.alt.endswith((".", "!", "?")) else self.alt + "."
        return f"{alt} {self._name(frame)}. {frame.sentence}"

    def __repr__(self) -> str:
        return "\n".join(f"{self._name(self.frames[i])}: {self.frames[i].sentence}" for i in self.keys)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle = dict(self.widget._repr_mimebundle_())
        return bundle | {"text/html": self.to_html(), "text/plain": repr(self)}

    def to_html(self) -> str:
        """The slider of the static page, with its key frames for print and for no JavaScript."""
        uid = f"explorer{next(_serial)}"
        skeleton = take_apart([frame.root for frame in self.frames])
        ids: dict[str, str] = {}
        definitions = {key: text for frame in self.frames for key, text in frame.definitions.items()}

        def own(markup: str) -> str:
            """Short ids that no other explorer on the page has."""
            return re.sub(
                r'(#|\bid=")(d[0-9a-f]{10})\b',
                lambda m: m[1] + ids.setdefault(m[2], f"{uid}-{len(ids)}"),
                markup,
            )

        def picture(i: int) -> str:
            content = re.sub(
                r"\{([cs])(\d+)\}",
                lambda m: (
                    f'<use href="#{uid}-c{m[2]}"/>'
                    if m[1] == "c"
                    else f'<g data-slot="{m[2]}">{skeleton.slots[int(m[2])][i]}</g>'
                ),
                skeleton.markup,
            )
            return svg(self.frames[i].root, own(content), self._alt(self.frames[i]))

        shared = own("".join(definitions.values())) + "".join(
            f'<g id="{uid}-c{i}">{own(text)}</g>' for i, text in enumerate(skeleton.common)
        )
        slots = []
        for texts in skeleton.slots:
            parts = list(dict.fromkeys(texts))
            slots.append({"parts": [own(part) for part in parts], "at": [parts.index(t) for t in texts]})
        data = {
            "values": [_text(frame.value) for frame in self.frames],
            "sentences": [frame.sentence for frame in self.frames],
            "alts": [self._alt(frame) for frame in self.frames],
            "slots": slots,
        }
        script = json.dumps(data, separators=(",", ":")).replace("</", r"<\/")
        start = self.frames[self.start]
        value, sentence = html.escape(_text(start.value)), html.escape(start.sentence)
        key_frames = "\n".join(
            f"<figure>{picture(i)}<figcaption>{html.escape(self._name(self.frames[i]))}: "
            f"{html.escape(self.frames[i].sentence)}</figcaption></figure>"
            for i in self.keys
        )
        return f"""<div class="explorer" id="{uid}">
<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>{shared}</defs></svg>
<div class="explorer-live" hidden>
{picture(self.start)}
<div class="explorer-control">
<label for="{uid}-input">{html.escape(self.label)} = <span class="explorer-value">{value}</span></label>
<input id="{uid}-input" type="range" min="0" max="{len(self.frames) - 1}" step="1" value="{self.start}" \
aria-valuetext="{value}" autocomplete="off">
</div>
<output for="{uid}-input" aria-live="polite">{sentence}</output>
</div>
<div class="explorer-frames">
{key_frames}
</div>
<script type="application/json">{script}</script>
</div>"""

    # -- with a kernel --

    @property
    def widget(self) -> Any:
        """The same explorer as an ipywidgets box, which draws at any value of the slider."""
        if self._widget is None:
            self._widget = self._make_widget()
        return self._widget

    def _make_widget(self) -> Any:
        import ipywidgets

        slider = self._make_slider(ipywidgets)
        picture = ipywidgets.HTML(self.to_live_html(self.values[self.start]))

        def show(change: Any) -> None:
            try:
                picture.value = self.to_live_html(change["new"])
            except Exception as error:
                # The kernel only logs what a callback raises; the reader must see it.
                message = html.escape(f"{type(error).__name__}: {error}")
                picture.value = f'<pre role="alert">{message}</pre>'
                raise

        slider.observe(show, names="value")
        return ipywidgets.VBox([slider, picture])

    def _make_slider(self, ipywidgets: Any) -> Any:
        start = self.values[self.start]
        common = {
            "description": self.label,
            "style": {"description_width": "initial"},
            "layout": {"width": "95%", "max_width": "40em"},
        }
        if all(map(_is_number, self.values)):
            numbers = np.array(self.values, dtype=float)
            steps = np.diff(numbers)
            if steps[0] > 0 and np.allclose(steps, steps[0], rtol=0.05):  # rounded values are even enough
                low, high = self.values[0], self.values[-1]
                if all(isinstance(v, int) for v in self.values):
                    return ipywidgets.IntSlider(start, min=low, max=high, step=1, **common)
                return ipywidgets.FloatSlider(
                    start, min=low, max=high, step=float(steps[0]) / 10, readout_format=".4g", **common
                )
            if numbers[0] > 0 and steps[0] > 0:
                ratios = np.diff(np.log10(numbers))
                if np.allclose(ratios, ratios[0], rtol=0.05):
                    low, high = map(float, np.log10(numbers[[0, -1]]))
                    return ipywidgets.FloatLogSlider(
                        start, min=low, max=high, step=float(ratios[0]) / 10, readout_format=".4g", **common
                    )
        options = [(_text(v), v) for v in self.values]
        return ipywidgets.SelectionSlider(options=options, value=start, **common)

    def to_live_html(self, value: Any) -> str:
        """The picture and the sentence at any value, drawn now."""
        frame = draw_frame(self.draw, value)
        content = f"<defs>{''.join(frame.definitions.values())}</defs>" + "".join(map(write, frame.root))
        return f'{svg(frame.root, content, self._alt(frame))}<p role="status">{html.escape(frame.sentence)}</p>'
