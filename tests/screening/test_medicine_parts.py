"""Texts of several parts: a known medicine hides no unknown one, and an everyday way of taking rings no alarm."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from screening.rules import medicines
from screening.rules.medicine_list import medicine_list
from screening.rules.names import lexemes, readable
from screening.rules.sig_words import Kind

DATA = Path(__file__).parent / "data"


def rows(name: str) -> list[tuple[str, set[str]]]:
    """The texts of one file, each with the ingredients that it names."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return [(row["text"], set(row["ingredients"].split())) for row in csv.DictReader(lines)]


SLOW_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SPELLINGS, TWO_PARTS, SIGS = rows("spellings"), rows("two_parts"), rows("sigs")


def test_the_collections_are_large_enough() -> None:
    assert len({text for text, _ in SPELLINGS}) >= 311
    assert len({text for text, _ in TWO_PARTS}) >= 40
    assert len({text for text, _ in SIGS}) >= 60


@pytest.mark.parametrize(("text", "ingredients"), SPELLINGS)
def test_a_spelling_is_read_as_its_ingredients_or_not_at_all(text: str, ingredients: set[str]) -> None:
    got = medicines.read(text)
    assert (set(got.ingredients), got.is_mapped) == (ingredients, bool(ingredients))


@pytest.mark.parametrize(("text", "ingredients"), TWO_PARTS)
def test_a_known_medicine_hides_no_unknown_part(text: str, ingredients: set[str]) -> None:
    got = medicines.read(text)
    assert not got.is_mapped
    assert set(got.ingredients) == ingredients
    assert not all(part.is_mapped for part in got.parts)


@pytest.mark.parametrize(("text", "ingredients"), SIGS)
def test_an_everyday_way_of_taking_rings_no_alarm(text: str, ingredients: set[str]) -> None:
    got = medicines.read(text)
    assert (set(got.ingredients), got.is_mapped) == (ingredients, True)
    assert len(got.parts) <= len(ingredients)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "Lexapro 10 mg, pain pills as needed",
            [("Lexapro 10 mg", True), ("pain pills as needed", False)],
        ),
        (
            "lithium and a generic blood pressure pill",
            [("lithium", True), ("a generic blood pressure pill", False)],
        ),
        ("lisinopril 10 mg with food", [("lisinopril 10 mg with food", True)]),
        ("take with food: Nardil 15 mg, Xanax", [("take with food: Nardil 15 mg", True), ("Xanax", True)]),
        ("Nardil\nkratom daily, with food", [("Nardil", True), ("kratom daily, with food", False)]),
        ("oxycodone/kratom", [("oxycodone", True), ("kratom", False)]),
        ("twice daily, with food", [("twice daily, with food", False)]),
        ("", []),
    ],
)
def test_the_parts_stand_in_the_words_of_the_text(text: str, parts: list[tuple[str, bool]]) -> None:
    assert [(part.text, part.is_mapped) for part in medicines.read(text).parts] == parts


def test_a_part_has_its_own_ingredients_and_classes() -> None:
    first, second = medicines.read("Nardil 15 mg and NyQuil").parts
    assert (first.ingredients, first.classes) == (("phenelzine",), ("maoi",))
    assert second.ingredients == ("acetaminophen", "dextromethorphan", "doxylamine")
    assert second.classes == ("cns_depressant", "nmda_antagonist", "no_interaction")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("lorazapam 1 mg", ["lorazepam"]),
        ("Lexapro, lorazapam", ["lorazepam"]),
        ("sertralinne", ["sertraline", "sertralina"]),
        ("Xannax", ["xanax"]),
        ("Lexapro 10 mg", []),
        ("blood pressure pill", []),
        ("трамадол", []),
    ],
)
def test_near_spellings_are_suggested_and_never_read(text: str, names: list[str]) -> None:
    assert {one.name for one in medicines.suggestions(text)} >= set(names)
    assert bool(medicines.suggestions(text)) is bool(names)
    assert medicines.read(text).is_mapped is (not names and text.startswith("Lexapro"))


# --- no text with an unknown part is mapped, however it is put together ------------------------------------------------

KNOWN = st.sampled_from([text for text, ingredients in SPELLINGS + SIGS if ingredients])
SEPARATOR = st.sampled_from(
    [", ", "; ", " + ", " & ", "\n", " and ", " plus ", " with ", " or ", " then ", ",", " | "]
)
PURPOSES = (
    "pain",
    "sleep",
    "blood pressure",
    "anxiety",
    "allergy",
    "cold",
    "migraine",
    "heartburn",
    "weight loss",
)
BODIES = (
    "pill",
    "pills",
    "tablet",
    "tablets",
    "capsules",
    "patch",
    "spray",
    "drops",
    "cream",
    "syrup",
    "injection",
)
TAIL = st.sampled_from(["", " as needed", " daily", " 10 mg", " at night", " twice a day with food", " prn"])
ARTICLE = st.sampled_from(["", "a ", "my ", "the ", "1 ", "two ", "a generic ", "take a ", "10 mg "])
LAY = st.builds(
    lambda article, purpose, body, tail: f"{article}{purpose} {body}{tail}",
    ARTICLE,
    st.sampled_from(PURPOSES),
    st.sampled_from(BODIES),
    TAIL,
)


def _is_strange(word: str) -> bool:
    known = medicine_list()
    said = [(one.said,) for one in lexemes(readable(word))]
    return len(said) == 1 and said[0] not in known.spelled and said[0] not in known.sig_words


NEW = st.builds(
    lambda word, tail: word + tail,
    st.text("abcdefghiklmnoprstuvzéłж", min_size=5, max_size=12).filter(_is_strange),
    TAIL,
)
UNKNOWN = st.one_of(LAY, NEW, st.sampled_from([text for text, ingredients in SPELLINGS if not ingredients]))


@SLOW_MACHINE
@given(
    before=st.lists(KNOWN, max_size=2), unknown=UNKNOWN, after=st.lists(KNOWN, max_size=2), between=SEPARATOR
)
@example(before=["Lexapro 10 mg"], unknown="pain pills as needed", after=[], between=", ")
@example(before=["lithium"], unknown="a generic blood pressure pill", after=[], between=" and ")
@example(before=["Xanax 0.5 mg PRN anxiety"], unknown="sleep pills", after=[], between=" and ")
def test_no_text_with_an_unknown_part_is_mapped(
    before: list[str], unknown: str, after: list[str], between: str
) -> None:
    assume(not medicines.read(unknown).ingredients)
    assert not medicines.read(between.join([*before, unknown, *after])).is_mapped


@SLOW_MACHINE
@given(
    texts=st.lists(KNOWN, min_size=1, max_size=4), between=st.sampled_from([", ", "; ", "\n", " and ", " + "])
)
def test_known_medicines_stay_known_together(texts: list[str], between: str) -> None:
    together = medicines.read(between.join(texts))
    apart = [medicines.read(text) for text in texts]
    assert together.is_mapped
    assert together.ingredients == frozenset().union(*(one.ingredients for one in apart))


@SLOW_MACHINE
@given(text=st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    got = medicines.read(text)
    assert got.is_mapped <= bool(got.ingredients)
    assert all(part.text in readable(text) for part in got.parts)
    medicines.suggestions(text)


def test_every_kind_of_word_has_a_row() -> None:
    assert set(medicine_list().sig_words.values()) == set(Kind)
