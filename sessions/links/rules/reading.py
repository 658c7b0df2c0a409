"""A consent's text as blocks that a page can show: headings, paragraphs, lists, quotes; nothing else is markup."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)


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
    """The text of a document, in its order."""
    return [_block(part.strip()) for part in re.split(r"\n\s*\n", text) if part.strip()]


def _block(part: str) -> Block:
    if heading := re.match(r"(#+)\s+(.*)", part, re.DOTALL):
        return Block("h2" if len(heading[1]) == 1 else "h3", (_spans(heading[2]),))
    lines = part.split("\n")
    if part.startswith(("- ", "* ")):
        entries = re.split(r"\n[-*] ", "\n" + part)[1:]
        return Block("list", tuple(_spans(entry) for entry in entries))
    if part.startswith(">"):
        return Block("quote", (_spans("\n".join(line.lstrip("> ") for line in lines)),))
    return Block("p", (_spans(part),))


def _spans(text: str) -> tuple[Span, ...]:
    plain = " ".join(text.split())
    parts = _BOLD.split(plain)
    return tuple(Span(part, strong=n % 2 == 1) for n, part in enumerate(parts) if part)
