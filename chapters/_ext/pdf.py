"""Print the whole course as one PDF, from the site that `make book` built: `make pdf`.

The articles of all pages, in the order of the contents, become one HTML document: ids are made unique, links between
pages become links within the document, and what only a screen can use is left out. Chromium sets it and prints it
twice. After the first time the page numbers are known, and the contents can name them.
"""

from __future__ import annotations

import copy
import posixpath
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag

import matplotlib
import pytest
import yaml
from browser import SITE, launch_browser
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser
from pypdf import PdfReader

ROOT = Path(__file__).parents[2]
STYLE = Path(__file__).with_name("pdf.css")
MINUTES = 10  # what one step of the browser may take at most
# What a screen has and paper has not. Folded code sets up a run or draws a figure; a chapter's notebook has it.
SCREEN_ONLY = "script, button, details.hide, a.headerlink, a:has(.viewcode-link), .explorer-live, .toctree-wrapper"
WHOLE = 20  # as many lines of code are not cut in two
REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls")


def parts() -> list[tuple[str, list[str]]]:
    """The parts of the book: a caption, and the names of the pages in their order. The first has no caption."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))

    def names(entry: dict[str, Any]) -> Iterator[str]:
        yield entry["file"]
        for section in entry.get("sections", []):
            yield from names(section)

    return [("", [toc["root"]])] + [
        (part["caption"], [name for chapter in part["chapters"] for name in names(chapter)]) for part in toc["parts"]
    ]


def anchor(name: str, fragment: str = "") -> str:
    """The id, in the one document, of a page or of a place in it."""
    slug = name.removeprefix("chapters/").replace("/", "-")
    return f"{slug}--{fragment}" if fragment else slug


def article(name: str, inside: set[str]) -> Tag:
    """A page's article, ready to stand beside the others; `inside` holds the names of all pages."""
    soup = BeautifulSoup((SITE / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
    found = soup.select_one("article.bd-article")
    assert found is not None, f"{name}.html has no article"
    for useless in found.select(SCREEN_ONLY):
        useless.decompose()
    for code in found.select("pre"):
        if len(code.get_text().splitlines()) <= WHOLE:
            box = code.find_parent(class_="cell_input") or code.parent
            assert box is not None
            box.attrs["class"] = " ".join([*map(str, box.get_attribute_list("class")), "whole"])
    seen: set[str] = set()
    for element in found.find_all(True):
        attributes: dict[str, Any] = element.attrs
        if "id" in attributes:
            # sphinx-proof gives every theorem's text the same id.
            if attributes["id"] in seen:
                del attributes["id"]
            else:
                seen.add(attributes["id"])
                attributes["id"] = anchor(name, attributes["id"])
        for key in REFERENCES:
            if key in attributes:
                attributes[key] = " ".join(anchor(name, part) for part in attributes[key].split())
        for key, value in attributes.items():
            if isinstance(value, str) and "url(#" in value:
                attributes[key] = value.replace("url(#", f"url(#{anchor(name)}--")
        if "src" in attributes:
            attributes["src"] = "../html/" + within(name, attributes["src"])
        if "href" in attributes:
            target = resolve(name, attributes["href"], inside)
            if target is None:
                element.unwrap()  # a file beside the site
            else:
                attributes["href"] = target
        if heading := re.fullmatch("h([1-5])", element.name):
            element.name = f"h{int(heading[1]) + 1}"  # the parts of the book are level 1
    found.attrs["id"] = anchor(name)
    return found


def within(name: str, path: str) -> str:
    """A path on a page, seen from the site's root."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def resolve(name: str, href: str, inside: set[str]) -> str | None:
    """Where a link of a page leads in the one document; None where that is not in it."""
    if re.match(r"[a-z]+:", href):
        return href
    path, fragment = urldefrag(unquote(href))
    page = within(name, path).removesuffix(".html") if path else name
    return f"#{anchor(page, fragment)}" if page in inside else None


def entry(heading: Tag) -> str:
    """A line of the contents: the heading's words, leading to where it stands."""
    words = copy.copy(heading)
    target = heading.find_parent("article" if heading.name == "h2" else "section")
    assert target is not None
    for link in words.find_all("a"):
        link.unwrap()
    return f'<a href="#{target["id"]}"><span>{words.decode_contents()}</span><i></i></a>'


def book(parts: list[tuple[str, list[str]]]) -> str:
    """The one document."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    inside = {name for _, names in parts for name in names}
    first = parts[0][1][0]
    front = BeautifulSoup((SITE / f"{first}.html").read_text(encoding="utf-8"), "html.parser")
    head = front.select("head link[rel=stylesheet]")
    head += [script for script in front.select("head script") if "mathjax" in str(script).lower()]
    for element in head:
        for key in {"href", "src"} & element.attrs.keys():
            element[key] = "../html/" + within(first, str(element[key]))
    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    contents, body, styles = [], [], []
    for caption, names in parts:
        lines = []
        for number, name in enumerate(names):
            page = article(name, inside)
            title = page.find("h2")
            assert title is not None, f"{name}.html has no title"
            # Coursework and back matter are looked up, not read: their pages are enough.
            sections = page.find_all("h3") if title.select_one(".section-number") else []
            below = "".join(f"<li>{entry(section)}</li>" for section in sections)
            lines.append(f"<li>{entry(title)}{below and f'<ul>{below}</ul>'}</li>")
            running = re.sub(r"\s+", " ", title.get_text()).strip()
            styles.append(
                f"#{page['id']} {{ page: {page['id']} }} "
                f'@page {page["id"]} {{ @top-right {{ content: "{running}" }} @top-left {{ content: "{caption}" }} }}'
            )
            if caption and not number:
                page.insert(0, BeautifulSoup(f'<h1 class="part">{caption}</h1>', "html.parser"))
            body.append(str(page))
        contents.append((f"<p>{caption}</p>" if caption else "") + f"<ul>{''.join(lines)}</ul>")
    return f"""<!doctype html>
<html lang="{config["sphinx"]["config"]["language"]}" data-theme="light"><head><meta charset="utf-8">
<title>{config["title"]}</title>
{"".join(map(str, head))}
<script>MathJax.options.enableMenu = false; MathJax.options.menuOptions = {{settings: {{assistiveMml: false}}}}</script>
<style>{STYLE.read_text(encoding="utf-8").replace("FONTS", fonts.as_uri())}
{chr(10).join(styles)}</style></head>
<body class="bd-content">
<header><h1>{config["title"]}</h1><p class="claim">Derived, implemented, measured</p><p>{config["author"]}</p>
<p class="note">This is the course&#8217;s site on paper. Explorers are shown by a few of their positions, hints and
solutions stand open behind their exercises, and the code that only sets up a run or draws a figure is left out: the
notebooks have it.</p>
<p class="note">Text and figures may be used under CC BY 4.0, code under the BSD 3-Clause licence.</p></header>
<nav id="contents"><h1>Contents</h1>{"".join(contents)}</nav>
{"".join(body)}
</body></html>"""


# What is wider than the page, which cannot be scrolled, is set smaller.
FIT = """() => {
  const wide = [...document.querySelectorAll("mjx-container, table")].map((box) => {
    const room = box.parentElement.closest("p, div, dd, li, td, section, article").clientWidth;
    const width = box.matches("table") ? box.scrollWidth : box.firstElementChild.getBoundingClientRect().width;
    return [box, room / width];
  }).filter(([box, ratio]) => ratio < 1);
  for (const [box, ratio] of wide) {
    const size = parseFloat(getComputedStyle(box).fontSize);
    box.style.fontSize = `${size * ratio * 0.99}px`;
  }
  return wide.length;
}"""

NUMBER_CONTENTS = """(numbers) => document.querySelectorAll("#contents a").forEach((line) => {
  line.lastElementChild.textContent = numbers[decodeURIComponent(line.hash.slice(1))];
})"""


def print_book(parts: list[tuple[str, list[str]]], printed: Path, browser: Browser) -> None:
    """Write the PDF `printed`, and beside it the document that it was printed from."""
    printed.parent.mkdir(parents=True, exist_ok=True)
    source = printed.with_suffix(".html")
    source.write_text(book(parts), encoding="utf-8")
    page = browser.new_page(viewport={"width": 642, "height": 900})  # the width of the text on paper
    page.set_default_timeout(MINUTES * 60_000)
    page.emulate_media(media="print")
    page.goto(source.as_uri())
    page.evaluate("() => MathJax.startup.promise.then(() => document.fonts.ready).then(() => undefined)")
    page.evaluate(FIT)
    page.pdf(path=printed, prefer_css_page_size=True)
    reader = PdfReader(printed)
    places = reader.named_destinations.items()
    page.evaluate(
        NUMBER_CONTENTS, {name.lstrip("/"): (reader.get_destination_page_number(to) or 0) + 1 for name, to in places}
    )
    page.pdf(path=printed, prefer_css_page_size=True, tagged=True, outline=True)
    page.close()


def main() -> None:
    printed = ROOT / "_build" / "pdf" / "optimization-for-machine-learning.pdf"
    try:
        with launch_browser() as browser:
            print_book(parts(), printed, browser)
    except (pytest.skip.Exception, pytest.fail.Exception) as no_browser:
        sys.exit(str(no_browser.msg))
    print(f"Printed. The course is in {printed.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
