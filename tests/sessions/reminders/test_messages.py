"""What leaves the house is listed without its words: for the administrator and the director of the place."""

from __future__ import annotations

import pytest

from kapclinic.trail.models import AuditEvent, Outbox
from kapclinic.trail.services import queue_message
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.sessions.reminders.telling import HOUR, booked, course, tell

SHOWN = {
    "id",
    "created_at",
    "template",
    "channel",
    "recipient_kind",
    "recipient",
    "subject",
    "status",
    "attempts",
    "next_at",
    "sent_at",
    "allowed_moves",
}


@pytest.fixture
def dead(cast: Cast) -> Outbox:
    """A reminder that could not be sent."""
    booked(cast, course(cast), MONDAY + 30 * HOUR)
    tell(MONDAY)
    row = Outbox.objects.get(status="sent")
    row.status, row.attempts, row.sent_at = Outbox.Status.DEAD, 8, None
    row.save()
    return row


@pytest.mark.parametrize("who", ["admin", "director"])
def test_dead_letters_are_seen_without_text_and_address(cast: Cast, dead: Outbox, who: str) -> None:
    answer = cast.desk(who).get("messages/", status="dead")
    (row,) = answer.json()["results"]
    assert set(row) == SHOWN
    assert (row["id"], row["attempts"], row["recipient"]) == (str(dead.pk), 8, str(dead.recipient))
    for secret in ("robin", "303-555", "appointment", "preparation"):
        assert secret not in answer.content.decode().lower()
    assert cast.desk(who).get(f"messages/{dead.pk}/").json() == row
    assert cast.desk(who).get("messages/").json()["count"] == 2
    assert AuditEvent.objects.filter(action="message.list", clients=[dead.recipient]).exists()


@pytest.mark.parametrize("who", ["frontdesk", "np", "therapist", "prescriber", "billing"])
def test_nobody_else_sees_or_retries_them(cast: Cast, dead: Outbox, who: str) -> None:
    assert cast.desk(who).get("messages/").status_code == 403
    assert cast.desk(who).post(f"messages/{dead.pk}/retry/").status_code == 403
    dead.refresh_from_db()
    assert dead.status == "dead"


def test_messages_of_another_place_are_not_there(cast: Cast, dead: Outbox) -> None:
    south = people.staff("south_admin", ["admin"], cast.south)
    cast.people["south_admin"] = south
    queue_message(key="notice", template="worklist", recipient=cast.south_np.pk, at=MONDAY)
    (row,) = cast.desk("south_admin").get("messages/").json()["results"]
    assert row["recipient"] == str(cast.south_np.pk)
    assert cast.desk("south_admin").get(f"messages/{dead.pk}/").status_code == 404
    assert cast.desk("south_admin").post(f"messages/{dead.pk}/retry/").status_code == 404
    assert cast.desk("admin").get(f"messages/{row['id']}/").status_code == 404


def test_only_a_dead_message_is_retried(cast: Cast, dead: Outbox) -> None:
    assert cast.desk("admin").must(f"messages/{dead.pk}/retry/")["allowed_moves"] == []
    again = cast.desk("admin").post(f"messages/{dead.pk}/retry/")
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    dead.refresh_from_db()
    assert (dead.status, dead.attempts, dead.next_at) == ("pending", 0, MONDAY)
    assert tell(MONDAY) == 1


def test_a_retried_message_of_days_ago_is_still_sent(cast: Cast) -> None:
    from kapclinic.core import clock

    booked(cast, course(cast), MONDAY + 300 * HOUR)
    tell(MONDAY)
    Outbox.objects.update(status="dead", attempts=8, sent_at=None)
    row = Outbox.objects.get()
    with clock.fixed(MONDAY + 96 * HOUR):
        tell(MONDAY + 96 * HOUR)
        cast.desk("admin").must(f"messages/{row.pk}/retry/")
        assert tell(MONDAY + 96 * HOUR) == 1


@pytest.mark.parametrize("field", ["status", "channel", "recipient_kind"])
def test_the_database_knows_the_words(cast: Cast, dead: Outbox, field: str) -> None:
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError, match=f"outbox_{field}"), transaction.atomic():
        Outbox.objects.filter(pk=dead.pk).update(**{field: "fax"})
