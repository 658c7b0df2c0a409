"""A list writes what its rows' POSTs would have written, each by itself; and many rows cost few statements."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from screening.models import Measure
from sessions.imports.services import rows as importing
from sessions.imports.tasks import work_on_import
from tests import cast as people
from tests.asking import done, refused, sql
from tests.cast import MONDAY, Cast
from tests.sessions.booking import desk as booking
from tests.sessions.imports.lists import brought_in, cells, send, table, worked
from tests.sessions.imports.test_imports import appointment, measure

WRITTEN = (
    "screening_measure",
    "screening_safetyalert",
    "screening_historicalsafetyalert",
    "screening_suspendingfact",
    "trail_task",
    "trail_historicaltask",
    "trail_outbox",
    "clinic_sessions_session",
    "clinic_sessions_historicalsession",
    "clinic_sessions_allocation",
    "clinic_sessions_waitlistentry",
    "clinic_sessions_historicalwaitlistentry",
)
# Keys of new rows, and who did it: an administrator here, the desk there.
OF_ITS_OWN = {
    *(
        "id",
        "history_id",
        "session_id",
        "measure_id",
        "subject_id",
        "key",
        "object_id",
        "for_dose_id",
        "filled_by_id",
    ),
    *("created_by", "history_user_id", "done_by"),
}
MOST_A_ROW = 0.1  # statements


class _Undo(Exception):
    pass


def written(act: Callable[[], object]) -> dict[str, list[str]]:
    """What the tables hold after the act, row by row in one order; the act is undone."""
    found = {}
    try:
        with transaction.atomic():
            act()
            for name in WRITTEN:
                rows = [json.loads(row) for (row,) in sql(f"SELECT to_jsonb(t)::text FROM {name} t")]
                plain = [{key: row[key] for key in row if key not in OF_ITS_OWN} for row in rows]
                found[name] = sorted(json.dumps(row, sort_keys=True) for row in plain)
            raise _Undo
    except _Undo:
        return found


def _signed_in(cast: Cast, *names: str) -> None:
    """Tokens that outlast what is undone."""
    for name in names:
        done(cast.desk(name).get("auth/me/"), 200)


def _posts(cast: Cast, path: str, bodies: Sequence[Mapping[str, Any]], who: str) -> Callable[[], object]:
    return lambda: [done(cast.desk(who).post(path, body), 201) for body in bodies]


def test_a_list_of_measures_writes_what_single_posts_write(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "AT_ONCE", 4)  # so that some rows are read for beside what others wrote
    mine, other = booking.programs_of(cast, 2)
    twin = people.client(cast.north, by=cast.frontdesk, first="Robyn")
    again = people.opened_program(cast, protocol=mine.protocol, who=twin)
    cast.desk("therapist").must(f"programs/{again.pk}/discontinue/", {"reason": "Moved away"})
    same = {"into": str(mine.client_id), "reason": "the same person, registered twice"}
    cast.desk("director").must(f"clients/{twin.pk}/merge/", same)
    filled = [  # in no order of time, of two registrations of one person and of somebody else
        (mine, "PHQ-9", "1;1;1;1;1;1;1;1;0", "2026-04-01"),
        (again, "PHQ-9", "3;3;3;3;3;3;3;3;0", "2026-04-20"),  # worse than the one before
        (mine, "PHQ-9", "2;2;2;2;2;2;2;2;0", "2026-04-10"),
        (other, "PHQ-9", "3;3;3;3;3;3;3;3;0", "2026-04-12"),
        (other, "PHQ-9", "0;0;0;0;0;0;0;0;0", "2026-04-02"),  # late: the one after it was worse
        (other, "PHQ-9", "0;0;0;0;0;0;0;0;", "2026-04-03"),
        (mine, "PHQ-9", "1;1;1;1;1;1;1;1;3", "2026-04-22"),  # danger
        (mine, "GAD-7", "1;1;1;1;1;1;1", "2026-04-22"),
        (again, "GAD-7", "3;3;3;3;3;3;3", "2026-04-23"),
        (other, "PHQ-9", "1;1;1;1;1;1;1;1;1", "2026-04-25"),
    ]
    rows = [
        measure(program, instrument=name, answers=answers, taken_at=f"{day}T15:00:00Z")
        for program, name, answers, day in filled
    ]
    bodies = [
        row | {"answers": [int(one) if one else None for one in str(row["answers"]).split(";")]}
        for row in rows
    ]
    _signed_in(cast, "admin", "therapist")
    by_list = written(lambda: brought_in(cast, "measures", table(rows)))
    by_posts = written(_posts(cast, "measures/", bodies, "therapist"))
    assert len(by_list["screening_measure"]) == len(rows)
    assert len(by_list["screening_safetyalert"]) >= 4
    assert by_list == by_posts


def test_a_list_of_appointments_writes_what_single_posts_write(cast: Cast) -> None:
    mine, other = booking.programs_of(cast, 2)
    waits = {
        "program": str(mine.pk),
        "kind": "preparation",
        "window_from": "2026-05-05T00:00:00Z",
        "window_to": "2026-05-20T00:00:00Z",
    }
    done(cast.desk("frontdesk").post("waitlist/", waits), 201)
    birch, therapist = str(cast.birch.pk), str(cast.therapist.pk)
    day = datetime.fromisoformat("2026-05-06T16:00:00+00:00")
    wanted = [
        (mine, "preparation", day, 60, {}),
        (mine, "preparation", day + timedelta(hours=1), 60, {}),  # back to back, and the next number
        (other, "medical", day, 30, {"room": birch}),
        (other, "dosing", day + timedelta(days=1), 180, {}),
        (other, "preparation", day + timedelta(days=7), 60, {}),
        (mine, "preparation", day + timedelta(days=7, hours=1), 60, {}),
    ]
    bodies, rows = [], []
    for program, kind, starts, minutes, more in wanted:
        body = booking.body(cast, program, kind, starts, minutes=minutes, **more)
        bodies.append(body)
        row = {name: value for name, value in body.items() if name != "staff"}
        for number, one in enumerate(body["staff"], 1):
            row |= {f"staff.{number}.user": one["user"], f"staff.{number}.role": one["role"]}
        rows.append(row)
    _signed_in(cast, "admin", "frontdesk")
    by_list = written(lambda: brought_in(cast, "appointments", table(rows)))
    by_posts = written(_posts(cast, "sessions/", bodies, "frontdesk"))
    assert len(by_list["clinic_sessions_session"]) > len(rows)  # with the slot that the dose holds
    assert '"filled"' in " ".join(by_list["clinic_sessions_waitlistentry"])
    assert by_list == by_posts
    # One that clashes with a row before it is refused by name, and nothing of the list stands.
    clash = [*rows[:2], rows[0] | {"program": str(other.pk), "room": birch, "staff.1.user": therapist}]
    row = worked(cast, send(cast, "appointments", table(clash), dry=True))
    assert cells(row) == [(4, "", "resource_conflict")]
    assert sql("SELECT count(*) FROM clinic_sessions_session") == [(0,)]


@pytest.mark.parametrize("kind", ["measures", "appointments"])
def test_many_rows_cost_few_statements(cast: Cast, kind: str) -> None:
    (program,) = booking.programs_of(cast, 1)

    def row(number: int) -> dict[str, Any]:
        if kind == "measures":
            return measure(program, taken_at=f"{MONDAY - timedelta(hours=1 + number):%Y-%m-%dT%H:%M:%SZ}")
        day, hour = divmod(number, 8)
        starts = datetime.fromisoformat("2026-05-06T15:00:00+00:00") + timedelta(days=day, hours=hour)
        ends = starts + timedelta(minutes=50)
        return appointment(cast, program, starts_at=f"{starts:%FT%TZ}", ends_at=f"{ends:%FT%TZ}")

    def asked(count: int) -> int:
        rows = [row(number) for number in range(count)]
        waiting = done(send(cast, kind, table(rows), dry=True), 202)
        with CaptureQueriesContext(connection) as seen:
            work_on_import(import_id=waiting["id"])
        assert done(cast.desk("admin").get(f"imports/{waiting['id']}/"), 200)["state"] == "done"
        return len(seen)

    few, many = 10, 210
    assert (asked(many) - asked(few)) / (many - few) < MOST_A_ROW


def test_what_the_database_refuses_is_told_of_its_own_row(cast: Cast) -> None:
    """A guard that no verb foresees: the row is named, and none comes in."""
    (program,) = booking.programs_of(cast, 1)
    rows = [measure(program, administered_by=name) for name in ("One", "Two", "Three")]
    inserted = Measure.insert_by

    def spoilt(self: Measure, by: Any, *, at: datetime) -> Measure:
        if self.administered_by == "Two":
            self.flags = ["x" * 50]
        return inserted(self, by, at=at)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Measure, "insert_by", spoilt)
        row = worked(cast, send(cast, "measures", table(rows)))
    assert (row["state"], cells(row)) == ("failed", [(3, "", "conflict")])
    assert not Measure.objects.exists()
    refused(
        cast.desk("admin").post(f"imports/{row['id']}/undo/", {"reason": "Nothing came"}),
        409,
        "illegal_transition",
    )
