"""The reference of `optlib`: made from its docstrings by autodoc, and linked to from every page.

- A fence `{api} MODULE ...` in a page stands for whatever these modules offer, under the names that
  a reader writes (`optlib.Adam`, not `optlib.methods.adaptive.Adam`), `{names}(MODULE ...)` for a list of links
  to them, and `{theorems} CHAPTER ...` for the functions of `optlib.theory`, one section a chapter. So a new method or
  theorem needs no edit here.
- In a docstring, `momentum` in single backticks is a chapter, and `doi:...` a source: both become links.
- A term of the glossary is found by a search where the course defines it: at the first place to which its entry leads.
- Inline code such as `ol.Adam`, on any page, leads to its entry. A name that is not there is a warning.
"""

from __future__ import annotations

import dataclasses
import enum
import importlib
import importlib.util
import inspect
import pkgutil
import posixpath
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

import optlib

# Where the names of a module are found by a reader. What stands nowhere else is a name of `optlib` itself.
PUBLIC = {
    "optlib.objectives.losses": "optlib.losses",
    "optlib.objectives.penalties": "optlib.penalties",
    "optlib.objectives.sets": "optlib.sets",
    "optlib.steps.schedules": "optlib.schedules",
    "optlib.steps.line_search": "optlib.line_search",
    "optlib.steps.compressors": "optlib.compressors",
    "optlib.plots": "optlib.plots",
    "optlib.plots.interactive": "optlib.plots.interactive",
}
THEORY = "optlib.analysis.theory"
THEOREMS = re.compile(r"^```\{theorems\} (.+)\n```$", re.MULTILINE)
GLOSSARY = "chapters/glossary"
ELSEWHERE = {
    "numpy": "https://numpy.org/doc/stable/reference/generated/{}.html",
    "scipy": "https://docs.scipy.org/doc/scipy/reference/generated/{}.html",
}
QUOTED = re.compile(r"(:[\w:]+:)?(``.+?``|`[^`]+`)(__?)?", re.DOTALL)
DOI = re.compile(r"(?<![`\w/])doi:(10\.\S+?)(?=[,;:.)]*(?:\s|$))")
logger = logging.getLogger(__name__)
NAME = re.compile(r"ol\.([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?:\(.*\))?", re.DOTALL)


# --- which names there are -----------------------------------------------------------------------


def public_names(module: str) -> tuple[str, list[str]]:
    """The prefix under which a reader finds what ``module`` defines, and the names, in the order of the source."""
    source = importlib.import_module(module)
    prefix = "optlib.theory" if module.startswith(THEORY) else PUBLIC.get(module, "optlib")
    if prefix == "optlib":
        names = [name for name in optlib.__all__ if getattr(getattr(optlib, name), "__module__", None) == module]
    else:
        names = getattr(source, "__all__", None) or [
            name
            for name, value in vars(source).items()
            if getattr(value, "__module__", None) == module and not name.startswith("_")
        ]
    if prefix == "optlib.theory":
        names = [name for name in names if hasattr(optlib.theory, name)]
    if prefix == module:  # optlib.plots hands on what others define; some of it is a name of optlib
        names = [name for name in names if name not in optlib.__all__]
    if module == "optlib.plots.interactive":
        names = ["Explorer"]  # its function is `optlib.plots.explorer`

    def place(name: str) -> tuple[bool, str, int]:
        value = getattr(source, name)
        return not inspect.isclass(value), inspect.getsourcefile(value) or "", inspect.getsourcelines(value)[1]

    return prefix, sorted(names, key=place)


def entries(module: str) -> list[str]:
    """The reStructuredText that documents what ``module`` offers."""
    prefix, names = public_names(module)
    source = importlib.import_module(module)
    lines = [f".. py:{'module' if module in PUBLIC else 'currentmodule'}:: {prefix}", ""]
    for name in names:
        if inspect.isclass(getattr(source, name)):
            lines += [f".. autoclass:: {name}", "   :members:", "   :special-members: __call__", ""]
        else:
            lines += [f".. autofunction:: {name}", ""]
    return lines


