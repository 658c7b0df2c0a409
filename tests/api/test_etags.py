"""Editing with If-Match: every editable object has an ETag, and nobody overwrites what they have not read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from kapclinic.trail.management.commands.permissions_matrix import entries
from screening import services as screening
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.sessions.booking.desk import TUESDAY, body


@dataclass(frozen=True)
class Editable:
    """An address with a row, somebody who may edit it, and a change."""

    path: str
    who: str
    change: dict[str, Any]


def _location(cast: Cast) -> Editable:
    return Editable(f"locations/{cast.north.pk}/", "admin", {"phone": "303-555-0999"})


def _room(cast: Cast) -> Editable:
    return Editable(f"rooms/{cast.aspen.pk}/", "admin", {"turnover_min": 10})


def _staff(cast: Cast) -> Editable:
    return Editable(f"staff/{cast.np.pk}/", "admin", {"credentials": "DNP"})


def _client(cast: Cast) -> Editable:
    return Editable(
        f"clients/{people.client(cast.north, by=cast.frontdesk).pk}/", "frontdesk", {"pronouns": "they"}
    )


def _program(cast: Cast) -> Editable:
    return Editable(f"programs/{people.opened_program(cast).pk}/", "therapist", {"goals": "Sleep"})


def _session(cast: Cast) -> Editable:
    session = cast.desk("frontdesk").must("sessions/", body(cast, people.opened_program(cast)))
    return Editable(f"sessions/{session['id']}/", "np", {"weight_kg": "70.00"})


def _medication(cast: Cast) -> Editable:
    values = {"client": people.client(cast.north, by=cast.frontdesk).pk, "text": "sertraline 50 mg"}
    row = screening.record_medication(values=values, by=cast.np, at=MONDAY)
    return Editable(f"medications/{row.pk}/", "prescriber", {"review": "Looked at with the client."})


def _screening(cast: Cast) -> Editable:
    values = {
        "program": people.opened_program(cast).pk,
        "answers": {},
        "blood_pressures": [],
        "medications": [],
    }
    row = screening.create_screening(values=values, by=cast.np, at=MONDAY)
    return Editable(f"screenings/{row.pk}/", "np", {"answers": {}})


def _note(cast: Cast) -> Editable:
    booking = body(cast, people.opened_program(cast), start=TUESDAY + timedelta(hours=3))
    session = cast.desk("frontdesk").must("sessions/", booking)
    wanted = {"session": session["id"], "kind": "preparation", "frame": "free", "sections": {"text": "Met."}}
    note = cast.desk("therapist").must("notes/", wanted)
    return Editable(f"notes/{note['id']}/", "therapist", {"sections": {"text": "Met and talked."}})


MAKERS = [_location, _room, _staff, _client, _program, _session, _medication, _screening, _note]
each = pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__.strip("_"))
Make = Callable[[Cast], Editable]


def _version(cast: Cast, row: Editable) -> tuple[int, str]:
    answer = cast.desk(row.who).get(row.path)
    return answer.json()["version"], answer.headers["ETag"]


@each
def test_a_read_gives_the_tag_of_its_version(cast: Cast, make: Make) -> None:
    version, tag = _version(cast, make(cast))
    assert tag == f'"{version}"'


@each
def test_a_change_on_the_present_version_raises_it(cast: Cast, make: Make) -> None:
    row = make(cast)
    version, tag = _version(cast, row)
    answer = cast.desk(row.who).patch(row.path, row.change, match=tag)
    assert answer.status_code == 200, answer.content
    assert answer.json()["version"] > version
    assert answer.headers["ETag"] == f'"{answer.json()["version"]}"'
    assert _version(cast, row) == (answer.json()["version"], answer.headers["ETag"])


@each
def test_without_if_match_nothing_changes(cast: Cast, make: Make) -> None:
    row = make(cast)
    before = cast.desk(row.who).get(row.path).json()
    answer = cast.desk(row.who).client.patch(f"/api/v1/{row.path}", row.change, format="json")
    assert (answer.status_code, answer.json()["code"]) == (428, "precondition_required")
    assert cast.desk(row.who).get(row.path).json() == before


@each
def test_a_change_on_an_old_version_is_refused(cast: Cast, make: Make) -> None:
    row = make(cast)
    _, old = _version(cast, row)
    assert cast.desk(row.who).patch(row.path, row.change, match=old).status_code == 200
    before = cast.desk(row.who).get(row.path).json()
    answer = cast.desk(row.who).patch(row.path, row.change, match=old)
    assert (answer.status_code, answer.json()["code"]) == (412, "stale")
    assert answer.json()["version"] == before["version"]
    assert cast.desk(row.who).get(row.path).json() == before


@each
def test_an_edit_of_a_field_nobody_knows_is_refused(cast: Cast, make: Make) -> None:
    row = make(cast)
    before = cast.desk(row.who).get(row.path).json()
    for field in ("id", "version", "created_at", "flavour"):
        answer = cast.desk(row.who).patch(row.path, {field: "x"})
        assert answer.status_code == 400, field
        assert answer.json()["errors"][0]["pointer"] == f"/{field}"
    assert cast.desk(row.who).get(row.path).json() == before


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ('"1"', 200),
        ('W/"1"', 200),
        ('"7", "1"', 200),
        ("*", 200),
        ("1", 412),
        ('"01"', 412),
        ('""', 412),
        ("mint", 412),
    ],
)
def test_if_match_is_read_as_http_says(cast: Cast, tag: str, status: int) -> None:
    row = _client(cast)
    assert cast.desk("frontdesk").patch(row.path, row.change, match=tag).status_code == status


def test_no_address_that_edits_is_forgotten(cast: Cast) -> None:
    edited = {make(cast).path.split("/")[0] for make in MAKERS}
    patched = {entry.route.split("/")[0] for entry in entries() if entry.method == "PATCH"}
    # billing, reminders, phrases and the psychotherapy notes have tests of their own
    assert patched - edited <= {
        "fees",
        "packages",
        "service-codes",
        "psychotherapy-notes",
        "phrases",
        "coverages",
        "payers",
        "necessity-letters",
        "sliding-scales",
        "fee-agreements",
        "reminder-plans",
    }
