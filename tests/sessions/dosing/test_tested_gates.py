"""The gates that read a test: a negative one clears them for its time, a positive one no word clears."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.sessions.giving import attempt

GATES = {"pregnancy_test": "urine_hcg", "drug_screen": "drug_screen"}


def asked(cast: Cast, code: str, mode: str = "required", **limits: float) -> Session:
    edition = people.approved_protocol(
        cast, name="Tests", min_preparations=0, gates={code: mode}, limits=limits
    )
    return people.ready_dose(cast, people.cleared_program(cast, protocol=edition))


def took(cast: Cast, session: Session, code: str, result: str = "negative", **ago: float) -> dict[str, Any]:
    body = {"client": str(session.client_id), "kind": GATES[code], "result": result}
    body["taken_at"] = (clock.now() - timedelta(**ago)).isoformat()
    made: dict[str, Any] = cast.desk("np").must("lab-results/", body, status=201)
    return made


def gate(cast: Cast, session: Session, code: str) -> dict[str, Any]:
    found = cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()
    row: dict[str, Any] = next(row for row in found["gates"] if row["code"] == code)
    return row


def say(cast: Cast, session: Session, code: str, *, value: bool) -> None:
    visits.change(session=session, values={"attestations": {code: value}}, by=cast.np, at=clock.now())
    session.refresh_from_db()


@pytest.mark.parametrize("code", GATES)
def test_a_negative_one_clears_the_gate_for_the_protocols_days(cast: Cast, code: str) -> None:
    session = asked(cast, code)
    assert gate(cast, session, code)["state"] == "open"
    old = took(cast, session, code, days=90, seconds=1)
    assert gate(cast, session, code)["state"] == "open"
    cast.desk("np").must(f"lab-results/{old['id']}/void/", {"reason": "Too old anyway"})
    made = took(cast, session, code, days=90)
    found = gate(cast, session, code)
    proof = {"kind": "lab_result", "by": str(cast.np.pk), "ref": made["id"], "at": made["taken_at"]}
    assert found["state"] == "pass"
    assert proof.items() <= found["cleared_by"].items()
    desk = cast.desk("frontdesk").get(f"sessions/{session.pk}/readiness/").content.decode()
    assert "negative" not in desk.lower()
    cast.desk("np").must(f"lab-results/{made['id']}/void/", {"reason": "Of her twin"})
    assert gate(cast, session, code)["state"] == "open"
    say(cast, session, code, value=True)  # no test stands: the word of the day clears it, as ever
    assert (gate(cast, session, code)["state"], attempt(cast, session).status_code) == ("pass", 201)


@pytest.mark.parametrize("code", GATES)
def test_no_word_clears_a_positive_one_but_a_newer_negative_does(cast: Cast, code: str) -> None:
    session = asked(cast, code)
    took(cast, session, code, "positive", hours=3)
    took(cast, session, code, "inconclusive", hours=2)
    say(cast, session, code, value=True)
    found = gate(cast, session, code)
    assert (found["state"], found["overridable_by"]) == ("open", ["prescriber"])
    assert "positive" in found["detail"]
    assert [row["code"] for row in attempt(cast, session).json()["gates"]] == ["clearance", code]
    took(cast, session, code, "negative", hours=3)  # of the same moment: the graver word stands
    assert gate(cast, session, code)["state"] == "open"
    took(cast, session, code, "negative", hours=1)
    assert gate(cast, session, code)["state"] == "pass"
    assert [row["code"] for row in attempt(cast, session).json()["gates"]] == ["clearance"]


def test_a_doubtful_one_clears_nothing_and_a_no_of_the_day_counts_until_a_newer_test(cast: Cast) -> None:
    session, code = asked(cast, "drug_screen"), "drug_screen"
    took(cast, session, code, "negative", days=2)
    took(cast, session, code, "inconclusive", days=1)
    assert gate(cast, session, code)["state"] == "open"
    took(cast, session, code, "negative", hours=1)
    say(cast, session, code, value=False)
    found = gate(cast, session, code)
    assert (found["state"], "Attested with no." in found["detail"]) == ("open", True)
    with clock.fixed(MONDAY + timedelta(minutes=5)):
        took(cast, session, code)
        assert gate(cast, session, code)["state"] == "pass"


def test_a_pregnancy_test_is_taken_before_each_dose(cast: Cast) -> None:
    """One of before the last dose says nothing of the next; a drug screen counts on for its days."""
    edition = people.approved_protocol(
        cast, name="Both", min_preparations=0, gates=dict.fromkeys(GATES, "required")
    )
    with clock.fixed(MONDAY - timedelta(days=7)):
        first = people.ready_dose(cast, people.cleared_program(cast, protocol=edition))
        for code in GATES:
            took(cast, first, code, hours=1)
        people.give(cast, first)
    second = people.ready_dose(cast, first.program)
    assert [gate(cast, second, code)["state"] for code in GATES] == ["open", "pass"]
    took(cast, second, "pregnancy_test")
    assert [gate(cast, second, code)["state"] for code in GATES] == ["pass", "pass"]


def test_a_test_of_the_other_registration_counts(cast: Cast) -> None:
    session = asked(cast, "drug_screen")
    twin = people.client(cast.north, by=cast.frontdesk, first="Robyn")
    body = {"client": str(twin.pk), "kind": "drug_screen", "result": "negative"}
    cast.desk("np").must("lab-results/", body | {"taken_at": MONDAY.isoformat()}, status=201)
    assert gate(cast, session, "drug_screen")["state"] == "open"
    cast.desk("director").must(
        f"clients/{twin.pk}/merge/", {"into": str(session.client_id), "reason": "One person"}
    )
    assert gate(cast, session, "drug_screen")["state"] == "pass"
    listed = cast.desk("np").get("lab-results/", client=str(session.client_id)).json()
    assert [row["client"] for row in listed["results"]] == [str(twin.pk)]
