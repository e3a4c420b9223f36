"""The answers to the exercises, taken from the chapters that ship them."""

from pathlib import Path

import jupytext
import numpy as np

CHAPTERS = Path(__file__).parents[1] / "chapters"


def versions(chapter, name):
    """The functions of this name that the chapter's cells define: the stub, then the worked solution."""
    found = []
    for cell in jupytext.read(CHAPTERS / f"{chapter}.md").cells:
        if cell.cell_type == "code" and cell.source.startswith(f"def {name}("):
            namespace = {"np": np}
            exec(cell.source.partition("\n\n")[0], namespace)  # the function alone
            found.append(namespace[name])
    return found
