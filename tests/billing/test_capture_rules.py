"""Any record, proposed: no line that the record contradicts, none twice, none above the minutes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.capture.rules.coverage import expectation
from billing.capture.rules.drugs import billed_ndc, drug_of
from billing.capture.rules.facts import Case, Given, Priced, Seat, Signed, Stood
from billing.capture.rules.proposals import Line, propose
from billing.codes.models import ServiceCode
from billing.codes.rules import RENDERING, family_of
from billing.codes.rules.catalogue import CODES
from billing.codes.services import row_of
from billing.ledger.rules import record as record_rules
from billing.ledger.rules.record import Dose, Record, Standing

ROWS: dict[str, ServiceCode] = {entry.code: row_of(entry) for entry in CODES}
ROUTES = ("sublingual", "intramuscular", "intravenous", "intranasal", "oral")
KINDS = ("preparation", "dosing", "integration", "medical", "maintenance")
ROLES = ("therapist", "nurse_practitioner", "prescriber")
IN_FORCE = sorted(set(ROWS) - {"S0013"})  # in 2026
ALL = frozenset(IN_FORCE)

signed = st.builds(Signed, minutes=st.none() | st.integers(0, 240), said=st.booleans())


@st.composite
def seats(draw: st.DrawFn) -> tuple[Seat, ...]:
    """Up to three people, each in a role of their own; whoever signed has one note."""
    found = []
    for n, role in enumerate(draw(st.lists(st.sampled_from(ROLES), unique=True, max_size=3))):
        note = draw(st.none() | signed)
        who = UUID(int=n + 1)
        waits = None if note or draw(st.booleans()) else UUID(int=99)
        found.append(Seat(who, role, role, draw(st.integers(0, 9)) > 0, note, note, waits))
    return tuple(found)


doses = st.builds(
    Given,
    dose=st.builds(
        Dose,
        drug=st.sampled_from(["ketamine", "esketamine"]),
        route=st.sampled_from(ROUTES),
        supply=st.sampled_from(["clinic_stock", "client_prescription"]),
        mg=st.sampled_from([Decimal(28), Decimal(56), Decimal(84), Decimal("0.5")]),
        minutes=st.sampled_from([0, 10, 15, 16, 40, 90, 91, 151]),
    ),
    lot=st.just(UUID(int=7)),
    ndc=st.sampled_from(["00409205310", "0409-2053-10", "0409205310", ""]),
    per_ml=st.sampled_from([None, Decimal(50)]),
    per_container=st.sampled_from([None, Decimal(28)]),
)
stood = st.builds(
    Stood,
    code=st.sampled_from([ROWS[code] for code in IN_FORCE]),
    units=st.integers(1, 3),
    here=st.booleans(),
    rendering=st.sampled_from([UUID(int=1), UUID(int=2), UUID(int=5)]),
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    kind = draw(st.sampled_from(KINDS))
    given_doses = tuple(draw(st.lists(doses, max_size=2))) if kind == "dosing" else ()
    priced = draw(st.just(ALL) | st.sets(st.sampled_from(IN_FORCE)))
    fees = {code: Decimal("10.00") if code in priced else None for code in IN_FORCE}
    return Case(
        session=UUID(int=50),
        program=UUID(int=51),
        kind=kind,
        modality=draw(st.sampled_from(["in_person", "video"])),
        is_begun=False,
        is_over=True,
        is_dosed=bool(given_doses),
        seats=draw(seats()),
        given=given_doses,
        stay_minutes=draw(st.sampled_from([None, 60, 119, 120, 200])) if given_doses else None,
        standing=tuple(draw(st.lists(stood, max_size=2))),
        prices={code: Priced(ROWS[code], fees[code]) for code in IN_FORCE},
        diagnosis=draw(st.sampled_from(["F33.2", "F33.2", ""])),
        diagnosis_fits=draw(st.integers(0, 9)) > 0,
        seen_before=draw(st.booleans()),
    )


def judged(case: Case, line: Line, before: list[Line]) -> list[str]:
    """What the ledger's rules say to the line, posted after those before it."""
    user = line.seat.user
    note = line.seat.note(medical=family_of(line.code.code) == "medical")
    posted = [Standing(row.code, row.units, mine=row.seat.user == user) for row in before]
    record = Record(
        kind=case.kind,
        modality=case.modality,
        doses=tuple(row.dose for row in case.given),
        note_minutes=note.minutes if note else None,
        stay_minutes=case.stay_minutes,
        seen_before=case.seen_before,
        lines=(*case.lines_as_of(user), *posted),
    )
    return [error.code for error in record_rules.errors(line.code, units=line.units, record=record)]


