"""One desk for a prescriber: all that waits, what is due first at the top; overrides read; orders that wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM
from kapclinic.trail.models import Outbox
from screening.models import Clearance, SafetyAlert
from sessions.booking.models import Session
from sessions.dosing.models import GateOverride, GateOverrideReading
from sessions.sweep.steps import sweep
from tests.asking import done, events, refused, sql
from tests.cast import (
    MONDAY,
    Cast,
    booked,
    cleared_program,
    client,
    colleague,
    cssrs,
    later,
    opened_program,
    ready_dose,
)
from tests.screening.deciding import submitted

HIGH = {
    "dose_mg": "450",
    "max_total_mg": "450",
    "above_cap_reason": "No effect at 400 mg",
}  # the cap is 400 mg
DAY = timedelta(days=1)


def desk(cast: Cast, who: str = "prescriber", **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = done(cast.desk(who).get("decisions/", **query), 200)["results"]
    return found


def waits(cast: Cast, who: str = "prescriber", **query: Any) -> list[str]:
    return [row["kind"] for row in desk(cast, who, **query)]


def mine(cast: Cast, who: str = "prescriber") -> list[str]:
    return waits(cast, who, **{"for": "me"})


def order(cast: Cast, session: Session, who: str, **more: Any) -> dict[str, Any]:
    body = {
        "drug": "ketamine",
        "route": session.program.protocol.route,
        "dose_mg": "100",
        "max_total_mg": "200",
    }
    body |= {"valid_until": session.ends_at.isoformat()} | more
    told: dict[str, Any] = cast.desk(who).must(f"sessions/{session.pk}/orders/", body)
    return told


def override(cast: Cast, session: Session, who: str) -> GateOverride:
    body = {"gate": "escort", "reason": "The brother comes at noon"}
    cast.desk(who).must(f"sessions/{session.pk}/override/", body)
    return GateOverride.objects.get(session=session)


def test_a_screening_waits_from_its_submission_to_its_decision(cast: Cast) -> None:
    program = opened_program(cast)
    sent = submitted(cast, program)
    (row,) = desk(cast)
    assert (row["kind"], row["client_name"], row["assigned_to"]) == (
        "screening",
        "Robin Sample",
        "Prescriber",
    )
    assert row["subject"] == {"type": "screening", "id": sent["id"]}
    assert (row["since"], row["due_at"], row["program"]) == (sent["submitted_at"], None, str(program.pk))
    assert events("decision.desk") == [(cast.prescriber.pk, "ok", [program.client_id])]
    colleague(cast, "second", "prescriber")
    assert (mine(cast), mine(cast, "second"), waits(cast, "second")) == (["screening"], [], ["screening"])
    assert waits(cast, "south_prescriber") == waits(cast, location=cast.south.pk) == []
    body = {"decision": "cleared", "rationale": "Weighed with the client."}
    cast.desk("prescriber").must(f"screenings/{sent['id']}/decide/", body)
    assert waits(cast) == []


def test_a_dose_that_is_near_waits_for_its_order_and_one_above_the_cap_for_a_second_prescriber(
    cast: Cast,
) -> None:
    session = ready_dose(cast, without=("order",))
    colleague(cast, "second", "prescriber")
    far = booked(cast, session.program, "dosing", later(days=20))
    (row,) = desk(cast)
    assert (row["kind"], row["session"], row["subject"]["id"]) == (
        "order_missing",
        str(session.pk),
        str(session.pk),
    )
    assert row["due_at"] == "2026-05-04T15:00:00Z"
    order(cast, session, "prescriber", valid_until=session.starts_at.isoformat())
    assert waits(cast) == []
    high = order(cast, session, "second", **HIGH)
    assert (mine(cast), mine(cast, "second"), waits(cast, "second")) == (
        ["order_above_cap"],
        [],
        ["order_above_cap"],
    )
    listed = done(cast.desk("np").get("orders/", waits="true"), 200)["results"]
    assert [(one["id"], one["client_name"], one["assigned_to"]) for one in listed] == [
        (high["id"], "Robin Sample", "Second")
    ]
    others = done(cast.desk("np").get("orders/", waits="false"), 200)["results"]
    assert [one["dose_mg"] for one in others] == ["100.000"]
    assert cast.desk("south_np").get("orders/").data["count"] == 0
    assert cast.desk("frontdesk").get("orders/").status_code == 403
    cast.desk("prescriber").must(
        f"sessions/{session.pk}/orders/{high['id']}/approve-cap/", {"reason": "Seen"}
    )
    assert waits(cast) == cast.desk("np").get("orders/", waits="true").data["results"] == []
    with clock.fixed(far.starts_at - 6 * DAY):
        assert [row["session"] for row in desk(cast)] == [str(far.pk)]
    with clock.fixed(far.starts_at + DAY):
        assert waits(cast) == []  # it is left open, and that is another row


def test_an_override_waits_until_somebody_else_has_read_it(cast: Cast) -> None:
    session = ready_dose(cast, without=("escort",))
    colleague(cast, "second", "prescriber")
    row = override(cast, session, "second")
    assert (mine(cast), mine(cast, "second"), mine(cast, "director")) == (["override"], [], ["override"])
    (told,) = done(cast.desk("director").get("overrides/", read="false"), 200)["results"]
    assert (told["gate"], told["reason"], told["assigned_to"]) == (
        "escort",
        "The brother comes at noon",
        "Second",
    )
    assert (told["read"], told["client_name"]) == (None, "Robin Sample")
    path = f"overrides/{row.pk}/read/"
    for who in ("second", "np", "therapist", "frontdesk"):
        assert cast.desk(who).post(path).status_code == 403, who
    assert cast.desk("south_prescriber").post(path).status_code == 404
    assert not GateOverrideReading.objects.exists()
    read = cast.desk("prescriber").must(path, status=200)
    assert (read["read"]["by"], read["label"]) == (str(cast.prescriber.pk), "Nothing: it is done.")
    refused(cast.desk("director").post(path), 409, "already_read")
    assert waits(cast) == desk(cast, "director") == []
    assert cast.desk("director").get("overrides/", read="true", location=cast.north.pk).data["count"] == 1
    insert = (
        "INSERT INTO clinic_sessions_gateoverridereading (id, created_at, created_by, override_id, read_by_id)"
        " VALUES (gen_random_uuid(), now(), %s, %s, %s)"
    )
    other = GateOverride(session=session, gate="fasting", reason="Known", role="prescriber").insert_by(
        cast.people["second"], at=MONDAY
    )
    with pytest.raises(DatabaseError, match="another than its maker"), transaction.atomic():
        sql(insert, other.created_by, other.pk, other.created_by)
    with clock.fixed(MONDAY + 31 * DAY):
        assert waits(cast) == []  # history by now, and still in the list
        assert cast.desk("director").get("overrides/", read="false").data["count"] == 1


def test_alerts_and_suspended_clearances_wait_in_the_order_in_which_they_are_due(cast: Cast) -> None:
    program = cleared_program(cast)
    with clock.fixed(MONDAY + timedelta(hours=1)):
        cssrs(cast, program, 1, 2, 3, 4, 5)
        found = desk(cast)
        assert [row["kind"] for row in found] == ["safety_alert", "clearance_review"]
        alert = SafetyAlert.objects.get()
        assert found[0]["subject"] == {"type": "safety_alert", "id": str(alert.pk)}
        assert found[1]["due_at"] is None
        dose = booked(cast, program, "preparation", later(days=3))
        assert [row["due_at"] for row in desk(cast)][1] is None  # only a dose presses
        assert dose.kind == "preparation"
        cast.desk("therapist").must(
            f"safety-alerts/{alert.pk}/acknowledge/", {"action": "Spoke on the phone"}
        )
        assert waits(cast) == ["clearance_review", "alert_release"]


def test_what_waits_for_a_prescriber_who_left_waits_for_the_others(cast: Cast) -> None:
    """It would stand on nobody's desk, and its message in the box of a closed account."""
    program, gone = cleared_program(cast), cast.prescriber
    second = colleague(cast, "second", "prescriber")
    with clock.fixed(MONDAY + timedelta(hours=1)):
        cssrs(cast, program, 1, 2, 3, 4, 5)
        assert (mine(cast), mine(cast, "second")) == (["safety_alert", "clearance_review"], [])
        for name, value in (("roles", ["front_desk"]), ("locations", [cast.south.pk]), ("is_active", False)):
            was = getattr(gone, name)
            setattr(gone, name, value)
            gone.save_by(SYSTEM, at=clock.now())
            assert mine(cast, "second") == ["safety_alert", "clearance_review"]
            if name != "is_active":
                setattr(gone, name, was)
                gone.save_by(SYSTEM, at=clock.now())
                assert mine(cast, "second") == []
        before = set(Outbox.objects.values_list("pk", flat=True))
        allergy = {"substance": "Ketamine"}
        cast.desk("np").must(f"clients/{program.client_id}/allergies/", allergy, status=201)
        told = Outbox.objects.filter(template="clearance_review").exclude(pk__in=before)
        assert [row.recipient for row in told] == [second.pk]