def fence(lines: list[str]) -> str:
    return "\n".join(["```{eval-rst}", *lines, "```"])


def theorems(env: BuildEnvironment, wanted: list[str]) -> str:
    """A section for each wanted chapter that has functions; `rest`: those of no other page, in the contents' order."""
    chapters = {name.rsplit("/", 1)[-1]: name for name in _in_order(env)}
    package = importlib.import_module(THEORY)
    modules = {info.name.replace("_", "-"): f"{THEORY}.{info.name}" for info in pkgutil.iter_modules(package.__path__)}
    modules = {name: module for name, module in modules.items() if not name.startswith("-") and public_names(module)[1]}
    if wanted == ["rest"]:
        pages = Path(env.srcdir, "chapters", "api").glob("theory*.md")
        elsewhere = {
            name for page in pages for match in THEOREMS.findall(page.read_text("utf-8")) for name in match.split()
        }
        wanted = [name for name in [*chapters, *modules] if name not in elsewhere]
    sections = []
    for chapter in dict.fromkeys(wanted):
        if chapter not in modules:
            continue
        if chapter in chapters:
            title = re.search(r"^# (.+)$", Path(env.doc2path(chapters[chapter])).read_text("utf-8"), re.MULTILINE)
            heading = f"## {title[1] if title else chapter}\n\nProofs: [](../{chapter}.md)."
        else:
            heading = f"## {chapter.replace('-', ' ').capitalize()}"
        sections.append(f"{heading}\n\n{fence(entries(modules[chapter]))}")
    return "\n\n".join(sections)


def _in_order(env: BuildEnvironment) -> list[str]:
    """The pages as `_toc.yml` names them."""
    sitemap = env.app.config.external_site_map
    return [name for name in sitemap if name in env.found_docs]


def expand(app: Sphinx, docname: str, source: list[str]) -> None:
    if not docname.startswith("chapters/api"):
        return

    def api(match: re.Match[str]) -> str:
        there = [m for m in match[1].split() if importlib.util.find_spec(m)]
        return fence([line for module in there for line in entries(module)])

    def names(match: re.Match[str]) -> str:
        there = [m for m in match[1].split() if importlib.util.find_spec(m)]
        listed = [(p, name) for p, found in map(public_names, there) for name in found]
        return " · ".join(f"{{py:obj}}`~{prefix}.{name}`" for prefix, name in listed)

    text = re.sub(r"^```\{api\} (.+)\n```$", api, source[0], flags=re.MULTILINE)
    text = re.sub(r"\{names\}\((.+?)\)", names, text)
    source[0] = THEOREMS.sub(lambda match: theorems(app.env, match[1].split()), text)


# --- docstrings and signatures -------------------------------------------------------------------


