"""Orders: kept in mg and mg/kg with the weight, replaced by a newer one, above the cap only with a second prescriber."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kapclinic.core import clock
from kapclinic.practice.models import Role
from sessions.booking.models import Session
from sessions.dosing.models import Administration, Order, OrderApproval
from sessions.dosing.rules import esketamine
from sessions.drugs.rules.names import known_as
from tests import cast as people
from tests.cast import IM, MONDAY, Cast, at_home, weighed
from tests.sessions.giving import attempt


def write(cast: Cast, session: Session, who: str = "prescriber", **more: Any) -> Any:
    body = {
        "drug": "ketamine",
        "route": session.program.protocol.route,
        "dose_mg": "100",
        "max_total_mg": "200",
        "valid_until": session.ends_at.isoformat(),
    } | more
    sent = {name: value for name, value in body.items() if value is not None}
    return cast.desk(who).post(f"sessions/{session.pk}/orders/", sent)


def approve(cast: Cast, session: Session, order: str, who: str) -> Any:
    body = {"reason": "Tolerated 400 mg twice without effect"}
    return cast.desk(who).post(f"sessions/{session.pk}/orders/{order}/approve-cap/", body)


def order_gate(cast: Cast, session: Session) -> tuple[str, str]:
    rows = cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()["gates"]
    row = next(row for row in rows if row["code"] == "order")
    return row["state"], row["detail"]


@pytest.fixture
def colleague(cast: Cast) -> str:
    """A second prescriber of the clinic."""
    cast.people["colleague"] = people.staff("colleague", [Role.PRESCRIBER], cast.north)
    return "colleague"


HIGH = {"dose_mg": "450", "max_total_mg": "450"}  # the cap is 400 mg
REASON = {"above_cap_reason": "No effect at 400 mg"}


# --- what an order holds ----------------------------------------------------------------------------------------------


def test_an_order_keeps_the_weight_it_was_reckoned_with(cast: Cast) -> None:
    session = weighed(cast, IM, kg="73.5")
    told = write(cast, session, dose_mg=None, dose_mg_per_kg="0.7", max_total_mg="60", form="vial").json()
    assert (told["dose_mg"], told["dose_mg_per_kg"], told["form"]) == ("51.450", "0.700", "vial")
    assert (told["weight_kg"], told["weighed_at"]) == ("73.50", "2026-05-04T15:00:00Z")
    in_mg = write(cast, session, dose_mg="50", max_total_mg="60").json()
    assert in_mg["dose_mg_per_kg"] == "0.680"


@pytest.mark.parametrize(("dose", "codes"), [("300", []), ("300.001", ["dose_above_usual"])])
def test_a_dose_above_the_usual_warns_and_is_written(cast: Cast, dose: str, codes: list[str]) -> None:
    session = people.ready_dose(cast, without=("order",))
    told = write(cast, session, dose_mg=dose, max_total_mg="400").json()
    assert [row["code"] for row in told["warnings"]] == codes
    assert order_gate(cast, session)[0] == "pass"


def test_the_usual_by_weight_is_the_clients_own(cast: Cast) -> None:
    session = weighed(cast, IM, kg="50")  # 1.0 mg/kg
    assert write(cast, session, dose_mg="50", max_total_mg="60").json()["warnings"] == []
    assert write(cast, session, dose_mg="50.001", max_total_mg="60").json()["warnings"] != []


def test_a_newer_order_replaces_the_older(cast: Cast) -> None:
    session = people.ready_dose(cast)
    old = str(session.orders.get().pk)
    new = write(cast, session, dose_mg="50", max_total_mg="50").json()["id"]
    answer = attempt(cast, session, order=old)
    assert answer.status_code == 400
    assert (answer.json()["errors"][0]["pointer"], answer.json()["errors"][0]["code"]) == (
        "/order",
        "superseded",
    )
    assert not Administration.objects.exists()
    assert attempt(cast, session, order=new, dose_mg="50").status_code == 201


def test_an_order_that_ran_out_opens_the_gate_also_over_an_older_one(cast: Cast) -> None:
    session = people.ready_dose(cast)  # that one is valid for a day
    write(cast, session, valid_until=MONDAY.isoformat())
    with clock.fixed(MONDAY.replace(minute=1)):
        assert order_gate(cast, session) == ("open", "The order has expired.")


# --- above the cap ----------------------------------------------------------------------------------------------------


def test_above_the_cap_an_order_says_why(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("order",))
    answer = write(cast, session, **HIGH)
    assert (answer.status_code, answer.json()["code"]) == (400, "dose_above_cap")
    assert not Order.objects.exists()
    needless = write(cast, session, **REASON)
    assert needless.json()["errors"][0]["pointer"] == "/above_cap_reason"
    assert not Order.objects.exists()


def test_above_the_cap_a_second_prescriber_opens_the_gate(cast: Cast, colleague: str) -> None:
    session = people.ready_dose(cast, without=("order",))
    order = write(cast, session, **HIGH, **REASON).json()
    assert (order["waits"], order["approval"]) == (True, None)
    assert order_gate(cast, session) == ("open", "Above the cap: a second prescriber has to approve it.")
    too_much = attempt(cast, session, dose_mg="450")
    assert (too_much.status_code, too_much.json()["code"]) == (400, "dose_above_cap")
    assert attempt(cast, session, dose_mg="100").json()["code"] == "not_ready"
    assert not Administration.objects.exists()

    approved = approve(cast, session, order["id"], colleague)
    assert approved.status_code == 200, approved.content
    told = approved.json()
    assert (told["waits"], told["approval"]["by"]) == (False, str(cast.people[colleague].pk))
    assert order_gate(cast, session)[0] == "pass"
    beyond = attempt(cast, session, dose_mg="450.001")
    assert beyond.json()["errors"][0]["code"] == "above_order"
    assert attempt(cast, session, dose_mg="450").status_code == 201


@pytest.mark.parametrize("who", ["prescriber", "np", "therapist", "director", "frontdesk"])
def test_nobody_approves_their_own_order_nor_one_who_may_not_order(cast: Cast, who: str) -> None:
    session = people.ready_dose(cast, without=("order",))
    order = write(cast, session, **HIGH, **REASON).json()
    answer = approve(cast, session, order["id"], who)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert "400" not in answer.content.decode()
    assert not OrderApproval.objects.exists()
    assert order_gate(cast, session)[0] == "open"


def test_what_is_settled_needs_no_approval(cast: Cast, colleague: str) -> None:
    session = people.ready_dose(cast, without=("order",))
    high = write(cast, session, **HIGH, **REASON).json()["id"]
    assert approve(cast, session, high, colleague).status_code == 200
    within = write(cast, session).json()["id"]
    for order in (high, within):
        answer = approve(cast, session, order, colleague)
        assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    assert OrderApproval.objects.count() == 1


def test_the_database_keeps_the_two_prescribers_apart(cast: Cast, colleague: str) -> None:
    session = people.ready_dose(cast, without=("order",))
    high = Order.objects.get(pk=write(cast, session, **HIGH, **REASON).json()["id"])
    with pytest.raises(DatabaseError, match="another prescriber"), transaction.atomic():
        OrderApproval(order=high, approver=cast.prescriber, reason="Mine").insert_by(
            cast.prescriber, at=clock.now()
        )
    with pytest.raises(DatabaseError, match="not approved"), transaction.atomic():
        _dose(session, high, cast)
    other = people.booked(cast, session.program, "dosing", MONDAY.replace(day=20))
    with pytest.raises(DatabaseError, match="another session"), transaction.atomic():
        _dose(other, high, cast)
    OrderApproval(order=high, approver=cast.people[colleague], reason="Seen").insert_by(
        cast.people[colleague], at=clock.now()
    )
    _dose(session, high, cast)


def _dose(session: Session, order: Order, cast: Cast) -> Administration:
    return Administration(
        session=session,
        order=order,
        is_first=True,
        drug=order.drug,
        route=order.route,
        dose_mg=Decimal(450),
        supply="client_prescription",
        given_by="staff",
        staff=cast.np,
        administered_at=clock.now(),
        recorded_at=clock.now(),
        gates=[],
    ).insert_by(cast.np, at=clock.now())


# --- esketamine -------------------------------------------------------------------------------------------------------


NOSE = {"route": "intranasal", "min_preparations": 0}


def by_nose(cast: Cast) -> Session:
    edition = people.approved_protocol(cast, name="Esketamine", **NOSE)
    return people.ready_dose(cast, people.cleared_program(cast, protocol=edition), without=("order",))


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({}, None),
        ({"dose_mg": "84", "max_total_mg": "84"}, None),
        ({"dose_mg": "28"}, "/reason"),
        ({"dose_mg": "28", "reason": "Aged 70: a low start"}, None),
        ({"max_total_mg": "112"}, "/reason"),
        ({"dose_mg": "50"}, "/dose_mg"),
        ({"dose_mg": "50", "reason": "By half a device"}, "/dose_mg"),
        ({"max_total_mg": "57"}, "/max_total_mg"),
        ({"route": "sublingual"}, "/route"),
    ],
)
def test_esketamine_is_56_or_84_mg_by_the_nose_or_says_why(
    cast: Cast, change: dict[str, str], pointer: str | None
) -> None:
    session = by_nose(cast)
    body = {"drug": "Esketamine", "dose_mg": "56", "max_total_mg": "56"} | change
    answer = write(cast, session, **body)
    if pointer is None:
        assert answer.status_code == 201, answer.content
    else:
        assert answer.status_code == 400
        assert pointer in {row["pointer"] for row in answer.json()["errors"]}
        assert not Order.objects.exists()


def test_esketamine_is_never_ordered_for_home(cast: Cast) -> None:
    session = at_home(cast, without=("order",))
    answer = write(cast, session, drug="Spravato", dose_mg="56", max_total_mg="56")
    assert {"/drug", "/route"} == {row["pointer"] for row in answer.json()["errors"]}
    assert not Order.objects.exists()


# --- what a name means -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "drug"),
    [
        ("Esketamine", "esketamine"),
        ("SPRAVATO 28 mg", "esketamine"),
        ("S-ketamine", "esketamine"),
        ("(S)-ketamine HCl", "esketamine"),
        ("S(+)-Ketamine", "esketamine"),
        ("(S)-(+)-ketamine", "esketamine"),
        ("es ketamine", "esketamine"),
        ("Es-Ketamine nasal", "esketamine"),
        ("esketamin", "esketamine"),
        ("nasal s-ketamine", "esketamine"),
        ("ketamine", "ketamine"),
        ("Ketamine HCl 50 mg/mL", "ketamine"),
        ("Ketalar", "ketamine"),
        ("(R,S)-ketamine", "ketamine"),
        ("rac-(RS)-ketamine", "ketamine"),
        ("racemic R-/S-ketamine", "ketamine"),
        ("troche(s) ketamine", "ketamine"),
        ("lozenges ketamine", "ketamine"),
        ("the pharmacy's ketamine", "ketamine"),
        ("ketamine s.l.", "ketamine"),
        ("midazolam", ""),
        ("kitamine", ""),
    ],
)
def test_a_drug_is_known_by_any_of_its_names(name: str, drug: str) -> None:
    assert known_as(name) == drug
    assert esketamine.is_esketamine(name) is (drug == "esketamine")


def test_an_order_of_another_drug_is_refused(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("order",))
    answer = write(cast, session, drug="midazolam")
    assert answer.status_code == 400
    assert [(row["pointer"], row["code"]) for row in answer.json()["errors"]] == [("/drug", "unknown_drug")]
    assert not Order.objects.exists()
    assert write(cast, session, drug="Ketamine HCl").json()["drug"] == "Ketamine HCl"