@given(case=cases())
def test_every_line_is_borne_out_signed_priced_and_diagnosed(case: Case) -> None:
    made = propose(case)
    for index, line in enumerate(made.lines):
        assert judged(case, line, list(made.lines[:index])) == [], line
        assert line.seat.role in RENDERING[family_of(line.code.code)]
        assert line.seat.has_npi
        assert line.seat.medical or family_of(line.code.code) == "drug"
        assert line.amount == Decimal("10.00") * line.units
        assert not case.diagnosis or case.diagnosis_fits
        assert line.diagnoses or line.code.line_kind != "insurance"
        assert (line.drug is not None) == line.code.requires_ndc
        if line.code.minutes_min is not None and line.minutes is not None:
            assert line.minutes >= line.code.minutes_min
    named = [line.code.code for line in made.lines]
    assert len(named) == len(set(named))
    assert len({line.seat.user for line in made.lines if family_of(line.code.code) == "therapy"}) <= 1
    own = [row for row in case.given if row.dose.supply == "client_prescription"]
    if len(own) == len(case.given):
        assert not any(family_of(code) == "drug" for code in named)
    assert len(made.blockers) == len(set(made.blockers))
    assert all(blocker.who_can_clear and blocker.detail for blocker in made.blockers)


def dosed(*given_doses: Given, stay: int = 130, **more: object) -> Case:
    note = Signed(130, said=False)
    people = (
        Seat(UUID(int=1), "T", "therapist", has_npi=True, therapy=note, medical=note),
        Seat(UUID(int=2), "P", "prescriber", has_npi=True, therapy=note, medical=note),
    )
    prices = {code: Priced(ROWS[code], Decimal(10)) for code in IN_FORCE if code not in more}
    return Case(
        UUID(int=50), UUID(int=51), "dosing", "in_person", False, True, True, people, given_doses, stay, (), prices,
        "F33.2", True, True,
    )  # fmt: skip


def test_nobodys_hour_counts_twice() -> None:
    """Who gave the therapy of a dose and also sat there as its nurse is not paid for the watch as well."""
    own = Given(Dose("ketamine", "sublingual", "client_prescription", Decimal(100)))
    case = dosed(own)
    alone = replace(case, seats=(case.seats[0], replace(case.seats[0], role="nurse_practitioner")))
    assert [line.code.code for line in propose(alone).lines] == ["90837", "KAP-DOSE"]


def spray(mg: int) -> Given:
    dose = Dose("esketamine", "intranasal", "clinic_stock", Decimal(mg))
    return Given(dose, UUID(int=7), "50458-028-03", None, Decimal(28))


@pytest.mark.parametrize(("mg", "code"), [(56, "G2082"), (84, "G2083")])
def test_a_nasal_visit_holds_the_drug_and_the_watch(mg: int, code: str) -> None:
    found = [line.code.code for line in propose(dosed(spray(mg))).lines]
    assert found == ["90837", code, "KAP-DOSE"]


def test_a_stay_below_two_hours_is_no_nasal_visit() -> None:
    found = {line.code.code: line for line in propose(dosed(spray(56), stay=119)).lines}
    assert set(found) == {"90837", "J0013", "0820T", "KAP-DOSE"}
    drug = found["J0013"].drug
    assert (found["J0013"].units, drug and drug.quantity, drug and drug.unit) == (56, Decimal("2.000"), "UN")


def test_the_drug_alone_where_only_that_is_priced() -> None:
    case = dosed(spray(84), G2082=None, G2083=None)
    assert "J0013" in {line.code.code for line in propose(case).lines}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("00409205310", "00409205310"),
        ("0409-2053-10", "00409205310"),  # 4-4-2
        ("50458-028-03", "50458002803"),  # 5-3-2
        ("50458-0028-3", "50458002803"),  # 5-4-1
        ("0409205310", ""),  # whose segments nobody knows
        ("", ""),
        ("٠٠٤٠٩٢٠٥٣١٠", ""),
    ],
)
def test_a_billed_ndc_has_eleven_digits(text: str, found: str) -> None:
    assert billed_ndc(text) == found


def test_two_drugs_of_two_lots_are_no_one_line() -> None:
    first, other = spray(28), spray(28)
    other = Given(other.dose, other.lot, "00409205310", None, Decimal(28))
    assert drug_of([first, other]) is None
    assert drug_of([]) is None


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("90837", "possible"), ("90791", "possible"), ("99214", "possible"), ("J3490", "none"), ("J8499", "none"),
        ("96365", "none"), ("96372", "none"), ("0820T", "none"), ("KAP-DOSE", "none"), ("KAP-SUPPORT", "none"),
        ("G2082", "prior_auth"), ("G2083", "prior_auth"), ("J0013", "prior_auth"), ("S0013", "prior_auth"),
    ],
)  # fmt: skip
def test_what_a_plan_commonly_says(code: str, word: str) -> None:
    assert expectation(ROWS[code]) == word
