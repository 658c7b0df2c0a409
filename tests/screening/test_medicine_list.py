"""The files of the interaction list: whatever is wrong with them is told by line, and nothing runs on half a list."""

from __future__ import annotations

import csv
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from kapclinic.core import shipped
from kapclinic.local.places import CHECKOUT
from kapclinic.local.warm import Launcher
from screening.rules import medicine_files, medicines
from screening.rules.medicine_faults import examine
from screening.rules.medicine_files import CLASSES, HEADERS, MEDICINES, RULES, SIG_WORDS
from screening.rules.medicine_list import BrokenList, medicine_list

SHIPPED = CHECKOUT / "screening" / "data"
Plant = Callable[[str, str, str], int]


def replaced(folder: Path, file: str, old: str, new: str) -> int:
    """Put `new` in the one place of `old`, and answer with its line."""
    path = folder / file
    text = path.read_text()
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new))
    return text[: text.index(old)].count("\n") + 1


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the files, which this process reads instead of the shipped ones."""
    copy = Path(shutil.copytree(SHIPPED, tmp_path / "data"))
    monkeypatch.setattr(medicine_files, "DATA", copy)
    medicine_list.cache_clear()
    yield copy
    medicine_list.cache_clear()


@pytest.fixture
def plant(folder: Path) -> Plant:
    return lambda file, old, new: replaced(folder, file, old, new)


def told() -> set[tuple[str, str, int]]:
    return {(fault.rule.value, fault.file, fault.line) for fault in examine().faults}


# --- what ships -----------------------------------------------------------------------------------------------------


def test_the_shipped_files_have_no_fault() -> None:
    assert list(examine().faults) == []
    assert run_checks(tags=[shipped.SHIPPED]) == []
    shipped.refuse_broken()


@pytest.mark.parametrize("file", [MEDICINES, CLASSES, SIG_WORDS])
def test_the_shipped_files_are_plain_csv_in_alphabetical_or_class_order(file: str) -> None:
    with (SHIPPED / file).open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert tuple(rows[0]) == HEADERS[file]
    if file == MEDICINES:
        assert [row["ingredient"] for row in rows] == sorted(row["ingredient"] for row in rows)
    elif file == SIG_WORDS:
        assert [row["words"] for row in rows] == sorted(row["words"] for row in rows)
    else:
        assert [row["class"] for row in rows] == [row.name for row in medicines.CLASSES]


def test_every_name_of_the_files_is_read_as_its_ingredients() -> None:
    known = medicine_list()
    expected = {name: {name} for name in known.ingredients} | dict(known.words) | dict(known.phrases)
    assert {name: set(medicines.read(name).ingredients) for name in expected} == expected
    assert [name for name in expected if not medicines.read(name).is_mapped] == []
    assert len(known.ingredients) > 500
    assert len(known.words) > 600


def test_a_combination_names_all_its_ingredients_and_a_phrase_its_one() -> None:
    known = medicine_list()
    assert known.words["suboxone"] == {"buprenorphine", "naloxone"}
    assert known.words["lybalvi"] == {"olanzapine", "samidorphan"}
    assert known.words["sublocade"] == {"buprenorphine"}
    assert known.phrases["st john's wort"] == {"st-johns-wort"}
    assert medicines.read("Lybalvi 10 mg").classes == ("antipsychotic", "opioid_antagonist")


def test_the_findings_come_in_the_order_of_the_classes() -> None:
    listed = [medicines.Listed(None, text) for text in ("Flonase", "Lamictal", "Xanax", "Nardil", "Norvasc")]
    found = medicines.medicine_findings(listed, route="intranasal", limits={})
    assert [(one.code, one.source) for one in found] == [
        ("MED_MAOI", "esketamine and racemic ketamine labels"),
        (
            "MED_BENZODIAZEPINE",
            "esketamine and racemic ketamine labels; Veraart 2021, Andrade 2017 (reviews)",
        ),
        ("MED_LAMOTRIGINE", "Veraart 2021, Andrade 2017 (reviews)"),
        ("MED_ANTIHYPERTENSIVE", "esketamine and racemic ketamine labels"),
        ("MED_NASAL", "esketamine label"),
    ]


# --- what is refused ------------------------------------------------------------------------------------------------


FAULTS = {
    "an unknown class": (MEDICINES, "\nphenelzine,maoi,", "\nphenelzine,maoy,", "E004", 1),
    "no class": (MEDICINES, "\nphenelzine,maoi,", "\nphenelzine,,", "E002", 1),
    "a class twice": (MEDICINES, "\nphenelzine,maoi,", "\nphenelzine,maoi|maoi,", "E005", 1),
    "a brand of two rows": (MEDICINES, ",norpramin,", ",norpramin|xanax,", "E006", 0),
    "a synonym that is a brand": (MEDICINES, ",norpramin,,", ",norpramin,xanax,", "E006", 0),
    "a brand twice in a row": (MEDICINES, ",norpramin,,", ",norpramin|norpramin,,", "E006", 0),
    "half a combination": (MEDICINES, ",norpramin,", ",norpramin|xanax+,", "E006", 0),
    "a combination of one": (MEDICINES, ",norpramin,", ",norpramin+,", "E006", 0),
    "a brand that is an ingredient": (MEDICINES, ",norpramin,", ",norpramin|lithium,", "E006", 0),
    "a brand that says how to take it": (MEDICINES, ",norpramin,", ",norpramin|patch,", "E006", 0),
    "a brand in capitals": (MEDICINES, ",norpramin,", ",Lamictal,", "E003", 0),
    "a brand with a digit": (MEDICINES, ",norpramin,", ",norpramin2,", "E003", 0),
    "a digit in front": (MEDICINES, ",norpramin,", ",norpramin|3 tylenol,", "E003", 0),
    "a word of use twice": (SIG_WORDS, "\nweekly,", "\ndaily,time,2026-11,\nweekly,", "E005", 1),
    "a word of use in capitals": (SIG_WORDS, "\nweekly,", "\nWeekly,", "E003", 1),
    "a word of use of no kind": (SIG_WORDS, "\nweekly,time,", "\nweekly,,", "E002", 1),
    "a word of use of an unknown kind": (SIG_WORDS, "\nweekly,time,", "\nweekly,moment,", "E008", 1),
    "a word of use that splits": (SIG_WORDS, "\nweekly,", "\nplus,", "E006", 1),
    "a phrase that says how to take it": (MEDICINES, ",norpramin,,", ",norpramin,as needed,", "E006", 0),
    "an empty brand": (MEDICINES, ",norpramin,", ",norpramin|,", "E003", 0),
    "an ingredient of two words": (MEDICINES, "\nst-johns-wort,", "\nst johns wort,", "E003", 1),
    "no source": (
        CLASSES,
        ",racemic ketamine label,2026-11,\ncyp_inhibitor",
        ",,2026-11,\ncyp_inhibitor",
        "E002",
        0,
    ),
    "an unknown severity": (CLASSES, "\nmaoi,relative,", "\nmaoi,severe,", "E008", 1),
    "a severity that says nothing": (CLASSES, "\nmaoi,relative,", "\nmaoi,unknown,", "E008", 1),
    "an unknown mark": (CLASSES, "known.,no,,", "known.,maybe,,", "E008", 0),
    "an unknown route": (CLASSES, ",intranasal,", ",intranasal|nose,", "E008", 0),
    "a class in capitals": (CLASSES, "\nthyroid,", "\nThyroid,", "E003", 1),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_by_its_line(plant: Plant, fault: str) -> None:
    file, old, new, rule, below = FAULTS[fault]
    line = plant(file, old, new) + below
    assert (rule, file, line) in told()


def test_a_doubled_row_is_told(folder: Path) -> None:
    for file in HEADERS:
        path = folder / file
        lines = path.read_text().splitlines()
        path.write_text("\n".join([*lines, lines[1]]) + "\n")
        assert ("E005", file, len(lines) + 1) in told()


def test_a_medicine_without_a_source_is_told(folder: Path) -> None:
    path = folder / MEDICINES
    path.write_text(path.read_text() + "esmolol,antihypertensive,,,,2026-11,\n")
    line = len(path.read_text().splitlines())
    assert told() == {("E002", MEDICINES, line)}


@pytest.mark.parametrize("file", [MEDICINES, CLASSES, SIG_WORDS])
def test_all_files_are_of_one_edition(folder: Path, file: str) -> None:
    lines = (folder / file).read_text().splitlines()
    lines[4] = lines[4].replace(",2026-11,", ",2026-12,")
    (folder / file).write_text("\n".join(lines) + "\n")
    assert told() == {("E007", file, 5)}


def test_an_edition_is_a_month(folder: Path) -> None:
    for file in HEADERS:
        path = folder / file
        path.write_text(path.read_text().replace(",2026-11,", ",spring,"))
    assert told() == {("E007", MEDICINES, 2)}


def test_an_edition_is_the_files_own(folder: Path) -> None:
    for file in HEADERS:
        path = folder / file
        path.write_text(path.read_text().replace(",2026-11,", ",2027-07b,"))
    assert medicines.LIST_EDITION == "2027-07b"


@pytest.mark.parametrize("file", [MEDICINES, CLASSES, SIG_WORDS])
@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda text: text.replace("edition", "origin", 1), 1),
        (lambda text: text.replace(",", ";"), 1),
        (lambda text: "", 1),
        (lambda text: text.splitlines()[0], 1),
        (lambda text: text.replace("\n", "\n,,\n", 1), 2),
        (lambda text: text.replace("\n", '\n"', 1), 2),
    ],
    ids=["another header", "semicolons", "nothing", "no row", "too few cells", "an open quote"],
)
def test_what_is_no_such_table_is_told(
    folder: Path, file: str, spoil: Callable[[str], str], line: int
) -> None:
    path = folder / file
    path.write_text(spoil(path.read_text()))
    assert ("E001", file, line) in told()


@pytest.mark.parametrize("file", [MEDICINES, CLASSES, SIG_WORDS])
def test_a_file_that_is_gone_or_no_text_is_told(folder: Path, file: str) -> None:
    (folder / file).write_bytes(b"\xff\xfe\x00")
    assert ("E001", file, 1) in told()
    (folder / file).unlink()
    assert ("E001", file, 1) in told()


def test_what_a_spreadsheet_does_to_a_file_is_no_fault(folder: Path) -> None:
    for file in HEADERS:
        path = folder / file
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    assert told() == set()


def test_every_rule_is_on_the_page() -> None:
    page = (CHECKOUT / "docs" / "medicines.md").read_text()
    for rule, sentence in RULES.items():
        assert f"| `screening.{rule}` | {sentence} |" in page


# --- what a broken list does ----------------------------------------------------------------------------------------


def test_check_ends_with_every_fault(plant: Plant) -> None:
    first = plant(MEDICINES, ",norpramin,", ",norpramin|xanax,")
    second = plant(CLASSES, "\nmaoi,relative,", "\nmaoi,severe,") + 1
    with pytest.raises(SystemCheckError) as refused:
        call_command("check")
    said = str(refused.value)
    assert f"{MEDICINES}, line {first}: (screening.E006) xanax stands in lines" in said
    assert f"{CLASSES}, line {second}: (screening.E008) severe is no severity" in said


def test_nothing_is_read_from_a_broken_list(plant: Plant) -> None:
    plant(MEDICINES, "\nphenelzine,maoi,", "\nphenelzine,maoy,")
    for ask in (
        lambda: medicines.read("sertraline"),
        lambda: medicines.LIST_EDITION,
        lambda: medicines.CLASSES,
    ):
        for _ in range(2):
            with pytest.raises(BrokenList, match="maoy is no class"):
                ask()
    with pytest.raises(ImproperlyConfigured, match="maoy is no class"):
        shipped.refuse_broken()


def test_a_list_is_read_once(folder: Path) -> None:
    assert medicines.read("Nardil").is_mapped
    shutil.rmtree(folder)
    assert medicines.read("Nardil").is_mapped


@pytest.fixture(scope="module")
def broken_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product as it is shipped, with two faults in its list."""
    house = tmp_path_factory.mktemp("house")
    for part in ("kapclinic", "programs", "sessions", "billing"):
        (house / part).symlink_to(CHECKOUT / part)
    shutil.copytree(CHECKOUT / "screening", house / "screening")
    shutil.copy(CHECKOUT / "manage.py", house)
    replaced(house / "screening" / "data", MEDICINES, "\nphenelzine,maoi,", "\nphenelzine,maoy,")
    replaced(house / "screening" / "data", CLASSES, "\nmaoi,relative,", "\nmaoi,severe,")
    return house


@pytest.fixture(scope="module")
def broken_launcher(broken_house: Path) -> Iterator[Launcher]:
    """It imports all of that house's code, which no list stops."""
    own = {"PYTHONPATH": str(broken_house), "DJANGO_SETTINGS_MODULE": "kapclinic.settings"}
    launcher = Launcher(os.environ | own, checkout=broken_house)
    yield launcher
    launcher.close()


@pytest.mark.parametrize(
    ("command", "has_traceback"),
    [
        (["manage.py", "check"], False),
        (["-m", "celery", "-A", "kapclinic", "worker", "--pool=solo"], False),
        (["-c", "import kapclinic.wsgi"], True),
        (["-c", "import kapclinic.asgi"], True),
    ],
    ids=["check", "worker", "wsgi", "asgi"],
)
def test_no_process_starts_on_a_broken_list(
    broken_launcher: Launcher, command: list[str], has_traceback: bool
) -> None:
    ended = broken_launcher.run([sys.executable, *command], env=broken_launcher.env)
    assert ended.returncode == 1
    assert "maoy is no class" in ended.stderr
    assert "severe is no severity" in ended.stderr
    assert ("Traceback" in ended.stderr) is has_traceback
