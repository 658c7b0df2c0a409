"""A session that looks as it did in the last pass is not worked out again; one that changed in anything is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from kapclinic.practice.models import ClientAlias
from kapclinic.trail.models import Outbox, Task
from sessions.booking.models import Session
from sessions.reminders import rules, selectors, services
from sessions.reminders.models import ReminderLook
from sessions.reminders.services import offered, save_plan, sweep_reminders
from sessions.sweep.steps import send_messages
from tests.cast import MONDAY, Cast
from tests.sessions.reminders.telling import HOUR, booked, cancel, course, move, reachable, tell

START = MONDAY + 30 * HOUR


@pytest.fixture
def session(cast: Cast) -> Session:
    """In the book, and told of."""
    found = booked(cast, course(cast), START)
    tell(MONDAY)
    settle(MONDAY)
    return found


def unseen(at: datetime) -> set[UUID]:
    """The sessions that the next pass works out again."""
    ids = list(Session.objects.values_list("pk", flat=True))
    return set(selectors.unseen(ids, ways=offered(), at=at))


def settle(at: datetime) -> None:
    """Passes until one has nothing to do: what a pass writes is other for the next."""
    for _ in range(3):
        sweep_reminders(at=at)
    assert unseen(at) == set()


def written() -> list[dict[str, Any]]:
    left_out = ("id", "created_at")
    rows = Outbox.objects.order_by("key").values()
    return [{k: v for k, v in row.items() if k not in left_out} for row in rows]


def anew(at: datetime) -> list[dict[str, Any]]:
    """What a pass leaves that works every session out, whatever was seen of it."""
    ReminderLook.objects.all().delete()
    sweep_reminders(at=at)
    return written()


def consent(cast: Cast, session: Session) -> None:
    client = session.client
    client.communication_consent = {"email": False}
    client.save_by(cast.frontdesk, at=MONDAY)


def zone(cast: Cast, session: Session) -> None:
    session.client.time_zone = "Pacific/Honolulu"
    session.client.save_by(cast.frontdesk, at=MONDAY)


def moved_clinic(cast: Cast, session: Session) -> None:
    session.location.time_zone = "Pacific/Honolulu"
    session.location.save_by(cast.admin, at=MONDAY)


def plan(cast: Cast, session: Session) -> None:
    made = selectors.plans_of([session.location])[session.location_id]
    save_plan(plan=made, values={"hours_before": [5], "quiet_from": time(22)}, by=cast.admin, at=MONDAY)


def same_person(cast: Cast, session: Session) -> None:
    main = reachable(cast, first="Robyn", email="robyn@example.test", time_zone="Pacific/Honolulu")
    ClientAlias(client=session.client, into=main, reason="One person").save_by(cast.admin, at=MONDAY)


def later(cast: Cast, session: Session) -> None:
    move(cast, session, START + 3 * HOUR)


CHANGES: tuple[Callable[[Cast, Session], None], ...] = (
    consent,
    zone,
    moved_clinic,
    plan,
    same_person,
    later,
    cancel,
)


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_its_messages_hang_on_lets_it_be_looked_at_again(
    cast: Cast, session: Session, change: Callable[[Cast, Session], None]
) -> None:
    with clock.fixed(MONDAY + HOUR):
        change(cast, session)
    assert unseen(MONDAY + HOUR) == {session.pk}
    for hour in range(1, 32):
        at = MONDAY + hour * HOUR
        sweep_reminders(at=at)
        before, calls = written(), Task.objects.filter(kind="client_untold").count()
        assert before == anew(at)
        assert calls == Task.objects.filter(kind="client_untold").count()
        with clock.fixed(at):
            send_messages(at=at)


def test_a_message_that_left_is_seen(cast: Cast, session: Session) -> None:
    Outbox.objects.filter(status="pending").update(status="dead")
    assert unseen(MONDAY) == {session.pk}


def test_another_way_to_send_is_seen(cast: Cast, session: Session, settings: Any) -> None:
    settings.SMS_WEBHOOK_URL, settings.SMS_WEBHOOK_SECRET = "http://127.0.0.1:9/sms", "between us"
    assert unseen(MONDAY) == {session.pk}


def test_nothing_is_worked_out_while_nothing_changes(cast: Cast, session: Session) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert sweep_reminders(at=MONDAY) == 0
    assert not any(
        '"starts_at" AS' in query["sql"] and "historicalsession" in query["sql"] for query in asked
    )
    assert len(asked) <= 7
    first = min(rules.LOOK_AGAIN, *(row.look_at - MONDAY for row in ReminderLook.objects.all()))
    assert unseen(MONDAY + first - timedelta(seconds=1)) == set()
    assert unseen(MONDAY + first) == {session.pk}


def test_looks_of_sessions_that_are_over_go(cast: Cast, session: Session) -> None:
    booked(cast, session.program, START + 150 * HOUR)
    at = START + 100 * HOUR
    sweep_reminders(at=at)
    assert not ReminderLook.objects.filter(pk=session.pk).exists()


def test_a_session_that_fails_keeps_no_other_waiting(
    cast: Cast, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [booked(cast, session.program, START + 150 * HOUR + n * 24 * HOUR) for n in range(2)]
    bad, right = others[0], rules.messages_of

    def messages_of(of: Session, *args: Any, **more: Any) -> Any:
        if of.pk == bad.pk:
            raise ValueError
        return right(of, *args, **more)

    with monkeypatch.context() as patched:
        patched.setattr(rules, "messages_of", messages_of)
        patched.setattr(services, "BATCH", 2)
        with pytest.raises(ValueError, match=r"^$"):
            sweep_reminders(at=MONDAY)
    assert unseen(MONDAY) >= {bad.pk}
    assert Outbox.objects.filter(subject_id=others[1].pk).exists()
    assert not Outbox.objects.filter(subject_id=bad.pk).exists()
    settle(MONDAY)
    assert Outbox.objects.filter(subject_id=bad.pk).exists()
