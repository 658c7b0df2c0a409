"""A look is not an act: how a preview is asked for, and what its key keeps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kapclinic.trail.models import AuditEvent, IdempotencyRecord
from sessions.booking.models import Session
from tests import cast as people
from tests.cast import Cast
from tests.journeys.steps import moment
from tests.sessions.booking import desk
from tests.sessions.booking.desk import TUESDAY

HOUR = timedelta(hours=1)
LATER = {
    "starts_at": moment(TUESDAY + 4 * HOUR),
    "ends_at": moment(TUESDAY + 5 * HOUR),
    "reason": "Asked",
}


@pytest.fixture
def session(cast: Cast) -> Session:
    (program,) = desk.programs_of(cast, 1)
    return people.booked(cast, program, "preparation", TUESDAY)


def _move(cast: Cast, session: Session, query: str, **more: Any) -> Any:
    return cast.desk("frontdesk").post(f"sessions/{session.pk}/reschedule/{query}", LATER, **more)


@pytest.mark.parametrize("query", ["?preview=1", "?preview=true"])
def test_a_preview_moves_nothing_however_it_is_asked_for(cast: Cast, session: Session, query: str) -> None:
    before = desk.book_of_sessions()
    answer = _move(cast, session, query)
    assert (answer.status_code, answer.json()["possible"]) == (200, True)
    assert desk.book_of_sessions() == before
    assert AuditEvent.objects.get(action="session.reschedule").detail == {"preview": True}


@pytest.mark.parametrize("query", ["?preview=0", "?preview=false", ""])
def test_whoever_wants_no_preview_moves_the_session(cast: Cast, session: Session, query: str) -> None:
    assert _move(cast, session, query).status_code == 200
    session.refresh_from_db()
    assert session.starts_at == TUESDAY + 4 * HOUR


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("?preview=yes", "/preview", "invalid"),
        ("?preview=", "/preview", "invalid"),
        ("?preview=1&preview=0", "/preview", "repeated"),
        ("?previev=1", "/previev", "unknown_parameter"),
        ("?page=1", "/page", "unknown_parameter"),
    ],
)
def test_a_misspelt_preview_is_refused_and_moves_nothing(
    cast: Cast, session: Session, query: str, field: str, code: str
) -> None:
    before = desk.book_of_sessions()
    answer = _move(cast, session, query)
    assert answer.status_code == 400, answer.content
    assert desk.codes(answer) == {(field, code)}
    assert desk.book_of_sessions() == before


@pytest.mark.parametrize("method", ["post", "patch", "delete", "get"])
def test_a_parameter_that_nobody_reads_is_refused_on_every_method(
    cast: Cast, session: Session, method: str
) -> None:
    path = {"post": f"sessions/{session.pk}/cancel/", "delete": f"session-holds/{session.pk}/"}
    address = f"/api/v1/{path.get(method, f'sessions/{session.pk}/')}?dry_run=1"
    answer = getattr(cast.desk("frontdesk").client, method)(address)
    assert answer.status_code == 400, answer.content
    assert desk.codes(answer) == {("/dry_run", "unknown_parameter")}
    session.refresh_from_db()
    assert session.version == 1


def test_the_key_of_a_preview_still_moves_the_session(cast: Cast, session: Session) -> None:
    assert _move(cast, session, "?preview=1", key="k").json()["possible"] is True
    assert not IdempotencyRecord.objects.exists()
    moved = _move(cast, session, "", key="k")
    assert (moved.status_code, moved.json()["starts_at"]) == (200, LATER["starts_at"])
    assert "Idempotency-Replayed" not in moved.headers
    looked = _move(cast, session, "?preview=1", key="k")
    assert "possible" in looked.json()
    assert _move(cast, session, "", key="k").headers["Idempotency-Replayed"] == "true"


def test_a_key_with_another_query_is_another_request(cast: Cast, session: Session) -> None:
    assert _move(cast, session, "", key="k").status_code == 200
    answer = _move(cast, session, "?preview=0", key="k")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize("path", ["availability/next/", "programs/{program}/plan/"])
def test_what_has_no_pages_takes_no_page(cast: Cast, session: Session, path: str) -> None:
    query = {"page": "2", "page_size": "1"}
    if path.startswith("avail"):
        query |= {"kind": "preparation", "program": str(session.program_id)}
    answer = cast.desk("frontdesk").get(path.replace("{program}", str(session.program_id)), **query)
    assert answer.status_code == 400
    assert desk.codes(answer) == {("/page", "unknown_parameter"), ("/page_size", "unknown_parameter")}
