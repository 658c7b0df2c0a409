"""A day with esketamine: whole devices with a rest between them, a prescriber on site, and nothing to take home."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.dosing.models import Administration, Order
from sessions.drugs.models import DrugLot
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import MONDAY, Cast, attest, lot_of
from tests.sessions.giving import attempt, stock

NOSE = {"route": "intranasal", "min_preparations": 0}
WORDS = ("rems_enrolment", "prescriber_on_site", "no_fluids", "no_nasal_spray")


def ready(cast: Cast, *, words: tuple[str, ...] = WORDS, **protocol: Any) -> Session:
    """A session ready for 84 mg of esketamine, but for the words that are left out."""
    edition = people.approved_protocol(cast, name="Esketamine", **NOSE | protocol)
    session = people.ready_dose(cast, people.cleared_program(cast, protocol=edition), without=("order",))
    people.written_order(cast, session, drug="esketamine", dose_mg=Decimal(84), max_total_mg=Decimal(84))
    return attest(cast, session, *words)


def devices(cast: Cast) -> DrugLot:
    return lot_of(cast, drug="esketamine", form="nasal spray", concentration_mg_per_ml=None)


def spray(cast: Cast, session: Session, lot: DrugLot, mg: str, **more: Any) -> Any:
    return attempt(cast, session, **stock(lot, dose_mg=mg, given_by="self_observed") | more)


def still_open(cast: Cast, session: Session) -> list[str]:
    gates = cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()["gates"]
    return [gate["code"] for gate in gates if gate["state"] == "open"]


def test_a_dose_of_esketamine_is_counted_in_devices(cast: Cast) -> None:
    session, lot = ready(cast), devices(cast)
    assert still_open(cast, session) == []
    told = spray(cast, session, lot, "56")
    assert told.status_code == 201, told.content
    assert told.json()["devices"] == 2
    with clock.fixed(MONDAY + timedelta(minutes=9, seconds=59)):
        early = spray(cast, session, lot, "28")
        assert early.json()["errors"][0] == {
            "pointer": "/administered_at",
            "code": "too_soon",
            "detail": "5 minutes of rest between devices.",
        }
    with clock.fixed(MONDAY + timedelta(minutes=10)):
        assert spray(cast, session, lot, "28", devices=1).json()["devices"] == 1
    assert Administration.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"dose_mg": "50"}, "/dose_mg"),
        ({"devices": 3}, "/devices"),
        ({"supply": "client_prescription", "drug_lot": None}, "/supply"),
    ],
)
def test_a_dose_that_the_label_does_not_know_is_refused(
    cast: Cast, change: dict[str, Any], pointer: str
) -> None:
    session, lot = ready(cast), devices(cast)
    answer = spray(cast, session, lot, "56", **change)
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert not Administration.objects.exists()


def test_a_session_gives_one_of_the_two_drugs(cast: Cast) -> None:
    """Their checks, their stay and their form differ; an order that was written before the dose is no way round it."""
    session, lot = ready(cast), devices(cast)
    with clock.fixed(MONDAY + timedelta(minutes=30)):
        people.written_order(cast, session, drug="ketamine", dose_mg=Decimal(50))
    with clock.fixed(MONDAY + timedelta(minutes=40)):
        first = Order.objects.get(drug="esketamine").pk
        given = {"order": str(first), "administered_at": (MONDAY + timedelta(minutes=1)).isoformat()}
        told = spray(cast, session, lot, "56", **given)
        assert told.status_code == 201, told.content
        mixed = attempt(cast, session, dose_mg="50")
        order = {
            "drug": "Ketamine HCl",
            "route": "intranasal",
            "dose_mg": "50",
            "max_total_mg": "50",
            "valid_until": (MONDAY + timedelta(days=1)).isoformat(),
        }
        ordered = cast.desk("prescriber").post(f"sessions/{session.pk}/orders/", order)
    for answer, field in ((mixed, "/order"), (ordered, "/drug")):
        assert answer.status_code == 400, answer.content
        assert [row["code"] for row in answer.json()["errors"] if row["pointer"] == field] == ["another_drug"]
    assert (Administration.objects.count(), Order.objects.count()) == (1, 2)


def test_only_esketamine_comes_in_devices(cast: Cast) -> None:
    answer = attempt(cast, people.ready_dose(cast), devices=1)
    assert answer.json()["errors"][0]["pointer"] == "/devices"
    assert not Administration.objects.exists()


@pytest.mark.parametrize(
    ("left_out", "gate"),
    [
        ("rems_enrolment", "rems_enrolment"),
        ("prescriber_on_site", "prescriber_on_site"),
        ("no_fluids", "fasting"),
        ("no_nasal_spray", "fasting"),
    ],
)
def test_what_the_rems_asks_for_no_protocol_switches_off(cast: Cast, left_out: str, gate: str) -> None:
    words = tuple(word for word in WORDS if word != left_out)
    session = ready(cast, words=words, gates={"fasting": "off", "escort": "off", "staff": "off"})
    assert still_open(cast, session) == [gate]
    assert spray(cast, session, devices(cast), "56").json()["code"] == "not_ready"
    body = {"gate": "prescriber_on_site", "reason": "Reachable by telephone"}
    assert cast.desk("prescriber").post(f"sessions/{session.pk}/override/", body).status_code == 409
    attest(cast, session, left_out)
    assert still_open(cast, session) == []


@pytest.mark.parametrize(("newest", "gates"), [(True, []), (False, ["rems_enrolment"])])
def test_who_is_enrolled_stays_so_until_somebody_says_otherwise(
    cast: Cast, newest: bool, gates: list[str]
) -> None:
    with clock.fixed(MONDAY - timedelta(days=400)):
        program = people.cleared_program(cast, protocol=people.approved_protocol(cast, name="Old", **NOSE))
        old = people.booked(cast, program, "dosing", clock.now(), override_reason="x")
        attest(cast, old, "rems_enrolment", value=not newest)
        visits.end(session_id=old.pk, move="no_show", reason="x", by=cast.np, at=clock.now())
    with clock.fixed(MONDAY - timedelta(days=300)):
        other = people.booked(cast, program, "dosing", clock.now(), override_reason="x")
        attest(cast, other, "rems_enrolment", value=newest)
        visits.end(session_id=other.pk, move="no_show", reason="x", by=cast.np, at=clock.now())
    edition = people.approved_protocol(cast, name="Esketamine", **NOSE)
    now = people.cleared_program(cast, protocol=edition, who=program.client, continues=program.pk)
    session = people.ready_dose(cast, now, without=("order",))
    people.written_order(cast, session, drug="Spravato", dose_mg=Decimal(84), max_total_mg=Decimal(84))
    attest(cast, session, *WORDS[1:])
    assert still_open(cast, session) == gates


def test_without_the_oximeters_number_nobody_sprays(cast: Cast) -> None:
    session = ready(cast)
    body = people.calm() | {"spo2": None, "measured_at": clock.now().isoformat()}
    with clock.fixed(MONDAY + timedelta(minutes=1)):
        body["measured_at"] = clock.now().isoformat()
        cast.desk("np").must(f"sessions/{session.pk}/readings/", {k: v for k, v in body.items() if v})
        assert still_open(cast, session) == ["pulse_oximeter"]
        assert spray(cast, session, devices(cast), "56").json()["code"] == "not_ready"


def test_two_hours_without_food_are_enough_for_esketamine(cast: Cast) -> None:
    session = ready(cast)  # the protocol asks for four hours
    for minutes, gates in ((119, ["fasting"]), (120, [])):
        since = {"fasting_since": (MONDAY - timedelta(minutes=minutes)).isoformat()}
        assert cast.desk("np").patch(f"sessions/{session.pk}/", since).status_code == 200
        assert still_open(cast, session) == gates


def test_the_database_counts_the_devices_too(cast: Cast) -> None:
    session = ready(cast)
    row = Administration(
        session=session,
        order=Order.objects.get(),
        is_first=True,
        drug="esketamine",
        route="intranasal",
        dose_mg=Decimal(56),
        devices=3,
        supply="client_prescription",
        given_by="staff",
        staff=cast.np,
        administered_at=clock.now(),
        recorded_at=clock.now(),
        gates=[],
    )
    with pytest.raises(IntegrityError, match="administration_devices"), transaction.atomic():
        row.insert_by(cast.np, at=clock.now())
