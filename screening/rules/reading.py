"""A consent's text as blocks, for a page and for paper: headings, paragraphs, lists, quotes; nothing else is markup.

`kapclinic/ui/static/ui/js/sign/text.js` reads it the same way on the clinic's own screens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HEADING = re.compile(r"(#+)\s+(.+)")
_ENTRY = re.compile(r"[-*]\s+(.+)")
_QUOTE = re.compile(r">\s*(.*)")
_BOLD = re.compile(r"\*\*(.+?)\*\*")


@dataclass(frozen=True)
class Span:
    text: str
    strong: bool = False


@dataclass(frozen=True)
class Block:
    """`kind`: h2, h3, p, quote or list; a list has one row of spans for each entry, any other block has one."""

    kind: str
    rows: tuple[tuple[Span, ...], ...]


def blocks(text: str) -> list[Block]:
    """The text of a document, in its order.

    An empty line ends a block, and so does a line that begins with the mark of another one; a line without a mark goes
    on with what it follows. A heading is one line.
    """
    return [Block(kind, tuple(map(_spans, rows))) for kind, rows in _gathered(text)]


def _gathered(text: str) -> Iterator[tuple[str, list[str]]]:
    kind, rows = "", list[str]()
    for line in map(str.strip, text.splitlines()):
        mark, words = _read(line)
        if mark in {"p", kind} and kind and not kind.startswith("h"):
            if mark == "list":
                rows.append(words)
            else:
                rows[-1] += f" {words}"
            continue
        if kind:
            yield kind, rows
        kind, rows = mark, [words]
    if kind:
        yield kind, rows


def _read(line: str) -> tuple[str, str]:
    """What a line is by its mark, and its words; an empty one is nothing."""
    if heading := _HEADING.match(line):
        return ("h2" if len(heading[1]) == 1 else "h3"), heading[2]
    if entry := _ENTRY.match(line):
        return "list", entry[1]
    if quote := _QUOTE.match(line):
        return "quote", quote[1]
    return ("p" if line else ""), line


def _spans(text: str) -> tuple[Span, ...]:
    parts = _BOLD.split(" ".join(text.split()))
    return tuple(Span(part, strong=n % 2 == 1) for n, part in enumerate(parts) if part)
