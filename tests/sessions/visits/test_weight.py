"""The weight: in kg or lb, measured or said; far from the last one a clinician stands for it before a dose does."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from kapclinic.core import clock
from programs.models import Program
from sessions.booking.models import Session
from sessions.dosing.gates.gather import readiness
from sessions.dosing.models import Order
from tests import cast as people
from tests.cast import IM, MONDAY, Cast
from tests.sessions.giving import attempt

LATER = MONDAY + timedelta(days=4)


@pytest.fixture
def program(cast: Cast) -> Program:
    """A program by weight; the client weighed 75 kg on Monday."""
    edition = people.approved_protocol(cast, name="By weight", **IM)
    found: Program = people.cleared_program(cast, protocol=edition)
    first = people.ready_dose(cast, found, without=("order",))
    weigh(cast, first, weight_kg="75")
    return found


def send(cast: Cast, session: Session, who: str = "np", **body: Any) -> Any:
    return cast.desk(who).patch(f"sessions/{session.pk}/", body)


def weigh(cast: Cast, session: Session, who: str = "np", **body: Any) -> dict[str, Any]:
    answer = send(cast, session, who, **body)
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    return told


def seen(cast: Cast, session: Session) -> tuple[Any, Any, Any]:
    told = cast.desk("np").get(f"sessions/{session.pk}/").json()
    return told["weight_kg"], told["weight_source"], told["weight_confirmed"]


def order(cast: Cast, session: Session, *, until: datetime = LATER + timedelta(days=1), **body: Any) -> Any:
    whole = {
        "drug": "ketamine",
        "route": "intramuscular",
        "dose_mg_per_kg": "0.5",
        "max_total_mg": "100",
        "valid_until": until.isoformat(),
    } | body
    return cast.desk("prescriber").post(f"sessions/{session.pk}/orders/", whole, key="")


def gate(session: Session, code: str = "weight") -> tuple[str, str, tuple[str, ...]]:
    judged = readiness(session_id=session.pk, at=clock.now())
    row = next(row for row in judged.gates if row.code == code)
    return row.state, row.detail, row.overridable_by


@pytest.fixture
def today(cast: Cast, program: Program) -> Any:
    """Four days later: the client is here for another dose, and nobody has noted a weight or an order."""
    with clock.fixed(LATER):
        yield people.ready_dose(cast, program, without=("order",))


# --- pounds as kilograms ----------------------------------------------------------------------------------------------


def test_pounds_as_kilograms_from_the_desk_order_no_dose(cast: Cast, today: Session) -> None:
    weigh(cast, today, "frontdesk", weight_kg="165", confirm_weight=True)  # the desk's word is passed over
    assert seen(cast, today) == ("165.00", "measured", False)
    refused = order(cast, today)
    assert (refused.status_code, refused.json()["code"]) == (409, "weight_unconfirmed")
    assert not Order.objects.filter(session=today).exists()
    state, detail, overridable = gate(today)
    assert (state, overridable) == ("open", ())
    assert (
        detail == "The weight is far from the client's last one: a clinician measures again or confirms it."
    )


def test_nobody_gives_a_dose_on_it_by_an_order_in_mg_either(cast: Cast, today: Session) -> None:
    weigh(cast, today, "frontdesk", weight_kg="165")
    told = order(cast, today, dose_mg_per_kg=None, dose_mg="82.5").json()
    assert (told["weight_kg"], told["dose_mg_per_kg"]) == (None, None)
    assert [row["code"] for row in told["warnings"]] == ["cap_not_checked"]
    refused = attempt(cast, today, dose_mg="82.5")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_ready")
    assert "weight" in str(refused.json())


def test_measured_again_in_pounds_the_dose_is_the_right_one(cast: Cast, today: Session) -> None:
    weigh(cast, today, "frontdesk", weight_kg="165")
    assert weigh(cast, today, weight_lb="165")["weight_kg"] == "74.84"
    assert seen(cast, today) == ("74.84", "measured", True)
    assert order(cast, today).json()["dose_mg"] == "37.420"
    assert gate(today)[0] == "pass"


@pytest.mark.parametrize("who", ["np", "therapist", "prescriber", "director"])
def test_a_clinician_confirms_what_the_desk_noted(cast: Cast, today: Session, who: str) -> None:
    weigh(cast, today, "frontdesk", weight_kg="90")
    assert order(cast, today).status_code == 409
    weigh(cast, today, who, confirm_weight=True)
    assert seen(cast, today) == ("90.00", "measured", True)
    assert order(cast, today).json()["dose_mg"] == "45.000"


def test_a_clinician_confirms_with_the_weight_itself(cast: Cast, today: Session) -> None:
    assert weigh(cast, today, weight_kg="90")["weight_confirmed"] is False
    assert weigh(cast, today, weight_kg="90")["weight_confirmed"] is False  # said twice is not confirmed
    assert weigh(cast, today, weight_kg="90", confirm_weight=False)["weight_confirmed"] is False
    assert weigh(cast, today, weight_kg="90", confirm_weight=True)["weight_confirmed"] is True
    assert weigh(cast, today, weight_kg="91")["weight_confirmed"] is True


@pytest.mark.parametrize(
    ("kg", "confirmed"), [("67.50", True), ("67.49", False), ("82.50", True), ("82.51", False)]
)
def test_more_than_ten_percent_either_way_is_far(
    cast: Cast, today: Session, kg: str, confirmed: bool
) -> None:
    assert weigh(cast, today, weight_kg=kg)["weight_confirmed"] is confirmed


def test_the_protocol_says_how_far_is_far(cast: Cast) -> None:
    edition = people.approved_protocol(cast, name="Narrow", limits={"weight_change_percent": 5}, **IM)
    session = people.ready_dose(cast, people.cleared_program(cast, protocol=edition), without=("order",))
    weigh(cast, session, weight_kg="100")
    assert weigh(cast, session, weight_kg="106")["weight_confirmed"] is False


def test_an_unconfirmed_weight_is_never_what_the_next_is_compared_with(
    cast: Cast, program: Program, today: Session
) -> None:
    weigh(cast, today, "frontdesk", weight_kg="165")
    with clock.fixed(LATER + timedelta(days=4)):
        other = people.booked(cast, program, "dosing", clock.now(), override_reason="Written up late")
        assert weigh(cast, other, weight_kg="165")["weight_confirmed"] is False
        assert weigh(cast, other, weight_kg="76")["weight_confirmed"] is True


def test_the_last_weight_is_the_clients_own_in_every_program_and_nobody_elses(
    cast: Cast, today: Session
) -> None:
    stranger = people.client(cast.north, by=cast.frontdesk, first="Kim")
    theirs = people.opened_program(cast, client=stranger.pk)
    session = people.booked(cast, theirs, "preparation", LATER + timedelta(days=1))
    assert weigh(cast, session, weight_kg="165")["weight_confirmed"] is True
    assert weigh(cast, today, weight_kg="165")["weight_confirmed"] is False


def test_a_wrong_weight_that_was_overwritten_in_the_same_session_does_not_count_as_none(cast: Cast) -> None:
    """There is no other session: what the first weight was is told by the session's own history."""
    edition = people.approved_protocol(cast, name="By weight", **IM)
    session = people.ready_dose(cast, people.cleared_program(cast, protocol=edition), without=("order",))
    assert weigh(cast, session, weight_kg="75")["weight_confirmed"] is True
    for _ in range(2):
        assert weigh(cast, session, weight_kg="165")["weight_confirmed"] is False


