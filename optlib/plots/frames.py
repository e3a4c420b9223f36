"""Frames of one picture as SVG, and what they have in common.

Matplotlib draws every frame whole. Here each is made small and comparable, and the frames are taken
apart into what they share, which a page then holds once, and what differs.
"""

from __future__ import annotations

import hashlib
import html
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from optlib.plots.style import RC, render_svg

__all__ = ["Draw", "Frame", "Skeleton", "draw_frame", "svg", "take_apart", "write"]

Draw = Callable[[Figure, Any], str]

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "{http://www.w3.org/1999/xlink}href"


# --- one frame ---------------------------------------------------------------------------------


@dataclass
class Frame:
    """One drawn picture: its SVG tree (definitions taken out) and its sentence."""

    value: Any
    sentence: str
    root: ET.Element
    definitions: dict[str, str]  # id -> SVG text, shared by every frame that uses it


def draw_frame(draw: Draw, value: Any) -> Frame:
    with mpl.rc_context(RC):  # type: ignore[arg-type]
        fig = Figure()
        sentence = draw(fig, value)
        if not isinstance(sentence, str) or not sentence.strip():
            raise TypeError(
                "draw must return the sentence that says what is to be seen; "
                f"draw(fig, {value!r}) returned {sentence!r}"
            )
        if not fig.axes:
            raise ValueError(f"draw must draw on the figure it is given; draw(fig, {value!r}) left it empty")
        root = ET.fromstring(render_svg(fig))
    definitions: dict[str, str] = {}
    _clean(root, definitions)
    return Frame(value, sentence.strip(), root, definitions)


def _clean(root: ET.Element, definitions: dict[str, str]) -> None:
    """Take definitions out, drop namespaces, metadata and ids.

    Matplotlib writes a glyph's outline where it is first used. Kept by content in one place, a
    group's text no longer depends on what was drawn before it, so equal groups compare equal.
    """
    names: dict[str, str] = {}
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{_SVG}}}")
        element.text = element.tail = None  # white space only: letters are outlines
        if _XLINK in element.attrib:
            element.set("href", element.attrib.pop(_XLINK))
        if "d" in element.attrib:
            element.set("d", " ".join(element.attrib["d"].split()))
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == "metadata":
                parent.remove(child)
            elif child.tag == "defs":
                parent.remove(child)
                for item in child:
                    if item.tag == "style":  # Matplotlib's two rules; the wrapper sets them
                        continue
                    old = item.attrib.pop("id", "")
                    # Ids are made from the content, so two frames can share them safely.
                    new = "d" + hashlib.sha256(write(item).encode()).hexdigest()[:10]
                    names[old] = new
                    item.set("id", new)
                    definitions[new] = write(item)
    for element in root.iter():
        element.attrib.pop("id", None)
        styles = {child.get("style") for child in element}
        if element.tag == "g" and len(element) > 1 and len(styles) == 1 and None not in styles:
            # Markers of one line repeat one style: say it once, on their group.
            element.set("style", f"{element.get('style', '')};{styles.pop()}".lstrip(";"))
            for child in element:
                del child.attrib["style"]
        for key, text in element.attrib.items():
            if text.startswith("#"):
                element.set(key, "#" + names.get(text[1:], text[1:]))
            elif "url(#" in text:  # a clip path, or a hatch inside a style
                element.set(key, re.sub(r"url\(#([^)]*)\)", lambda m: f"url(#{names.get(m[1], m[1])})", text))


def write(element: ET.Element) -> str:
    return ET.tostring(element, encoding="unicode", short_empty_elements=True)


def svg(root: ET.Element, content: str, alt: str) -> str:
    """The picture as one `<svg>` that fits the width of the page and is told to a screen reader."""
    size = " ".join(f'{name}="{root.attrib[name]}"' for name in ("width", "height", "viewBox"))
    return (
        f'<svg xmlns="{_SVG}" {size} role="img" aria-label="{html.escape(alt)}" '
        'style="max-width:100%;height:auto;stroke-linejoin:round;stroke-linecap:butt">'
        f"{content}</svg>"
    )


# --- what frames have in common ----------------------------------------------------------------


@dataclass
class Skeleton:
    """Frames taken apart: markup with `{cN}` for shared parts and `{sN}` for parts that differ."""

    markup: str
    common: list[str]
    slots: list[list[str]]  # per slot, one text per frame


def take_apart(roots: list[ET.Element]) -> Skeleton:
    skeleton = Skeleton("", [], [])
    for nodes in zip(*(list(root) for root in roots), strict=True):
        _merge(nodes, skeleton)
    return skeleton


def _merge(nodes: tuple[ET.Element, ...], skeleton: Skeleton) -> None:
    texts = [write(node) for node in nodes]
    first = nodes[0]
    if all(text == texts[0] for text in texts):
        _add_common(texts[0], skeleton)
    elif any(node.tag != first.tag or node.attrib != first.attrib for node in nodes):
        _add_slot(texts, skeleton)
    else:
        attributes = "".join(f' {key}="{html.escape(text)}"' for key, text in first.attrib.items())
        skeleton.markup += f"<{first.tag}{attributes}>"
        _merge_children([list(node) for node in nodes], skeleton)
        skeleton.markup += f"</{first.tag}>"


def _merge_children(children: list[list[ET.Element]], skeleton: Skeleton) -> None:
    shortest = min(map(len, children))
    if all(len(c) == shortest for c in children):
        for nodes in zip(*children, strict=True):
            _merge(nodes, skeleton)
        return
    # Some frames draw more than others: keep what is equal before and after, swap the middle.
    texts = [[write(node) for node in c] for c in children]

    def equal(i: int) -> bool:
        return all(t[i] == texts[0][i] for t in texts)

    before = next((i for i in range(shortest) if not equal(i)), shortest)
    after = next((i for i in range(shortest - before) if not equal(-1 - i)), shortest - before)
    for text in texts[0][:before]:
        _add_common(text, skeleton)
    _add_slot(["".join(t[before : len(t) - after]) for t in texts], skeleton)
    for text in texts[0][len(texts[0]) - after :]:
        _add_common(text, skeleton)


def _add_common(text: str, skeleton: Skeleton) -> None:
    if skeleton.common and skeleton.markup.endswith(f"{{c{len(skeleton.common) - 1}}}"):
        skeleton.common[-1] += text
    else:
        skeleton.markup += f"{{c{len(skeleton.common)}}}"
        skeleton.common.append(text)


def _add_slot(texts: list[str], skeleton: Skeleton) -> None:
    if skeleton.slots and skeleton.markup.endswith(f"{{s{len(skeleton.slots) - 1}}}"):
        skeleton.slots[-1] = [a + b for a, b in zip(skeleton.slots[-1], texts, strict=True)]
    else:
        skeleton.markup += f"{{s{len(skeleton.slots)}}}"
        skeleton.slots.append(texts)
