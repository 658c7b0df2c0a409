"""``python -m tests.bench.idle``: what a pass of the sweep costs when nothing is due, however many rows are there.

The rows of `make bench` are swept until a pass finds nothing to do; the passes after that are measured, step by step.
On the way there: how many obligations are placed a minute, and how many events are sealed a second, by one process.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import defaultdict
from typing import Any

from tests.simulation.running import servers

SETTLE, PASSES, SHOWN = 30, 5, 8
EVENTS = 20_000  # that wait for their seal
# As many acts as one of the clinic's, of the same second; a key of its own each, in order.
ACTS = """
INSERT INTO trail_auditevent
SELECT (jsonb_populate_record(t, jsonb_build_object('id', uuidv7()))).*
FROM trail_auditevent t, generate_series(1, {count})
WHERE t.id = (SELECT id FROM trail_auditevent ORDER BY id DESC LIMIT 1)
"""
# What is ahead was booked over the year before, each with the history of that. A pass asks for what was saved lately.
BOOKED = """
UPDATE clinic_sessions_session SET created_at = moment, updated_at = moment
FROM (SELECT id AS pk, now() - mod(row_number() OVER (ORDER BY id), 365) * interval '1 day' AS moment
      FROM clinic_sessions_session WHERE status = 'scheduled' AND starts_at > now()) booked
WHERE id = pk
"""
HISTORY = """
INSERT INTO clinic_sessions_historicalsession ({columns}, history_date, history_type)
SELECT {columns}, updated_at, '+' FROM clinic_sessions_session WHERE status = 'scheduled' AND starts_at > now()
"""
# Every third client pays alone, and was handed an estimate of all that is to come.
ALONE = """
INSERT INTO billing_coverage (id, created_at, created_by, updated_at, version, client_id, intent, valid_from,
    member_id, group_number, relationship, subscriber, void_reason)
SELECT uuidv7(), created_at, created_by, updated_at, 1, id, 'uninsured', '2020-01-01', '', '', 'self', '{}', ''
FROM (SELECT *, row_number() OVER (ORDER BY id) AS nth FROM practice_client) c WHERE mod(nth, 3) = 0
"""
TOLD = """
WITH told AS (
    INSERT INTO billing_estimate (id, created_at, created_by, number, client_id, location_id, locations, scheduled_at,
        service_on, from_date, to_date, due_on, diagnoses, separately, edition)
    SELECT uuidv7(), created_at, created_by, 'G-2020-' || lpad((row_number() OVER ())::text, 6, '0'), client_id,
        places[1], places, created_at, '2020-02-01', '2020-01-01', '2099-12-31', '2020-01-10', '{}', '{}', 1
    FROM (SELECT v.*, c.locations AS places FROM billing_coverage v JOIN practice_client c ON c.id = v.client_id) owed
    RETURNING id, created_at, created_by)
INSERT INTO billing_estimateissue (id, created_at, created_by, estimate_id, issued_on, delivered_at, method, late,
    warnings, content, pdf, sha256)
SELECT uuidv7(), created_at, created_by, id, '2020-01-09', created_at, 'paper', false, '[]', '{}', '',
    encode(sha256(''), 'hex') FROM told
"""


def lived_in(cursor: Any) -> None:
    """Rows that speak for what a pass asks about; `cursor` is a superuser's, past triggers."""
    from sessions.booking.models import Session

    columns = ", ".join(field.column for field in Session.history.model.tracked_fields)
    for statement in (BOOKED, HISTORY.format(columns=columns), ALONE, TOLD):
        cursor.execute(statement)
    cursor.execute("VACUUM ANALYZE")


def swept() -> tuple[dict[str, float], dict[str, int | str]]:
    """Each step's seconds and what it did, one after the other as `manage.py sweep` has them."""
    from kapclinic.core import clock, scope
    from sessions.sweep.steps import all_steps

    took: dict[str, float] = {}
    done: dict[str, int | str] = {}
    with scope.named("worker"):
        for step in all_steps().values():
            began = time.perf_counter()
            done[step.name] = step.work(at=clock.now())
            took[step.name] = time.perf_counter() - began
    return took, done


def settle() -> None:
    """Sweep until a pass does no more than the one before: what stands, such as the law of today, is told each time."""
    before: dict[str, int | str] | None = None
    for number in range(SETTLE):
        took, done = swept()
        busy = {name: count for name, count in done.items() if count}
        sys.stdout.write(f"pass {number}: {sum(took.values()):.2f} s, {busy}\n")
        sys.stdout.flush()
        if not number:
            placed, sealed = (float(done[name]) / took[name] for name in ("obligations", "seals"))
            sys.stdout.write(
                f"{60 * placed:,.0f} obligations placed a minute, {sealed:,.0f} events sealed a second\n"
            )
        if busy == before:
            return
        before = busy


def idle(run: Any, *, scale: float) -> float:
    """Seed, settle, measure; the median pass in seconds."""
    from django.db import connection

    from kapclinic.core import clock
    from kapclinic.practice.models import SYSTEM
    from kapclinic.trail.services import log_act
    from tests.bench import clinic, seed

    size, database = seed.Size.of(scale), connection.settings_dict["NAME"]
    group = clinic.build(places=size.places, watched=size.watched)
    with run.servers.admin(database) as admin, admin.cursor() as cursor:
        seed.fill(cursor, group, size)
        log_act(by=SYSTEM.pk, roles=[], action="client.retrieve", object_type="client", at=clock.now())
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(ACTS.format(count=EVENTS))
        lived_in(cursor)
    settle()
    passes = [swept()[0] for _ in range(PASSES)]
    steps = defaultdict(list)
    for took in passes:
        for name, seconds in took.items():
            steps[name].append(seconds)
    slow = sorted(((statistics.median(found), name) for name, found in steps.items()), reverse=True)
    whole = statistics.median(sum(took.values()) for took in passes)
    told = ", ".join(f"{name} {seconds * 1000:.0f} ms" for seconds, name in slow[:SHOWN])
    sys.stdout.write(
        f"{size.sessions:,} sessions, {size.readings:,} readings, {size.clients:,} clients: a pass with nothing due takes"
        f" {whole:.2f} s, of which {told}\n"
    )
    return whole


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.bench.idle")
    asked.add_argument("--scale", type=float, default=1.0, help="1 is 50,000 sessions")
    args = asked.parse_args()
    with servers() as running, running.fresh():
        idle(running.run, scale=args.scale)


if __name__ == "__main__":
    main()