def test_an_order_by_a_weight_that_was_corrected_is_written_anew(cast: Cast, today: Session) -> None:
    weigh(cast, today, weight_kg="165", confirm_weight=True)
    assert order(cast, today).json()["dose_mg"] == "82.500"
    assert gate(today, "order")[0] == "pass"
    weigh(cast, today, weight_kg="75", confirm_weight=True)
    assert gate(today, "order")[:2] == (
        "open",
        "The order was reckoned with another weight: a prescriber writes it anew.",
    )
    assert attempt(cast, today, dose_mg="82.5").status_code == 409
    assert order(cast, today).json()["dose_mg"] == "37.500"
    assert gate(today, "order")[0] == "pass"


def test_also_under_a_protocol_in_mg_an_order_in_mg_per_kg_asks_for_the_weight(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("order",))
    weigh(cast, session, weight_kg="75")
    by_weight = {"route": "sublingual", "dose_mg_per_kg": "2", "max_total_mg": "200"}
    assert order(cast, session, **by_weight).json()["dose_mg"] == "150.000"
    assert gate(session)[0] == "pass"
    weigh(cast, session, weight_kg="60")
    assert gate(session)[0] == "open"
    weigh(cast, session, confirm_weight=True)
    assert (gate(session)[0], gate(session, "order")[0]) == ("pass", "open")


