"""A real standby, made by `pg_basebackup` of the tests' own server: fresh, behind, too old and away."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from kapclinic.core import clock, standby
from kapclinic.local.ports import free_port, wait_until
from kapclinic.local.servers import with_path
from kapclinic.local.testrun import TestRun
from kapclinic.trail.http import REPLICA_AGE
from kapclinic.trail.models import AuditEvent
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.faults.standby import Standby
from tests.second import replica

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def follower(test_run: TestRun, db: None) -> Iterator[Standby]:
    """The replica of the settings is a standby that has just been made."""
    parent = test_run.place.folder(test_run.place.data / "private")
    base = test_run.place.folder(parent / f"{os.getpid()}-standby")
    place = replace(test_run.place, base=base)
    place.folder(place.data)
    name = connections.settings["default"]["NAME"]
    server = Standby(
        place=place, port=free_port(), passwords={}, primary=with_path(test_run.servers.superuser, name)
    )
    try:
        server.begin()
        with replica(PORT=server.port, CONN_MAX_AGE=0):
            yield server
    finally:
        server.kill()
        shutil.rmtree(Path(base), ignore_errors=True)


def log_of(cast: Cast, client: Any) -> tuple[list[str], str | None]:
    """The acts that the access log tells of, newest first, and the age that the answer has."""
    answer = cast.desk("director").get(f"clients/{client.pk}/access-log/")
    assert answer.status_code == 200, answer.content
    return [row["action"] for row in answer.json()["results"]], answer.headers.get(REPLICA_AGE)


def test_reports_come_from_a_standby_while_it_is_fresh(follower: Standby, cast: Cast, settings: Any) -> None:
    settings.REPLICA_MAX_AGE_SECONDS = 3600
    session = people.ready_dose(cast)
    client = session.client
    cast.desk("np").get(f"clients/{client.pk}/")
    follower.catch_up()
    acts, age = log_of(cast, client)
    assert acts[0] == "client.retrieve"
    assert age is not None
    assert 0 <= int(age) < 60

    # The read was logged where it can be written, and is there for the next one.
    assert AuditEvent.objects.filter(action="client.access_log").count() == 1

    # Past days come from there, today does not.
    desk = cast.desk("frontdesk")
    with clock.fixed(MONDAY + timedelta(days=2)):
        follower.catch_up()
        there = desk.get("sessions/", date="2026-05-04")
        assert REPLICA_AGE in there.headers
        settings.REPLICA_MAX_AGE_SECONDS = -1
        here = desk.get("sessions/", date="2026-05-04")
        settings.REPLICA_MAX_AGE_SECONDS = 3600
        assert REPLICA_AGE not in here.headers
        assert there.json() == here.json()
        assert [row["id"] for row in there.json()["results"]][:1] == [str(session.pk)]
        assert REPLICA_AGE not in desk.get("sessions/", date="2026-05-06").headers
        assert REPLICA_AGE not in desk.get("sessions/").headers
        papers = cast.desk("billing").get("superbills/", to_date="2026-05-01")
        assert (papers.status_code, REPLICA_AGE in papers.headers) == (200, True)

    # One that stands still tells what it has, with an age; too old, and the primary is asked.
    follower.ask("SELECT pg_wal_replay_pause()")
    assert wait_until(
        lambda: follower.ask("SELECT pg_get_wal_replay_pause_state()")[0] == "paused", seconds=10
    )
    cast.desk("therapist").get(f"clients/{client.pk}/")
    newest = AuditEvent.objects.filter(action="client.retrieve").latest("created_at", "id")
    assert newest.created_by == cast.therapist.pk
    behind, age = log_of(cast, client)
    assert age is not None
    settings.REPLICA_MAX_AGE_SECONDS = -1
    whole, age = log_of(cast, client)
    assert age is None
    assert len(whole) >= len(behind) + 2

    # Away: the primary, at once, and it is not asked again for a while.
    settings.REPLICA_MAX_AGE_SECONDS = 3600
    follower.kill()
    _, age = log_of(cast, client)
    assert age is None
    assert standby._Away.until > 0
