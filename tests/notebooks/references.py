"""What a reference holds: of every code cell its first line, a hash of its source, its outputs as text."""

import hashlib
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import yaml
from nbformat import NotebookNode
from notebooks.agree import agree, difference

Entry = dict[str, Any]
Output = dict[str, str]  # {kind: text}

GLUED = "application/papermill.record/text/plain"
STREAMS = ("stdout", "stderr")


def texts(outputs: Iterable[NotebookNode], sanitize: Callable[[str], str]) -> list[Output]:
    """What is compared of a cell's outputs. Images, HTML and widgets count only as being there."""
    found = []
    for out in outputs:
        data, metadata = out.get("data", {}), out.get("metadata", {})
        if out.output_type == "stream":
            kind, text = out.name, out.text
        elif out.output_type == "error":
            kind, text = "error", f"{out.ename}: {out.evalue}"
        elif "scrapbook" in metadata:
            kind, text = f"glue {metadata['scrapbook']['name']}", data.get(GLUED, data.get("text/plain", ""))
        elif "text/plain" in data:
            kind, text = "text/plain", data["text/plain"]
        else:
            kind, text = "not compared", ", ".join(sorted(data))
        # White space at the ends of lines, and rare line breaks, would keep YAML from writing a block.
        lines = [line.rstrip() for line in sanitize(text).expandtabs().rstrip().splitlines()]
        found.append({kind: "\n".join(lines) + ("\n" if len(lines) > 1 else "")})
    # Streams arrive in no fixed order, so they come first.
    return sorted(found, key=lambda output: [stream not in output for stream in STREAMS])


def differing_lines(expected: list[Output], got: list[Output]) -> list[str]:
    """Nothing if the outputs agree, else the lines to show."""
    sides = [[f"{kind}: {text}" for out in outputs for kind, text in out.items()] for outputs in (expected, got)]
    if len(expected) == len(got) and all(map(agree, *sides)):
        return []
    return list(difference(*([line for line in "\n".join(side).splitlines() if line] for side in sides)))


def entry(source: str, outputs: list[Output]) -> Entry:
    return {"cell": first_line(source), "source": digest(source), "outputs": outputs}


def first_line(source: str) -> str:
    return source.strip().partition("\n")[0]


def digest(source: str) -> str:
    return hashlib.sha256(source.strip().encode()).hexdigest()[:12]


def align(entries: list[Entry], sources: list[str]) -> tuple[list[Entry | None], list[Entry]]:
    """Each cell's entry, and those left over. A cell put in or taken out leaves its neighbours alone."""
    found: list[Entry | None] = [None] * len(sources)
    leftover = []
    matcher = SequenceMatcher(None, [e["source"] for e in entries], list(map(digest, sources)), autojunk=False)
    for _, i, i_end, j, j_end in matcher.get_opcodes():
        n = min(i_end - i, j_end - j)
        found[j : j + n] = entries[i : i + n]
        leftover += entries[i + n : i_end]
    return found, leftover


def load(path: Path) -> list[Entry]:
    return yaml.safe_load(path.read_text("utf-8")) or [] if path.exists() else []


def save(path: Path, entries: list[Entry]) -> None:
    text = yaml.dump(entries, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=float("inf"))
    path.write_text(text, "utf-8", newline="\n")


class Dumper(yaml.SafeDumper):
    """Writes a text of several lines as a block, as it was printed."""

    def represent_str(self, text: str) -> yaml.Node:
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)

    def ignore_aliases(self, data: Any) -> bool:
        return True


Dumper.add_representer(str, Dumper.represent_str)