# --- where it comes from ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["np", "frontdesk"])
def test_what_the_client_reports_never_doses(cast: Cast, today: Session, who: str) -> None:
    weigh(cast, today, who, weight_kg="75", weight_source="reported")
    weigh(cast, today, confirm_weight=True)
    assert seen(cast, today) == ("75.00", "reported", True)
    refused = order(cast, today)
    assert (refused.status_code, refused.json()["code"]) == (409, "weight_unconfirmed")
    assert gate(today) == ("open", "The weight was only reported: weigh the client.", ())
    weigh(cast, today, weight_kg="75")
    assert order(cast, today).status_code == 201


def test_read_off_on_video_by_a_clinician_counts_as_measured(cast: Cast, today: Session) -> None:
    refused = send(cast, today, "frontdesk", weight_kg="75", weight_source="observed")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    weigh(cast, today, "therapist", weight_kg="75", weight_source="observed")
    assert order(cast, today).status_code == 201
    assert gate(today)[0] == "pass"
    proofs = readiness(session_id=today.pk, at=clock.now()).gates
    proof = next(row.cleared_by for row in proofs if row.code == "weight")
    assert proof is not None
    assert (proof.text, proof.at) == ("75.00 kg, observed (2026-05-08)", LATER)


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"weight_kg": "75", "weight_lb": "165"}, "/weight_lb", "both_units"),
        ({"weight_lb": "50"}, "/weight_lb", "implausible"),
        ({"weight_lb": "800"}, "/weight_lb", "implausible"),
        ({"weight_kg": "75", "weight_source": "guessed"}, "/weight_source", "invalid_choice"),
        ({"weight_source": "measured"}, "/weight_source", "no_weight"),
        ({"weight_lb": "165.123"}, "/weight_lb", "max_decimal_places"),
        ({"weight_kg": "75", "confirm_weight": "perhaps"}, "/confirm_weight", "invalid"),
    ],
)
def test_a_weight_that_can_not_be_is_refused(
    cast: Cast, today: Session, body: dict[str, Any], pointer: str, code: str
) -> None:
    answer = send(cast, today, **body)
    assert answer.status_code == 400, answer.content
    error = answer.json()["errors"][0]
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert seen(cast, today) == (None, None, None)


def test_nothing_to_confirm_confirms_nothing(cast: Cast, today: Session) -> None:
    weigh(cast, today, confirm_weight=True)
    assert weigh(cast, today, weight_kg="165")["weight_confirmed"] is False


def test_the_front_desk_neither_reads_nor_overwrites_it_in_either_unit(cast: Cast, today: Session) -> None:
    told = weigh(cast, today, "frontdesk", weight_lb="165")
    assert (told["weight_kg"], told["weight_source"], told["weight_confirmed"]) == (None, None, None)
    refused = send(cast, today, "frontdesk", weight_lb="170")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")


def test_once_a_dose_stands_on_it_nobody_changes_or_confirms_it(cast: Cast, today: Session) -> None:
    weigh(cast, today, weight_kg="75")
    assert order(cast, today).status_code == 201
    assert attempt(cast, today, dose_mg="37.5").status_code == 201
    for body in ({"weight_lb": "160"}, {"weight_kg": "75", "weight_source": "reported"}):
        refused = send(cast, today, **body)
        assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition"), body
    weigh(cast, today, confirm_weight=True)  # it was: nothing changes
    assert seen(cast, today) == ("75.00", "measured", True)


def test_the_database_knows_no_other_source(cast: Cast, today: Session) -> None:
    today.refresh_from_db()
    today.weight_source, today.weight_kg = "guessed", Decimal(75)
    with pytest.raises(IntegrityError, match="session_weight_source"), transaction.atomic():
        today.save_by(cast.np, at=clock.now())
