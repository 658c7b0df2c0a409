"""Every sentence of the screens stands in each language that they speak."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import kapclinic.core.http.middleware
import kapclinic.urls  # noqa: F401  (both: every module that refuses anything)
from billing.capture.rules.blockers import Code
from kapclinic.core.errors import ClinicError
from kapclinic.practice.worklist import Kind, to_do
from kapclinic.ui.languages import LANGUAGES
from kapclinic.ui.modules import HOUSE, loaded_by, words_of
from kapclinic.ui.screens import SCREENS, Screen
from screening.rules.conditions import CONDITIONS
from sessions.boards.api.decision_bodies import TO_DO
from sessions.boards.api.worklist_bodies import OF_ALERT, OF_HOLD
from sessions.booking.http import NOTHING
from sessions.dosing.gates.table import GATES
from sessions.dosing.rules import discharge

CHECKOUT = Path(__file__).resolve().parent.parent.parent
APPS = ("kapclinic", "programs", "screening", "sessions", "billing")
JS = CHECKOUT / "kapclinic" / "ui" / "static" / "ui" / "js"
ONE = r'"((?:[^"\\]|\\.)*)"'
SHARED = ("core", "frame", "outbox", "signin", "signs")
AREAS = (
    "account",
    "answered",
    "bedside",
    "billing",
    "care",
    "client",
    "decide",
    "desk",
    "director",
    "door",
    "glass",
    "intake",
    "links",
    "lists",
    "notes",
    "plan",
    "practice",
    "record",
    "safe",
    "sign",
    "status",
    "texts",
    "till",
)
WITHIN = ("absences", "people", "waitlist", "worklist")  # folders of an area with words of their own
GAP = re.compile(r"\{(\w+)\}")


def _said(text: str) -> Iterator[str]:
    for found in re.finditer(rf"\bt\(\s*{ONE}", text):
        yield found[1]
    for found in re.finditer(rf'\bmany\([^"]*?{ONE},\s*{ONE}', text):
        yield from found.groups()


def sentences(*folders: str) -> set[str]:
    texts = [path.read_text() for folder in folders for path in sorted((JS / folder).rglob("*.js"))]
    return {sentence for text in texts for sentence in _said(_code(text))}


def _code(text: str) -> str:
    return re.sub(r"^\s*(//|/?\*).*$", "", text, flags=re.MULTILINE)


def words(language: str, area: str) -> dict[str, str]:
    text = (JS / "words" / language / f"{area}.js").read_text()
    return dict(re.findall(rf"^\s*{ONE}:\s*{ONE},$", text, flags=re.MULTILINE))


OTHERS = [code for code in LANGUAGES if code != "en"]


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_no_sentence_of_a_page_is_missing(language: str, screen: Screen) -> None:
    """Of all that a page loads, also what it fetches later from another area's folder."""
    known = {
        sentence
        for path in words_of(screen.module, language)
        for sentence in words(language, Path(path).stem)
    }
    entry = f"js/{screen.module}.js"
    loaded = [entry, *loaded_by(entry, later=True)]
    texts = [(HOUSE / path).read_text() for path in loaded if path.startswith("js/")]
    assert {sentence for text in texts for sentence in _said(_code(text))} <= known


@pytest.mark.parametrize("language", OTHERS)
def test_none_is_left_over_or_said_twice(language: str) -> None:
    told = [sentence for area in ("frame", *AREAS, *WITHIN) for sentence in words(language, area)]
    assert sorted(told) == sorted(sentences(*SHARED, *AREAS))


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("area", ["frame", *AREAS, *WITHIN])
def test_a_translation_fills_the_same_gaps(language: str, area: str) -> None:
    differ = {
        english: other
        for english, other in words(language, area).items()
        if set(GAP.findall(english)) != set(GAP.findall(other))
    }
    assert not differ


@pytest.mark.parametrize("language", OTHERS)
def test_every_gate_of_a_dose_has_its_name(language: str) -> None:
    """The API names gates in English; a page looks their codes up."""
    text = (JS / "words" / language / "gates.js").read_text()
    told = re.findall(rf"^  (\w+): {ONE},$", text, flags=re.MULTILINE)
    assert [code for code, _ in told] == [gate.code for gate in GATES]
    assert len({name for _, name in told}) == len(told)


def table(language: str, name: str) -> str:
    return (JS / "words" / language / f"{name}.js").read_text()


@pytest.mark.parametrize("language", OTHERS)
def test_every_refusal_and_every_fault_of_a_field_is_said(language: str) -> None:
    """The API says why in English; a page looks the code up, and shows what of it only the server knows behind that."""
    listed = re.findall(rf"^  (\w+):\s+{ONE},$", table(language, "refusals"), flags=re.MULTILINE)
    told = dict(listed)
    assert (len(told), [code for code, _ in listed]) == (len(listed), sorted(told))
    ours = {error.code for error in _refusals(ClinicError) if not error.__module__.startswith("tests.")}
    assert ours | _faults() | {"min_length"} == set(told)


def _refusals(kind: type[ClinicError]) -> Iterator[type[ClinicError]]:
    for one in kind.__subclasses__():
        yield one
        yield from _refusals(one)


def _faults() -> set[str]:
    """The codes that our modules write into the errors of a field."""
    found = set()
    for path in [path for app in APPS for path in (CHECKOUT / app).rglob("*.py")]:
        for call in ast.walk(ast.parse(path.read_text())):
            if not isinstance(call, ast.Call):
                continue
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            places = call.args[1:2] if name == "FieldError" else []
            if name in {"field", "FieldError"}:
                places += [one.value for one in call.keywords if one.arg == "code"]
            found |= {one.value for one in places if isinstance(one, ast.Constant)}
    return found


@pytest.mark.parametrize("language", OTHERS)
def test_every_fixed_sentence_of_the_api_is_said(language: str) -> None:
    """What is to be done, what lets a client go home, what a screening asks about."""
    told = dict(re.findall(rf"^\s*{ONE}:\s*{ONE},$", table(language, "told"), flags=re.MULTILINE))
    home = {**discharge.CRITERIA, "stays": discharge.CRITERIA_AT_HOME["escort"]}
    words = [*discharge.WORDS.values(), *discharge.WORDS_AT_HOME.values()]
    said = {
        *map(to_do, Kind),
        *TO_DO.values(),
        NOTHING,
        OF_ALERT,
        OF_HOLD,
        *home.values(),
        *(f"{one}." for one in words),
    }
    assert said | {one.label for one in CONDITIONS.values()} == set(told)


def test_every_blocker_of_a_charge_has_its_name() -> None:
    text = (JS / "billing" / "words.js").read_text()
    table = re.search(r"^const BLOCKERS = \{$(.*?)^\};$", text, flags=re.MULTILINE | re.DOTALL)
    assert table is not None
    assert set(re.findall(r"^  (\w+): \(", table[1], flags=re.MULTILINE)) == {code.value for code in Code}


def test_every_folder_is_shared_or_an_area() -> None:
    assert {path.name for path in JS.iterdir()} == {*SHARED, *AREAS, "words"}


def test_every_sentence_is_written_out_where_it_is_said() -> None:
    """A variable in `t(…)` would be looked for in no language."""
    hidden = [
        f"{path.relative_to(JS)}: {found[0]}"
        for path in JS.rglob("*.js")
        for found in re.finditer(r"(?<![\w.])t\((?!\s*\")[^)]{0,40}", path.read_text())
        if path.name != "i18n.js"
    ]
    assert not hidden
