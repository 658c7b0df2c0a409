"""A medication text in its parts: each names a medicine, or says how the one before it is taken, or nobody knows.

A known medicine must not hide an unknown one: "Lexapro, pain pills as needed". So a part without an ingredient counts
as a way of taking only when all its words are (`data/sig_words.csv`), and when they can't be a medicine themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise

from screening.rules.medicine_list import MedicineList
from screening.rules.names import Lexeme, lexemes
from screening.rules.sig_words import BEGIN_ANOTHER, SEPARATORS, Kind

_JOINS_NUMBERS = frozenset({"and", "or", "+"})
_NUMBERS = frozenset({Kind.NUMBER, Kind.FRACTION})
_MEASURES = frozenset({Kind.UNIT, Kind.TIME, Kind.FORM})  # mg/ml, mg/day, mg/tablet
_SILENT = frozenset("'’‘`´\"“”.:-–—)]}*!?%~=<>@#°_\\/⁄")
_OPENS = frozenset("([{")
_COUNTED = frozenset({Kind.FORM, Kind.PILL, Kind.THING})
_OTHERS = frozenset(
    [
        (Kind.NUMBER, Kind.FOR),
        (Kind.FRACTION, Kind.FOR),
        *((kind, Kind.RELEASE) for kind in (None, *Kind) if kind is not Kind.UNIT),
    ]
)  # "one for sleep", "the extended release", but "10 mg ER"
_KEEPS_REASON = frozenset({Kind.LINK, Kind.PURPOSE})


@dataclass(frozen=True)
class Token:
    """What one or several words of a text mean. `ingredients`: a medicine; else `kind`; neither: nobody knows."""

    start: int
    end: int
    said: str
    kind: Kind | None = None
    ingredients: frozenset[str] = frozenset()
    separates: bool = False

    @property
    def is_strange(self) -> bool:
        return not (self.kind or self.ingredients or self.separates)


@dataclass(frozen=True)
class Part:
    """One part as it stands in the text. `is_known`: nothing in it is left to guess."""

    start: int
    end: int
    ingredients: frozenset[str]
    is_known: bool
    strange: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Piece:
    """The tokens between two separators; `is_hard`: what stands before them is one that begins another medicine."""

    tokens: tuple[Token, ...]
    is_hard: bool

    @property
    def ingredients(self) -> frozenset[str]:
        return frozenset().union(*(token.ingredients for token in self.tokens))


def parts_of(text: str, known: MedicineList) -> list[Part]:
    """The parts of a readable text. What only says how to take a medicine belongs to the part that names it."""
    found: list[Part] = []
    waiting: int | None = None  # where words of use begin that stand before any medicine
    named: set[str] = set()  # the forms that came before: tablet, patch
    goes_on = False
    for piece in _pieces(_joined(_tokens(text, known))):
        first, last = piece.tokens[0], piece.tokens[-1]
        reasoned, goes_on = _reasons(piece, goes_on=goes_on)
        strange = tuple(token.said for token in piece.tokens if token.is_strange)
        part = Part(first.start, last.end, piece.ingredients, reasoned and not strange, strange)
        if not part.ingredients and part.is_known and _says_how(piece, named):
            if found:
                found[-1] = replace(found[-1], end=last.end)
            else:
                waiting = first.start if waiting is None else waiting
        else:
            start = part.start if waiting is None else waiting
            found.append(replace(part, start=start, is_known=part.is_known and bool(part.ingredients)))
            waiting = None
        named |= {_one(token) for token in piece.tokens if token.kind in _COUNTED}
    return found if waiting is None else [Part(waiting, len(text), frozenset(), is_known=False)]


def _tokens(text: str, known: MedicineList) -> Iterator[Token]:
    """The longest names and phrases from left to right; a name of the list comes before a word of use."""
    line = [one for one in lexemes(text) if one.said not in _SILENT - {"#", "/"}]
    here = 0
    while here < len(line):
        size, token = _longest(line, here, known)
        here += size
        if token is not None:
            yield token


def _longest(line: Sequence[Lexeme], here: int, known: MedicineList) -> tuple[int, Token | None]:
    for size in range(min(known.longest, len(line) - here), 0, -1):
        words = tuple(one.said for one in line[here : here + size])
        start, end, said = line[here].start, line[here + size - 1].end, " ".join(words)
        if words in known.spelled and not _counts_on(line, here + size):
            return size, Token(start, end, said, ingredients=known.spelled[words])
        if words in known.sig_words:
            return size, Token(start, end, said, known.sig_words[words])
    return 1, _alone(line, here)


def _counts_on(line: Sequence[Lexeme], after: int) -> bool:
    """Tylenol 3 times a day is not Tylenol 3."""
    return line[after - 1].is_number and after < len(line) and line[after].said in {"times", "x"}


def _alone(line: Sequence[Lexeme], here: int) -> Token | None:
    one = line[here]
    if one.is_number:
        is_whole = {"/", "⁄"}.isdisjoint(one.said)
        return Token(one.start, one.end, one.said, Kind.NUMBER if is_whole else Kind.FRACTION)
    if one.said in _OPENS:
        return Token(one.start, one.end, one.said, Kind.FOR)  # trazodone (sleep)
    if one.said == "/":
        beside = [*line[max(here - 1, 0) : here], *line[here + 1 : here + 2]]
        is_between = len(beside) == 2 and all(word.is_word for word in beside)
        return Token(one.start, one.end, one.said, separates=True) if is_between else None
    if one.said in SEPARATORS:
        return Token(one.start, one.end, one.said, separates=True)
    return None if one.said in _SILENT else Token(one.start, one.end, one.said)


def _joined(tokens: Iterator[Token]) -> list[Token]:
    """The tokens, but "1 and 1/2" and "mg/day" are not split."""
    line = list(tokens)
    for here, token in enumerate(line[1:-1], 1):
        before, after = line[here - 1].kind, line[here + 1].kind
        joined = _NUMBERS if token.said == "or" else {Kind.FRACTION}  # 1 or 2, 1 and 1/2
        is_amount = token.said in _JOINS_NUMBERS and before in _NUMBERS and after in joined
        if is_amount or (token.said == "/" and before is Kind.UNIT and after in _MEASURES):
            line[here] = replace(token, kind=Kind.LINK, separates=False)
    return line


def _pieces(tokens: Sequence[Token]) -> Iterator[_Piece]:
    held: list[Token] = []
    is_hard = False
    for token in tokens:
        if not token.separates:
            held.append(token)
            continue
        if held:
            yield _Piece(tuple(held), is_hard)
            held, is_hard = [], False
        is_hard = is_hard or token.said in BEGIN_ANOTHER
    if held:
        yield _Piece(tuple(held), is_hard)


def _reasons(piece: _Piece, *, goes_on: bool) -> tuple[bool, bool]:
    """Whether each purpose stands behind a "for" and names no medicine ("pain pills"), and whether a list goes on."""
    introduced = goes_on and not piece.ingredients
    before: Kind | None = None
    fine = True
    for token in piece.tokens:
        if token.kind in {Kind.FOR, Kind.NEED}:
            introduced = True
        elif token.kind is Kind.PURPOSE:
            fine = fine and introduced
        elif token.kind in _COUNTED and before in {Kind.PURPOSE, Kind.FOOD}:
            fine = False
        elif token.kind not in _KEEPS_REASON:
            introduced = False
        before = token.kind
    return fine, introduced and before is Kind.PURPOSE


def _says_how(piece: _Piece, named: Set[str]) -> bool:
    """Whether known words without an ingredient only say how a medicine is taken."""
    kinds = [token.kind for token in piece.tokens]
    if Kind.MAKE in kinds or any(pair in _OTHERS for pair in pairwise([None, *kinds])):
        return False
    counted = [here for here, kind in enumerate(kinds) if kind in _COUNTED]
    if not counted:
        return True
    is_told = kinds[0] is Kind.VERB
    if (piece.is_hard and not (is_told or named)) or not all(_is_counted(kinds, here) for here in counted):
        return False
    things = {_one(token) for token in piece.tokens if token.kind is Kind.THING}
    if things and (Kind.PURPOSE in kinds or not (is_told or things <= named)):
        return False  # "use a patch for pain", "one patch"
    return Kind.PURPOSE not in kinds or _is_reasoned(kinds, counted[-1], is_told=is_told)


def _is_reasoned(kinds: Sequence[Kind | None], last: int, *, is_told: bool) -> bool:
    """Whether what is counted, with a purpose, is still the medicine before: not "1 pill for sleep"."""
    is_timed = not {Kind.TIME, Kind.NEED}.isdisjoint(kinds) and Kind.FOR not in kinds[last + 1 : last + 2]
    is_plain = Kind.PILL not in kinds and kinds[last - 1] in _NUMBERS
    return is_plain and (is_told or is_timed) and kinds.index(Kind.PURPOSE) > last


def _is_counted(kinds: Sequence[Kind | None], here: int) -> bool:
    """Whether a number says how many: "2 tablets", "one 10 mg tablet", not "a nasal spray"."""
    while here and kinds[here - 1] is Kind.UNIT:
        here -= 1
    return here > 0 and kinds[here - 1] in _NUMBERS


def _one(token: Token) -> str:
    """The form of a token, be it one or several."""
    return token.said.removesuffix("es").removesuffix("s")
