"""Medicines that matter to ketamine: what a text of the client's list names, and what that finds.

Ingredients, names and classes are data (`medicine_list`). What is left of a text after known names, doses and words of
use makes it *unmapped*: an `unknown` finding of its own (MED_UNMAPPED), never "no interaction".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from programs.policy import limit
from screening.models import Finding
from screening.rules.findings import Found, as_policy_has_it
from screening.rules.medicine_list import DrugClass, MedicineList, medicine_list
from screening.rules.names import INGREDIENT, WORDS_OF_USE, plain

S = Finding.Severity
LABELS = "esketamine and racemic ketamine labels"

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
class Mapped:
    """What a text names: ingredients of the table, their classes, and whether that was all it said."""

    ingredients: frozenset[str]
    classes: tuple[str, ...]
    is_mapped: bool


@dataclass(frozen=True)
class Listed:
    """One entry of the client's list."""

    id: UUID | None
    text: str


def _words(text: str, known: MedicineList) -> list[str]:
    said = plain(text)
    for phrase, names in known.phrases.items():
        said = said.replace(phrase, f" {' '.join(sorted(names))} ")
    found = []
    for word in INGREDIENT.findall(said):
        found += [word] if word in known.ingredients else re.split(r"[-']", word)
    return found


def read(text: str) -> Mapped:
    """The ingredients and classes of one text, e.g. "Xanax 0.5 mg at bedtime"."""
    known = medicine_list()
    ingredients: set[str] = set()
    strange = False
    for word in _words(text, known):
        names = {word} if word in known.ingredients else known.words.get(word, frozenset())
        ingredients |= names
        strange = strange or not (names or word in WORDS_OF_USE)
    classes = {name for ingredient in ingredients for name in known.ingredients[ingredient]}
    return Mapped(frozenset(ingredients), tuple(sorted(classes)), bool(ingredients) and not strange)


def medicine_findings(listed: Sequence[Listed], *, route: str, limits: Mapping[str, Any]) -> list[Found]:
    """What the client's list says: one finding per class, one per text that was not understood in full."""
    known = medicine_list()
    texts: dict[str, list[str]] = {}
    depressants: set[str] = set()
    found = []
    for entry in listed:
        mapped = read(entry.text)
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
