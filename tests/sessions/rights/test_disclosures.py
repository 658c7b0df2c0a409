"""What of a record went to somebody outside, as the client may ask for it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from sessions.models import Disclosure
from tests import cast as people
from tests.asking import done, refused, sql
from tests.cast import PERSON, Cast

PATH = "disclosures/"
WHAT = {
    "recipient": "County court, 1 Main Street, Denver",
    "purpose": "Subpoena of 2026-04-20",
    "what": "Dosing records of April",
    "disclosed_on": "2026-05-01",
}


@pytest.fixture
def client(cast: Cast) -> Any:
    return people.client(cast.north, by=cast.frontdesk)


def test_a_disclosure_says_what_went_to_whom_and_why_and_is_voided_with_a_reason(
    cast: Cast, client: Any
) -> None:
    desk = cast.desk("np")
    made = done(desk.post(PATH, WHAT | {"client": str(client.pk)}), 201)
    assert {name: made[name] for name in WHAT} == WHAT
    assert (made["voided"], made["allowed_moves"]) == (None, ["void"])
    path = f"{PATH}{made['id']}"
    voided = done(desk.post(f"{path}/void/", {"reason": "It was never sent"}), 200)
    assert (voided["voided"]["reason"], voided["allowed_moves"]) == ("It was never sent", [])
    refused(desk.post(f"{path}/void/", {"reason": "Once more"}), 409, "already_void")
    refused(desk.post(f"{path}/void/", {}), 400, "required", "/reason")
    log = cast.desk("director").get(f"clients/{client.pk}/access-log/", object_type="disclosure").json()
    assert [row["action"] for row in log["results"]] == ["disclosure.void", "disclosure.create"]


def test_a_day_to_come_and_somebody_elses_client_are_refused(cast: Cast, client: Any) -> None:
    body = WHAT | {"client": str(client.pk)}
    for who, change, pointer, code in (
        ("np", {"disclosed_on": "2026-05-05"}, "/disclosed_on", "in_the_future"),
        ("np", {"recipient": " "}, "/recipient", "blank"),
        ("np", {"clients": []}, "/clients", "unknown_field"),
        ("south_np", {}, "/client", "not_found"),
    ):
        refused(cast.desk(who).post(PATH, body | change), 400, code, pointer)
    assert not Disclosure.objects.exists()


def test_only_clinicians_of_the_clients_places_read_them_at_a_constant_cost(cast: Cast, client: Any) -> None:
    desk = cast.desk("prescriber")
    for many in (1, 50):
        while Disclosure.objects.count() < many:
            desk.must(PATH, WHAT | {"client": str(client.pk)})
        with CaptureQueriesContext(connection) as queries:
            found = done(
                desk.get(PATH, **{"client": str(client.pk), "from": "2026-05-01", "page_size": "200"}), 200
            )
        assert (found["count"], len(queries)) == (many, 3)
    for role, name in PERSON.items():
        may = role in {"nurse_practitioner", "therapist", "prescriber", "medical_director"}
        answer = cast.desk(name).get(PATH)
        assert answer.status_code == (200 if may else 403), name
        assert ("subpoena" in answer.content.decode().lower()) is may
    assert done(cast.desk("south_np").get(PATH), 200)["results"] == []


def test_the_database_changes_no_disclosure(cast: Cast, client: Any) -> None:
    cast.desk("np").must(PATH, WHAT | {"client": str(client.pk)})
    for statement in (
        "UPDATE clinic_sessions_disclosure SET what = 'x'",
        "DELETE FROM clinic_sessions_disclosure",
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            sql(statement)
