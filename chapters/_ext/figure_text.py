"""Finish what executed cells leave behind, when the site is built.

- A figure's alt text says what is to be seen; the numbers behind it stand in the SVG that the cell
  made (`optlib.plots.use_style`). Here they are put together, so that no run's result is typed.
- An explorer is shown as its own HTML. The state of its widget, which only a live kernel can use,
  would make each page heavier for nothing: it is left out.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

DESCRIPTION = "{http://purl.org/dc/elements/1.1/}description"
logger = logging.getLogger(__name__)


def add_data_to_alt_text(app: Sphinx, doctree: nodes.document) -> None:
    for image in doctree.findall(nodes.image):
        path = Path(app.srcdir, image["uri"].lstrip("/"))
        if path.suffix != ".svg" or not path.is_file():
            continue
        described = ET.parse(path).getroot().find(f".//{DESCRIPTION}")
        if described is None or not described.text:
            continue
        alt = image.get("alt", "").strip()
        if not alt:
            # Sphinx fills in a path where alt text is missing, which tells a reader nothing.
            logger.warning(
                "a figure has no alt text; say in the cell's metadata what it shows (mystnb: image: alt)",
                location=image,
                type="figure_text",
            )
        elif described.text not in alt:
            image["alt"] = f"{alt.rstrip('.')}. {described.text}"


def drop_widget_state(app: Sphinx, doctree: nodes.document) -> None:
    doctree.get("nb_js_files", {}).pop("ipywidgets_state", None)


def setup(app: Sphinx) -> dict[str, object]:
    # Before the collectors, which move images and note each page's scripts.
    app.connect("doctree-read", add_data_to_alt_text, priority=100)
    app.connect("doctree-read", drop_widget_state, priority=100)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
