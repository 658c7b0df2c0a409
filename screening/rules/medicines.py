"""Medicines that matter to ketamine: what a text of the client's list names, and what that finds.

Ingredients, names and classes are data (`medicine_list`). A text is read part by part (`parts`), and one part that is
not understood makes it *unmapped*: an `unknown` finding of its own (MED_UNMAPPED), never "no interaction".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any
from uuid import UUID

from programs.policy import limit
from screening.models import Finding
from screening.rules.findings import Found, as_policy_has_it
from screening.rules.medicine_list import DrugClass, MedicineList, medicine_list
from screening.rules.names import readable
from screening.rules.parts import Part, parts_of

S = Finding.Severity
LABELS = "esketamine and racemic ketamine labels"
_NEAR, _SHORTEST, _MOST_SUGGESTED = 0.8, 4, 10  # only what is shown to choose from

CLASSES: tuple[DrugClass, ...]
LIST_EDITION: str


def __getattr__(name: str) -> Any:
    """Read these two names when they are used: with a broken list the import must work, or nothing could report it."""
    match name:
        case "CLASSES":
            return medicine_list().classes
        case "LIST_EDITION":
            return medicine_list().edition
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@dataclass(frozen=True)
class MappedPart:
    """One medicine of a text, in the text's own words."""

    text: str
    ingredients: tuple[str, ...]
    classes: tuple[str, ...]
    is_mapped: bool


@dataclass(frozen=True)
class Mapped:
    """What a text names: ingredients of the table, their classes, and whether that was all it said."""

    ingredients: frozenset[str]
    classes: tuple[str, ...]
    is_mapped: bool
    parts: tuple[MappedPart, ...]


@dataclass(frozen=True)
class Listed:
    """One entry of the client's list. `mapped_to`: what a prescriber said that it is, beside what it says itself."""

    id: UUID | None
    text: str
    mapped_to: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Suggestion:
    """A name that is spelled nearly like `written`. It is only shown: nothing is read into a text."""

    written: str
    name: str
    ingredients: tuple[str, ...]


def _classes(ingredients: Iterable[str], known: MedicineList) -> tuple[str, ...]:
    return tuple(sorted({name for ingredient in ingredients for name in known.ingredients[ingredient]}))


def classes_of(ingredients: Iterable[str]) -> tuple[str, ...]:
    """The classes of these ingredients of the list."""
    return _classes(ingredients, medicine_list())


def _mapped(part: Part, text: str, known: MedicineList) -> MappedPart:
    words = text[part.start : part.end].strip()
    return MappedPart(
        words, tuple(sorted(part.ingredients)), _classes(part.ingredients, known), part.is_known
    )


def read(text: str, mapped_to: frozenset[str] = frozenset()) -> Mapped:
    """The ingredients and classes of one text, e.g. "Xanax 0.5 mg at bedtime".

    `mapped_to` joins what the text itself names, and answers for the rest of it, while the list has all of it.
    """
    known = medicine_list()
    said = readable(text)
    parts = parts_of(said, known)
    ingredients = frozenset().union(
        *(part.ingredients for part in parts), mapped_to & known.ingredients.keys()
    )
    is_told = bool(mapped_to) and mapped_to <= known.ingredients.keys()
    return Mapped(
        ingredients,
        _classes(ingredients, known),
        is_told or (bool(parts) and all(part.is_known for part in parts)),
        tuple(_mapped(part, said, known) for part in parts),
    )


def suggestions(text: str) -> list[Suggestion]:
    """Names of the list that are spelled nearly like words of `text` that nobody knows."""
    known = medicine_list()
    strange = [word for part in parts_of(readable(text), known) for word in part.strange]
    found = []
    for word in list(dict.fromkeys(strange))[:_MOST_SUGGESTED]:
        for name in _near(word, known.edition):
            meant = known.ingredients.keys() & {name} or known.words[name]
            found.append(Suggestion(word, name, tuple(sorted(meant))))
    return found


@lru_cache(maxsize=1000)
def _near(word: str, edition: str) -> tuple[str, ...]:
    """`edition` keeps the answers of two lists apart."""
    known = medicine_list()
    if len(word) < _SHORTEST:
        return ()
    return tuple(get_close_matches(word, [*known.ingredients, *known.words], n=3, cutoff=_NEAR))


def medicine_findings(listed: Sequence[Listed], *, route: str, limits: Mapping[str, Any]) -> list[Found]:
    """What the client's list says: one finding per class, one per text that was not understood in full."""
    known = medicine_list()
    texts: dict[str, list[str]] = {}
    depressants: set[str] = set()
    found = []
    for entry in listed:
        mapped = read(entry.text, entry.mapped_to)
        if not mapped.is_mapped:
            evidence = f"Not in the interaction list of {known.edition}: {entry.text}"
            found.append(Found("MED_UNMAPPED", S.UNKNOWN, evidence, "interaction list", entry.id))
        for name in mapped.classes:
            texts.setdefault(name, []).append(entry.text)
        depressants |= {i for i in mapped.ingredients if known.is_depressant(i)}
    for row in known.classes:
        if row.severity is not None and row.name in texts and (not row.routes or route in row.routes):
            code = f"MED_{row.name.upper()}"
            evidence = f"{row.effect} Listed: {'; '.join(texts[row.name])}."
            found.append(Found(code, as_policy_has_it(code, row.severity, limits), evidence, row.source))
    return found + _several(depressants, limits)


def _several(depressants: set[str], limits: Mapping[str, Any]) -> list[Found]:
    """Two or more depressants add up (labels: close watch): a finding of its own, which needs words of its own."""
    if len(depressants) < limit(limits, "cns_depressants_many"):
        return []
    severity = as_policy_has_it("MED_CNS_DEPRESSANTS_COMBINED", S.RELATIVE, limits)
    evidence = f"Several CNS depressants together: {', '.join(sorted(depressants))}."
    return [Found("MED_CNS_DEPRESSANTS_COMBINED", severity, evidence, LABELS)]
