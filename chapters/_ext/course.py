"""What the site needs on top of Jupyter Book.

- A figure's alt text says what is to be seen; the numbers behind it stand in the SVG that the cell
  made (`optlib.plots.use_style`). Here they are put together, so that no run's result is typed.
- An explorer is shown as its own HTML. The state of its widget, which only a live kernel can use,
  would make each page heavier for nothing: it is left out.
- Jupyter Book always loads Thebe's set-up, twice; this book does not use it, and the second time is
  an error in the browser.
- Docutils gives the entries of a bibliography a role that a list may not hold: they become list items.
- Japanese words are marked as such, which a screen reader and the browser's choice of font need, and stand together in
  the general index.
- Of MathJax, only what these pages can ask for is published.
- A line that a cell prints in pieces may reach the notebook in pieces; MyST-NB would put a line break between them.
"""

from __future__ import annotations

import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_nb.core import render
from myst_nb.sphinx_ import NbMetadataCollector
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

DESCRIPTION = "{http://purl.org/dc/elements/1.1/}description"
JAPANESE = r"[\u3005\u3040-\u30ff\u4e00-\u9fff]+"
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
                type="course",
            )
        elif described.text not in alt:
            image["alt"] = f"{alt.rstrip('.')}. {described.text}"


def drop_widget_state(app: Sphinx, doctree: nodes.document) -> None:
    NbMetadataCollector.get_js_files(app.env, app.env.docname).pop("ipywidgets_state", None)


def mend_bibliography(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')


def mark_japanese(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if "body" in context:
        # In text only: a tag that holds such a word would be closed before the next one opens.
        context["body"] = re.sub(JAPANESE + "(?=[^<>]*<)", r'<span lang="ja">\g<0></span>', context["body"])


def group_japanese(app: Sphinx, env: BuildEnvironment) -> None:
    """In the general index Japanese names stand under one heading, not under one for each first character."""
    for entries in env.domaindata["index"]["entries"].values():
        entries[:] = [(*entry, "日本語" if re.match(JAPANESE, entry[1]) else key) for *entry, key in entries]


def leave_out_thebe(app: Sphinx) -> None:
    for listeners in list(app.events.listeners.values()):
        for listener in list(listeners):
            # Its style sheet is linked all the same, so its folder of files stays.
            if listener.handler.__module__ == "sphinx_thebe" and listener.handler.__name__ != "st_static_path":
                app.disconnect(listener.id)


def leave_out_other_mathjax(app: Sphinx, error: Exception | None) -> None:
    mathjax = Path(app.outdir, "_static", "mathjax")
    if error is not None or not mathjax.is_dir():
        return
    for bundle in mathjax.glob("*.js"):
        if bundle.name != Path(app.config.mathjax_path).name:
            bundle.unlink()
    shutil.rmtree(mathjax / "output" / "svg", ignore_errors=True)


def join_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Pieces of one printed text that follow each other, as they were printed."""
    joined: list[NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last and output["output_type"] == last["output_type"] == "stream" and output["name"] == last["name"]:
            last["text"] += output["text"]
        else:
            joined.append(NotebookNode(output))
    return joined


def setup(app: Sphinx) -> dict[str, object]:
    render.coalesce_streams = join_streams
    # Before the collectors, which move images.
    app.connect("doctree-read", add_data_to_alt_text, priority=100)
    app.connect("doctree-read", drop_widget_state)
    app.connect("html-page-context", mend_bibliography)
    app.connect("html-page-context", mark_japanese)
    app.connect("env-updated", group_japanese)
    app.connect("build-finished", leave_out_other_mathjax, priority=900)
    leave_out_thebe(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
