"""What the files of the interaction list must keep to, and every place where they don't."""

from __future__ import annotations

import operator
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from programs.models import Route
from screening.models import Finding
from screening.rules.medicine_files import CLASSES, MEDICINES, SIG_WORDS, Fault, Row, Rule, rows_of
from screening.rules.names import INGREDIENT, SEVERAL_WORDS, VITAMIN, WORD, plain
from screening.rules.sig_words import SEPARATORS, Kind

S = Finding.Severity
NO_FINDING = "none"  # known, and without a significant interaction
SEVERITIES = (S.ABSOLUTE, S.RELATIVE, S.INFO, NO_FINDING)
YES, NO = "yes", "no"
COMBINED = "+"

_MAY_BE_EMPTY = frozenset({"brands", "synonyms", "routes", "reviewed_by"})
_CLASS = re.compile(r"[a-z][a-z_]*")
_EDITION = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])[a-z]?")
_CODE = Finding._meta.get_field("code").max_length or 0
_LONGEST_CLASS = _CODE - len("MED_")


@dataclass(frozen=True)
class Examined:
    """The files as they were read, and all that is wrong with them."""

    classes: Sequence[Row]
    medicines: Sequence[Row]
    sig_words: Sequence[Row]
    faults: Sequence[Fault]


def examine() -> Examined:
    """Read the files and hold them against every rule."""
    classes, of_classes = rows_of(CLASSES)
    medicines, of_medicines = rows_of(MEDICINES)
    words, of_words = rows_of(SIG_WORDS)
    faults = [
        *of_classes,
        *of_medicines,
        *of_words,
        *_empty([*classes, *medicines, *words]),
        *_editions([*medicines, *classes, *words]),
        *_doubled(classes, "class"),
        *_doubled(medicines, "ingredient"),
        *_doubled(words, "words"),
        *_policies(classes),
        *_spelling(medicines),
        *_sig_words(words),
        *_classes_of(medicines, {row["class"] for row in classes}),
        *_claims(medicines, {row["words"] for row in words}),
    ]
    return Examined(classes, medicines, words, sorted(set(faults)))


def names_of(row: Row) -> Iterator[tuple[str, bool]]:
    """The brands and synonyms of a row without their mark, and whether they had it (a combination)."""
    for entry in (*row.split("brands"), *row.split("synonyms")):
        yield entry.removesuffix(COMBINED).rstrip(), entry.endswith(COMBINED)


def _empty(rows: Sequence[Row]) -> Iterator[Fault]:
    for row in rows:
        for column, cell in row.cells.items():
            if not cell and column not in _MAY_BE_EMPTY:
                yield row.fault(Rule.EMPTY, f"{column} is empty.")


def _editions(rows: Sequence[Row]) -> Iterator[Fault]:
    dated = [row for row in rows if row["edition"]]
    for edition, _ in Counter(row["edition"] for row in dated).most_common(1):
        if not _EDITION.fullmatch(edition):
            yield dated[0].fault(Rule.EDITION, f"{edition} is no edition.")
        for row in dated:
            if row["edition"] != edition:
                yield row.fault(Rule.EDITION, f"edition {row['edition']}, while most rows are of {edition}.")


def _doubled(rows: Sequence[Row], column: str) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for row in rows:
        if row[column] and first.setdefault(row[column], row.line) != row.line:
            yield row.fault(Rule.DOUBLE, f"{row[column]} has a row already, line {first[row[column]]}.")


def _policies(classes: Sequence[Row]) -> Iterator[Fault]:
    known = {"severity": SEVERITIES, "depressant": (YES, NO), "routes": tuple(Route.values)}
    for row in classes:
        name = row["class"]
        if name and not (_CLASS.fullmatch(name) and len(name) <= _LONGEST_CLASS):
            words = f"{name} is no name of a class (a–z and _, {_LONGEST_CLASS} letters at most)."
            yield row.fault(Rule.SPELLING, words)
        for column, allowed in known.items():
            for entry in row.split(column) if column == "routes" else filter(None, [row[column]]):
                if entry not in allowed:
                    words = f"{entry or 'nothing'} is no {column}; known: {', '.join(map(str, allowed))}."
                    yield row.fault(Rule.POLICY, words)


def _spelling(medicines: Sequence[Row]) -> Iterator[Fault]:
    for row in medicines:
        name = row["ingredient"]
        if name and not (INGREDIENT.fullmatch(name) and name == plain(name)):
            words = f"no text is read as the ingredient {name} (small letters, - between words)."
            yield row.fault(Rule.SPELLING, words)
        for name, _ in names_of(row):
            if not _is_name(name):
                words = f"no text is read as the name {name or '(empty)'} (one word of letters, or several words)."
                yield row.fault(Rule.SPELLING, words)


def _sig_words(rows: Sequence[Row]) -> Iterator[Fault]:
    for row in rows:
        words, kind = row["words"], row["kind"]
        if words and not (_is_name(words) and words.isascii()):
            yield row.fault(
                Rule.SPELLING, f"no text is read as {words} (one word of letters, or several words)."
            )
        if words in SEPARATORS:
            yield row.fault(Rule.CLAIMED, f"at {words} a text is split.")
        if kind and kind not in set(Kind):
            yield row.fault(Rule.POLICY, f"{kind} is no kind; known: {', '.join(Kind)}.")


def _is_name(name: str) -> bool:
    is_one = WORD.fullmatch(name) or SEVERAL_WORDS.fullmatch(name) or VITAMIN.fullmatch(name)
    return is_one is not None and name == plain(name)


def _classes_of(medicines: Sequence[Row], known: set[str]) -> Iterator[Fault]:
    for row in medicines:
        for name, times in Counter(row.split("classes")).items():
            if known and name not in known:  # without any class, the other file's own fault says enough
                yield row.fault(Rule.CLASS, f"{name or '(empty)'} is no class of {CLASSES}.")
            if times > 1:
                yield row.fault(Rule.DOUBLE, f"the class {name} stands here twice.")


def _claims(medicines: Sequence[Row], of_use: set[str]) -> Iterator[Fault]:
    """Report every name that stands for two things: a client's text would be read as either of them."""
    ingredients = {row["ingredient"]: row.line for row in medicines}
    claims: defaultdict[str, list[tuple[Row, bool]]] = defaultdict(list)
    for row in medicines:
        if row["ingredient"] in of_use:
            yield row.fault(Rule.CLAIMED, f"{row['ingredient']} is a word of use (how a medicine is taken).")
        for name, combined in filter(operator.itemgetter(0), names_of(row)):
            claims[name].append((row, combined))
    for name, claimants in claims.items():
        words = _clash(name, [row.line for row, _ in claimants], {combined for _, combined in claimants})
        if name in of_use:
            words = f"{name} is a word of use (how a medicine is taken)."
        if name in ingredients:
            words = f"{name} is the ingredient of line {ingredients[name]}."
        for row, _ in claimants if words else ():
            yield row.fault(Rule.CLAIMED, words)


def _clash(name: str, lines: Sequence[int], combined: set[bool]) -> str:
    if len(set(lines)) < len(lines):
        return f"{name} stands twice in one row."
    if len(lines) > 1 and False in combined:
        return (
            f"{name} stands in lines {', '.join(map(str, lines))}; a combination is marked {name}+ in each."
        )
    if len(lines) == 1 and True in combined:
        return f"{name}+ is marked as a combination, and no other row has it."
    return ""