def test_a_suspension_whose_reason_was_taken_back_is_still_lifted_by_a_prescriber(cast: Cast) -> None:
    program = cleared_program(cast)
    allergies = f"clients/{program.client_id}/allergies/"
    with clock.fixed(MONDAY + timedelta(hours=1)):
        made = [
            cast.desk("np").must(allergies, {"substance": name}, status=201)
            for name in ("Ketamine", "Esketamine")
        ]
        assert [(row["kind"], row["reason_gone"]) for row in desk(cast)] == [("clearance_review", False)]
        for one, gone in zip(made, (False, True), strict=True):  # the last of them
            cast.desk("np").must(f"{allergies}{one['id']}/void/", {"reason": "Of another client"})
            assert [(row["kind"], row["reason_gone"]) for row in desk(cast)] == [("clearance_review", gone)]


def test_a_clearance_that_ends_waits_while_its_row_is_open(cast: Cast) -> None:
    cleared_program(cast)
    clearance = Clearance.objects.get()
    assert clearance.expires_on is not None
    late = MONDAY + timedelta(days=(clearance.expires_on - MONDAY.date()).days - 20)
    with clock.fixed(late):
        assert waits(cast) == []
        sweep(at=late)
        (row,) = desk(cast)
        assert (row["kind"], row["subject"]["id"]) == ("clearance_ending", str(clearance.pk))


