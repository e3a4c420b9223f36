"""Run the notebooks whose outputs are not in the cache yet, as many at a time as there are cores.

`make book` calls this first. Sphinx would run them too, but one after the other; so it finds them in
the cache. A notebook that fails is left to Sphinx, which runs it again and says what went wrong.
"""

import logging
from pathlib import Path

import yaml
from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor
from myst_nb.core.read import is_myst_markdown_notebook
from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).parents[2]


def main() -> None:
    cache = get_cache(ROOT / "_build" / ".jupyter_cache")
    for name in parse_toc_yaml(ROOT / "_toc.yml"):
        page = ROOT / f"{name}.md"
        if page.is_file() and is_myst_markdown_notebook(page.read_text(encoding="utf-8")):
            cache.add_nb_to_project(str(page), read_data={"name": "myst_nb_md", "type": "plugin"})
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["execute"]
    executor = load_executor("local-parallel", cache, logger=logging.getLogger("execute"))
    executor.run_and_cache(timeout=settings["timeout"])


if __name__ == "__main__":
    main()
