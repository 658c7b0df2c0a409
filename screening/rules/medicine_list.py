"""The interaction list as the rules use it: read once from its files, and only when nothing is wrong with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from screening.models import Finding
from screening.rules.medicine_faults import NO_FINDING, YES, examine, names_of
from screening.rules.medicine_files import Fault, Row
from screening.rules.names import WORD, spelled
from screening.rules.sig_words import Kind


class BrokenList(Exception):
    """The files of the interaction list are wrong: better no answer than one from half a list."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(["The interaction list is broken.", *map(str, faults)]))


@dataclass(frozen=True)
class DrugClass:
    """One class. `severity` None: known, and without a significant interaction. `routes`: only there does it matter."""

    name: str
    severity: str | None
    effect: str
    source: str
    ingredients: frozenset[str]
    depressant: bool = False
    routes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class MedicineList:
    """One edition: its classes in the order of their file, and what each name means."""

    edition: str
    classes: tuple[DrugClass, ...]
    ingredients: Mapping[str, frozenset[str]]  # ingredient -> its classes
    words: Mapping[str, frozenset[str]]  # brand or synonym of one word -> its ingredients
    phrases: Mapping[str, frozenset[str]]  # of several words
    spelled: Mapping[tuple[str, ...], frozenset[str]]  # every name as the words of a text -> its ingredients
    sig_words: Mapping[tuple[str, ...], Kind]  # words that only say how a medicine is taken
    longest: int  # words of the longest name or phrase

    def is_depressant(self, ingredient: str) -> bool:
        return any(row.depressant and ingredient in row.ingredients for row in self.classes)


@lru_cache(maxsize=1)
def medicine_list() -> MedicineList:
    """The list of this process, read at its first use.

    :raises BrokenList: at every use, while a file is wrong
    """
    examined = examine()
    if examined.faults:
        raise BrokenList(examined.faults)
    ingredients = {row["ingredient"]: frozenset(row.split("classes")) for row in examined.medicines}
    classes = tuple(_drug_class(row, ingredients) for row in examined.classes)
    names: defaultdict[str, set[str]] = defaultdict(set)
    for row in examined.medicines:
        for name, _ in names_of(row):
            names[name].add(row["ingredient"])
    by_words = {spelled(name): frozenset(of) for name, of in names.items()} | {
        spelled(name): frozenset({name}) for name in ingredients
    }
    sig_words = {spelled(row["words"]): Kind(row["kind"]) for row in examined.sig_words}
    return MedicineList(
        edition=examined.medicines[0]["edition"],
        classes=classes,
        ingredients=dict(sorted(ingredients.items())),
        words={name: frozenset(names[name]) for name in names if WORD.fullmatch(name)},
        phrases={name: frozenset(names[name]) for name in sorted(names) if not WORD.fullmatch(name)},
        spelled=by_words,
        sig_words=sig_words,
        longest=max(map(len, [*by_words, *sig_words])),
    )


def _drug_class(row: Row, ingredients: Mapping[str, frozenset[str]]) -> DrugClass:
    return DrugClass(
        name=row["class"],
        severity=None if row["severity"] == NO_FINDING else Finding.Severity(row["severity"]),
        effect=row["effect"],
        source=row["source"],
        ingredients=frozenset(name for name, classes in ingredients.items() if row["class"] in classes),
        depressant=row["depressant"] == YES,
        routes=frozenset(row.split("routes")),
    )