def test_an_adverse_event_waits_for_the_director_alone(cast: Cast) -> None:
    session = ready_dose(cast)
    body = {"term": "Loss of consciousness", "grade": 3, "serious": False, "causality": "probable"}
    body |= {"action": "none", "outcome": "resolved", "onset_at": clock.now().isoformat()}
    cast.desk("np").must(f"sessions/{session.pk}/adverse-events/", body)
    assert "adverse_event_review" not in mine(cast)
    (row,) = [row for row in desk(cast, "director", **{"for": "me"}) if row["kind"] == "adverse_event_review"]
    assert (row["session"], row["due_at"] is not None) == (str(session.pk), True)


@pytest.mark.parametrize("who", ["np", "therapist", "frontdesk", "billing", "admin"])
def test_nobody_else_has_this_desk(cast: Cast, who: str) -> None:
    for path in ("decisions/", "overrides/"):
        assert cast.desk(who).get(path).status_code == 403


def test_a_desk_costs_the_same_however_full(cast: Cast, django_assert_max_num_queries: Any) -> None:
    for last in ("One", "Two", "Three"):
        who = client(cast.north, by=cast.frontdesk, first="Kim", last=last)
        submitted(cast, opened_program(cast, who=who))
    cast.desk("prescriber")
    with django_assert_max_num_queries(4):  # who asks, the rows, their names, the event of the access log
        assert len(desk(cast)) == 3
    first, second = desk(cast, page_size=2), desk(cast, page_size=2, page=2)
    assert len({row["subject"]["id"] for row in first + second}) == 3
    assert cast.desk("prescriber").get("decisions/", **{"for": "you"}).status_code == 400
