"""Every code of the catalogue beside every record: it is borne out, or it is refused.

What must be so is written here by hand, from the code sets and not from the catalogue.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.codes.rules.catalogue import CODES
from billing.codes.services import row_of
from billing.ledger.rules import record as rules
from billing.ledger.rules.record import Dose, Record, Standing

ROWS = {entry.code: row_of(entry) for entry in CODES}
ROUTES = (None, "sublingual", "intramuscular", "intravenous", "intranasal", "oral")
SUPPLIES = ("clinic_stock", "client_prescription")
DRUGS = ("ketamine", "esketamine")
KINDS = ("preparation", "dosing", "integration", "medical", "maintenance")
EDGES = (0, 9, 10, 14, 15, 16, 19, 20, 25, 26, 29, 30, 31, 36, 37, 38, 39, 40, 44, 45, 52, 53, 57, 58, 59, 60, 74, 75,
         90, 91, 119, 120, 200)  # fmt: skip
AMOUNTS = {"ketamine": (Decimal(100),), "esketamine": (Decimal(56), Decimal(84))}

SPANS = {  # minutes from and to
    "90832": (16, 37), "90834": (38, 52), "90837": (53, 999), "90839": (30, 999), "90840": (75, 999),
    "90846": (26, 999), "90847": (26, 999), "99202": (15, 999), "99203": (30, 999), "99204": (45, 999),
    "99205": (60, 999), "99212": (10, 999), "99213": (20, 999), "99214": (30, 999), "99215": (40, 999),
    "0820T": (31, 999), "0821T": (31, 999), "0822T": (31, 999),
    "90833": (36, 57), "90836": (58, 72), "90838": (73, 999),  # beside a 99213, whose 20 minutes don't count
}  # fmt: skip
OF_KIND = {
    **dict.fromkeys(("90791", "90792"), frozenset({"preparation", "medical", "maintenance"})),
    **dict.fromkeys(
        ("90832", "90834", "90837"), frozenset({"preparation", "dosing", "integration", "maintenance"})
    ),
    **dict.fromkeys(("90846", "90847", "90853"), frozenset({"preparation", "integration", "maintenance"})),
    "KAP-PREP": frozenset({"preparation"}),
    "KAP-INTEGRATION": frozenset({"integration", "maintenance"}),
}
ANY_DOSE = {"KAP-DOSE", "0820T", "0821T", "0822T"}
CARRIERS = {"90840": "90839", "96366": "96365", "0821T": "0820T", "0822T": "0820T", "90785": "90837",
            "90833": "99213", "90836": "99213", "90838": "99213"}  # fmt: skip
IN_STOCK = {
    "J3490": ("ketamine", {"sublingual", "intramuscular", "intravenous", "intranasal"}),
    "J8499": ("ketamine", {"sublingual", "oral"}),
    "J0013": ("esketamine", {"intranasal"}),
    "S0013": ("esketamine", {"intranasal"}),
}


def is_borne_out(code: str, kind: str, dose: Dose | None, minutes: int) -> bool:
    """One unit, by the record of one clinician, with what the code is added to."""
    if code in OF_KIND and kind not in OF_KIND[code]:
        return False
    if code in ANY_DOSE and (kind != "dosing" or dose is None):
        return False
    if code in {"96365", "96366", "96372", "96374", "G2082", "G2083", *IN_STOCK}:
        return kind == "dosing" and dose is not None and _is_given(code, dose, minutes)
    low, high = SPANS.get(code, (0, 999))
    return low <= minutes <= high


def _is_given(code: str, dose: Dose, minutes: int) -> bool:
    if code in IN_STOCK:
        drug, routes = IN_STOCK[code]
        return dose.drug == drug and dose.route in routes and dose.supply == "clinic_stock"
    if code in {"G2082", "G2083"}:
        sprayed = (dose.drug, dose.route, dose.supply) == ("esketamine", "intranasal", "clinic_stock")
        return sprayed and minutes >= 120 and (dose.mg > 56) == (code == "G2083")
    if dose.drug != "ketamine":
        return False
    if code == "96372":
        return dose.route == "intramuscular"
    span = {"96374": (0, 15), "96365": (16, 999), "96366": (91, 999)}[code]
    return dose.route == "intravenous" and span[0] <= minutes <= span[1]


def judged(
    code: str, kind: str, dose: Dose | None, minutes: int, *, units: int = 1, lines: tuple[Standing, ...] = ()
) -> list[str]:
    mine = code not in {"0821T", "0822T"}
    carriers = (Standing(ROWS[CARRIERS[code]], 1, mine=mine),) if code in CARRIERS else ()
    record = Record(
        kind=kind,
        doses=(dose,) if dose else (),
        note_minutes=minutes,
        stay_minutes=minutes,
        instruments=1,
        lines=(*carriers, *lines),
    )
    return [error.code for error in rules.errors(ROWS[code], units=units, record=record)]


def doses(minutes: int) -> list[Dose | None]:
    given: list[Dose | None] = [None]
    for route, supply, drug in product(ROUTES[1:], SUPPLIES, DRUGS):
        given += [Dose(drug, str(route), supply, mg, minutes) for mg in AMOUNTS[drug]]
    return given


@pytest.mark.parametrize("code", ROWS)
def test_a_code_is_taken_exactly_when_the_record_bears_it_out(code: str) -> None:
    for minutes in EDGES:
        for kind, dose in product(KINDS, doses(minutes)):
            if dose is not None and kind != "dosing":
                continue  # doses are of dosing sessions
            found = judged(code, kind, dose, minutes)
            assert (not found) == is_borne_out(code, kind, dose, minutes), (code, kind, dose, minutes, found)


@given(
    code=st.sampled_from(sorted(ROWS)),
    kind=st.sampled_from(KINDS),
    drug=st.sampled_from(DRUGS),
    route=st.sampled_from(ROUTES),
    supply=st.sampled_from(SUPPLIES),
    mg=st.sampled_from([Decimal(28), Decimal(56), Decimal(84)]),
    minutes=st.integers(0, 200),
)
def test_the_same_of_any_minute(
    code: str, kind: str, drug: str, route: str | None, supply: str, mg: Decimal, minutes: int
) -> None:
    dose = Dose(drug, route, supply, mg, minutes) if route and kind == "dosing" else None
    assert (not judged(code, kind, dose, minutes)) == is_borne_out(code, kind, dose, minutes)


LOZENGE = Dose("ketamine", "sublingual", "client_prescription", Decimal(100))


@pytest.mark.parametrize("code", ["96365", "96366", "96372", "G2083", "J3490"])
def test_a_clients_own_lozenge_is_no_infusion_injection_spray_or_drug_of_the_clinics(code: str) -> None:
    assert judged(code, "dosing", LOZENGE, 120) == ["not_in_record"]


@pytest.mark.parametrize(
    ("code", "units", "found"),
    [
        ("90837", 3, ["units_above"]),
        ("KAP-DOSE", 2, ["units_above"]),
        ("96127", 1, []),
        ("96127", 2, ["units_above"]),
        ("0820T", 2, []),  # 120 minutes: 31 into the second hour
        ("0820T", 3, ["minutes_too_short"]),
        ("KAP-SUPPORT", 5, []),
    ],
)
def test_units_are_as_many_as_the_record_has(code: str, units: int, found: list[str]) -> None:
    assert judged(code, "dosing", LOZENGE, 120, units=units) == found


@pytest.mark.parametrize(
    ("code", "dose", "most"),
    [
        ("J0013", Dose("esketamine", "intranasal", "clinic_stock", Decimal(84)), 84),
        ("96372", Dose("ketamine", "intramuscular", "clinic_stock", Decimal(40)), 1),
        ("96366", Dose("ketamine", "intravenous", "clinic_stock", Decimal(40), 151), 2),
    ],
)
def test_units_are_milligrams_injections_and_hours(code: str, dose: Dose, most: int) -> None:
    assert judged(code, "dosing", dose, 0, units=most) == []
    assert judged(code, "dosing", dose, 0, units=most + 1) != []


@pytest.mark.parametrize(
    ("code", "beside", "more", "found"),
    [
        ("90837", "90834", {}, ["overlapping_service"]),
        ("90837", "90834", {"mine": False}, []),
        ("90837", "90834", {"here": False}, []),  # another session of the day
        ("90837", "90837", {}, ["units_above"]),
        ("90837", "90837", {"mine": False}, []),
        ("90837", "90837", {"here": False}, []),
        ("90837", "99213", {}, ["overlapping_service"]),
        ("90791", "90837", {"here": False}, ["overlapping_service"]),
        ("99213", "99214", {"here": False}, ["overlapping_service"]),
        ("99213", "99213", {"here": False}, ["units_above"]),
        ("KAP-DOSE", "KAP-DOSE", {"mine": False}, ["units_above"]),
        ("90839", "90837", {}, ["overlapping_service"]),
        ("0820T", "0821T", {}, ["overlapping_service"]),
        ("0820T", "0821T", {"mine": False}, []),
        ("KAP-SUPPORT", "90837", {}, []),
    ],
)
def test_what_stands_beside_a_line(code: str, beside: str, more: dict[str, bool], found: list[str]) -> None:
    kind = "preparation" if code == "90791" else "dosing"
    line = Standing(ROWS[beside], 1, **more)
    assert judged(code, kind, LOZENGE, 60, lines=(line,)) == found


@pytest.mark.parametrize("code", CARRIERS)
def test_an_add_on_never_stands_alone(code: str) -> None:
    dose = Dose("ketamine", "intravenous", "clinic_stock", Decimal(40), 200)
    record = Record(kind="dosing", doses=(dose,), note_minutes=200)
    found = [error.code for error in rules.errors(ROWS[code], units=1, record=record)]
    assert "addon_without_primary" in found
    other = Standing(ROWS[CARRIERS[code]], 1, mine=False)
    found = [
        error.code
        for error in rules.errors(
            ROWS[code], units=1, record=Record(kind="dosing", doses=(dose,), note_minutes=200, lines=(other,))
        )
    ]
    assert ("addon_without_primary" in found) is (code not in {"0821T", "0822T"})


def test_by_video_nothing_is_done_with_hands() -> None:
    """Every code that is taken by video is one that may be."""
    for code, row in ROWS.items():
        record = Record(kind="dosing", modality="video", doses=(LOZENGE,), note_minutes=60, instruments=1)
        found = {error.code for error in rules.errors(row, units=1, record=record)}
        assert row.telehealth_ok or found == {"not_in_record"}, code


@pytest.mark.parametrize("code", ["99202", "99203", "99204", "99205"])
def test_a_new_patient_is_new_to_the_clinic(code: str) -> None:
    for seen, found in ((False, []), (True, ["not_in_record"])):
        record = Record(kind="medical", note_minutes=60, seen_before=seen)
        assert [error.code for error in rules.errors(ROWS[code], units=1, record=record)] == found
    known = Record(kind="medical", note_minutes=60, seen_before=True)
    assert rules.errors(ROWS["99214"], units=1, record=known) == []


@pytest.mark.parametrize(
    ("code", "dose", "passed", "is_told"),
    [
        ("96372", None, False, True),
        ("96372", None, True, True),  # nobody lets a dose pass that was none
        ("96372", Dose("ketamine", "intramuscular", "clinic_stock", Decimal(40)), False, False),
        ("96365", Dose("ketamine", "intravenous", "clinic_stock", Decimal(40), 10), False, True),
        ("96365", Dose("ketamine", "intravenous", "clinic_stock", Decimal(40), 10), True, False),
        ("90837", None, False, False),
    ],
)
def test_what_the_record_says_against_a_line_that_stands(
    code: str, dose: Dose | None, *, passed: bool, is_told: bool
) -> None:
    record = Record(kind="dosing", doses=(dose,) if dose else (), note_minutes=5)
    assert bool(rules.contradiction(ROWS[code], units=1, record=record, passed=passed)) is is_told


def test_minutes_that_nobody_knows_are_none() -> None:
    assert judged("90832", "dosing", None, 0) == ["minutes_too_short"]
    record = Record(kind="dosing")
    assert [e.code for e in rules.errors(ROWS["90832"], units=1, record=record)] == ["minutes_too_short"]


def test_codes_that_exclude_each_other_are_all_in_the_catalogue() -> None:
    for row in ROWS.values():
        assert {*row.excludes, *row.addon_of} <= set(ROWS), row.code
        assert row.code not in {*row.excludes, *row.addon_of}


def test_j0013_took_the_place_of_s0013_with_2026() -> None:
    assert str(ROWS["J0013"].valid_from) == "2026-01-01"
    assert str(ROWS["S0013"].valid_to) == "2025-12-31"


def test_what_stands_on_a_note_alone_is_never_taken_back() -> None:
    """Of these codes no paper asks whether something was voided; of every other one it does."""
    of_a_note = {code for code, row in ROWS.items() if not rules.may_be_taken_back(row)}
    doses = ANY_DOSE | {"96365", "96366", "96372", "96374", "G2082", "G2083", *IN_STOCK}
    assert of_a_note == set(ROWS) - doses - {"96127"}
