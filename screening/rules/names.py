"""How a medication text is read: as words, numbers and marks, each with its place in the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

WORD = re.compile(r"[^\W\d_]+")
INGREDIENT = re.compile(rf"{WORD.pattern}(?:[-']{WORD.pattern})*")
SEVERAL_WORDS = re.compile(rf"{WORD.pattern}(?:[ '-]{WORD.pattern}(?:\d{{1,2}})?|[ -]#?\d+)+")
VITAMIN = re.compile(r"[a-z]\d{1,2}")

_SIGNS = re.compile("[®™©]")  # behind a brand they say nothing
_LEXEME = re.compile(
    r"(?P<without>\bw/o\b)|(?P<with>\bw/)"
    r"|(?P<dotted>(?<![^\W\d_])(?:[^\W\d_]\.)+[^\W\d_](?![^\W\d_])\.?)"  # b.i.d., p.o.
    r"|(?P<stop>(?-i:(?<![Ss]t)\.(?=\s+[A-Z])))"  # the end of a sentence, not of "St."
    r"|(?P<word>[^\W\d_]+)"
    r"|(?P<number>\d+(?:[.,/⁄]\d+)*(?:d(?![^\W\d_]))?)"  # 5/325, 10d
    r"|(?P<line>[\n\v\f\r\x85\u2028\u2029])"
    r"|(?P<mark>\S)",
    re.IGNORECASE,
)
LINE = "\n"
_MEANS = {"without": "without", "with": "with", "line": LINE, "stop": LINE}


@dataclass(frozen=True)
class Lexeme:
    """One word, number or mark of a text, from `start` to `end`; `said` is how it is looked up."""

    start: int
    end: int
    said: str
    is_number: bool = False

    @property
    def is_word(self) -> bool:
        return WORD.fullmatch(self.said) is not None


def plain(text: str) -> str:
    """Small letters without accents, one space between words, no dots, and one kind of apostrophe."""
    return " ".join(_folded(text).replace("’", "'").replace(".", " ").split())


def readable(text: str) -> str:
    """The text in the letters that `lexemes` counts by."""
    return unicodedata.normalize("NFKC", _SIGNS.sub(" ", text))


def lexemes(text: str) -> Iterator[Lexeme]:
    """The words, numbers and marks of a readable text, in order."""
    for found in _LEXEME.finditer(text):
        kind = str(found.lastgroup)
        said = _MEANS.get(kind) or _folded(found[0]).replace("&", "and")
        if kind == "dotted":
            said = said.replace(".", "")
        yield Lexeme(found.start(), found.end(), said, kind == "number")


def spelled(name: str) -> tuple[str, ...]:
    """A name of the list as the words and numbers that a text has in its place."""
    return tuple(
        one.said for one in lexemes(readable(name)) if one.is_word or one.is_number or one.said == "#"
    )


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold()