def mend_docstring(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    def quoted(match: re.Match[str]) -> str:
        role, text, target = match[1], match[2], match[3]
        if role in (":func:", ":class:", ":meth:") and text[1].isalpha():
            return f"{role}`.{text[1:]}"  # wherever it is documented
        if role or target or text.startswith("``"):
            return match[0]
        page = f"chapters/{text[1:-1]}"
        return f":doc:`/{page}`" if page in app.env.found_docs else f"`{text}`"

    text = QUOTED.sub(quoted, "\n".join(lines))
    lines[:] = DOI.sub(r"`doi:\1 <https://doi.org/\1>`__", text).split("\n")


def mend_signature(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str | None, returns: str | None
) -> tuple[str | None, str | None] | None:
    if inspect.isclass(obj) and issubclass(obj, enum.Enum):
        return "", None
    if signature and dataclasses.is_dataclass(obj):
        for field in dataclasses.fields(obj):
            if callable(factory := field.default_factory):
                signature = signature.replace("<factory>", f"{getattr(factory, '__name__', '...')}()", 1)
        return signature, None
    return None


def skip_member(app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """A named tuple's fields are described by its docstring."""
    return True if (inspect.getdoc(obj) or "").startswith("Alias for field number") else None


# --- the glossary, as an index ---------------------------------------------------------------------


def index_terms(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give a chapter the index entries of the terms that it defines; a search shows them before the glossary."""
    if docname == GLOSSARY:
        for index in doctree.findall(addnodes.index):
            index["entries"] = [(kind, term, target, "", key) for kind, term, target, _, key in index["entries"]]
        return
    if GLOSSARY not in app.env.found_docs:
        return
    for term, target in defined_terms(app).get(docname, ()):
        doctree.append(addnodes.index(entries=[("single", term, target, "main", None)]))


def defined_terms(app: Sphinx) -> dict[str, list[tuple[str, str]]]:
    """For each page the terms that the glossary sends there, each with its target on the page."""
    found: dict[str, list[tuple[str, str]]] | None = getattr(app, "defined_terms", None)
    if found is not None:
        return found
    app.defined_terms = found = defaultdict(list)  # type: ignore[attr-defined]
    base = app.builder.get_target_uri(GLOSSARY)
    pages = {
        posixpath.relpath(app.builder.get_target_uri(name), posixpath.dirname(base)): name
        for name in app.env.found_docs
    }
    for item in app.env.get_and_resolve_doctree(GLOSSARY, app.builder).findall(nodes.definition_list_item):
        terms = [term.astext().replace("’", "'") for term in item.findall(nodes.term)]  # as one types it
        for link in item.findall(nodes.reference):
            page, _, target = link.get("refuri", "").partition("#")
            # The API is the second place to look a method up, not the first.
            if page in pages and not pages[page].startswith("chapters/api"):
                found[pages[page]] += [(term, target) for term in terms]
                break
        else:
            logger.warning("the glossary's entry %r leads nowhere", terms[0], location=item, type="course")
    return found


# --- links ---------------------------------------------------------------------------------------


def link_code(app: Sphinx, doctree: nodes.document) -> None:
    for literal in list(doctree.findall(nodes.literal)):
        match = NAME.fullmatch(literal.astext())
        within: nodes.Node | None = literal.parent
        while within is not None and not isinstance(within, nodes.title | nodes.reference | addnodes.pending_xref):
            within = within.parent
        if match and within is None:
            link = addnodes.pending_xref(
                "",
                literal.deepcopy(),
                refdomain="py",
                reftype="obj",
                reftarget=f"optlib.{match[1]}",
                refdoc=app.env.docname,
                refexplicit=True,
            )
            link.source, link.line = literal.source, literal.line
            literal.replace_self(link)


def link_elsewhere(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.TextElement
) -> nodes.reference | None:
    target = node.get("reftarget", "")
    address = ELSEWHERE.get(target.split(".")[0])
    if node.get("refdomain") != "py" or address is None:
        return None
    if node["reftype"] == "mod":  # scipy.sparse
        address = address.replace("generated/", "").replace("{}", target.removeprefix("scipy."))
    return nodes.reference("", "", content, internal=False, refuri=address.format(target))


def where_the_source_is(app: Sphinx) -> Any:
    options = app.config.html_theme_options
    root = Path(optlib.__file__).parents[1]
    base = f"{options.get('repository_url', '')}/blob/{options.get('repository_branch', 'main')}"

    def resolve(domain: str, info: dict[str, str]) -> str | None:
        found: Any = optlib
        for part in [*info["module"].split("."), *info["fullname"].split(".")][1:]:
            found = getattr(found, part, None)
        try:
            lines, start = inspect.getsourcelines(found)
            file = Path(inspect.getsourcefile(found) or "").relative_to(root)
        except (TypeError, OSError, ValueError):
            return None
        return f"{base}/{file.as_posix()}#L{start}-L{start + len(lines) - 1}"

    return resolve


def setup(app: Sphinx) -> dict[str, object]:
    app.setup_extension("sphinx.ext.linkcode")
    app.connect("config-inited", lambda app, config: setattr(config, "linkcode_resolve", where_the_source_is(app)))
    app.connect("source-read", expand)
    app.connect("autodoc-process-docstring", mend_docstring, priority=400)  # before napoleon
    app.connect("autodoc-process-signature", mend_signature)
    app.connect("autodoc-skip-member", skip_member)
    app.connect("doctree-read", link_code)
    app.connect("doctree-resolved", index_terms)
    app.connect("missing-reference", link_elsewhere)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
