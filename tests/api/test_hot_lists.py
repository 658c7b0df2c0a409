"""Lists by one statement: the same rows as the serializers make, for everybody, and an ETag that misses no change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from json import loads
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg.types.range import Range

from kapclinic.core import clock
from kapclinic.core.http.renderers import dumps
from kapclinic.core.ids import uuid7
from kapclinic.core.statements import StandIns, compiled
from kapclinic.practice.models import SYSTEM, Client, Location, User
from kapclinic.practice.rules import BOOKERS, CLINICIANS
from kapclinic.practice.selectors import LocalMidnight, MidnightAnywhere
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from kapclinic.trail.models import AuditEvent, Task
from sessions.booking.models import Allocation, MoveUndo, Session, Stage
from sessions.booking.rules import OVERRIDE_FROM
from sessions.dosing.models import Attestation
from sessions.integration.models import Obligation
from sessions.monitoring.models import Alarm, Reading
from sessions.sweep.steps import sweep
from sessions.visits.api.session_bodies import SessionOut, _moves
from tests import cast as people
from tests.asking import events
from tests.cast import MONDAY, Cast, later
from tests.replay import taped
from tests.sessions.monitoring.watching import take, void

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVERYBODY = ("director", "np", "therapist", "prescriber", "frontdesk", "billing", "admin", "both", "south_np")
ITEM_9 = {"instrument": "phq9", "answers": [0] * 8 + [2], "administered_by": "self"}


@pytest.fixture
def world(cast: Cast) -> Session:
    """A dose with all that may hang on it, sessions of every state at two places; returns the dose's session."""
    return begun(cast)


def begun(cast: Cast) -> Session:
    cast.people["both"] = people.staff("Both", ["front_desk", "therapist"], cast.north)
    return _world(cast)


@taped
def _world(cast: Cast) -> Session:
    dosed = people.dosed_session(cast)
    _readings(cast, dosed)
    cast.desk("therapist").must(
        "measures/", ITEM_9 | {"program": str(dosed.program_id), "taken_at": MONDAY.isoformat()}
    )
    alarm = Alarm.objects.filter(session=dosed).earliest("pk")
    cast.desk("np").must(f"alarms/{alarm.pk}/acknowledge/", {"action": "With the client"})
    cast.desk("therapist").must(
        f"sessions/{dosed.pk}/alarms/", {"trigger": "chest_pain", "note": "Says it hurts"}
    )
    for minutes in (16, 22, 60 * 50):
        sweep(at=later(minutes=minutes))
    cast.desk("frontdesk").must(f"sessions/{dosed.pk}/stage/", {"stage": "in_recovery"})
    _sessions(cast, dosed)
    _tasks(cast)
    _obligations(cast)
    return dosed


def _readings(cast: Cast, dosed: Session) -> None:
    bad = take(cast, dosed, 10, systolic=205)
    void(cast, dosed, bad, 11)
    take(cast, dosed, 16, heart_rate=None, not_obtainable=["heart_rate"], spo2=None, action_taken="Looked")
    take(cast, dosed, 30, systolic=165)


def _sessions(cast: Cast, dosed: Session) -> None:
    who = people.client(cast.north, by=cast.frontdesk, first="Kim", chosen_name="Ki")
    program = people.opened_program(cast, who=who)
    day = MONDAY + 7 * DAY
    rows = [people.booked(cast, program, "preparation", day + n * 2 * HOUR) for n in range(5)]
    for row, by in zip(rows, ("frontdesk", "therapist", "both"), strict=False):
        cast.desk(by).must(f"sessions/{row.pk}/cancel/", {"reason": f"Says {by}"})
    with clock.fixed(rows[3].starts_at):
        cast.desk("frontdesk").must(f"sessions/{rows[3].pk}/check-in/", {})
        cast.desk("frontdesk").must(f"sessions/{rows[3].pk}/stage/", {"stage": "roomed"})
        cast.desk("frontdesk").must(
            f"sessions/{rows[3].pk}/undo/", {"move": "check_in", "reason": "Wrong client"}
        )
    twice = Allocation.objects.filter(session=rows[4], kind="staff").earliest("pk")
    twice.pk, twice.lanes = uuid7(), Range(OVERRIDE_FROM, OVERRIDE_FROM + 1)
    twice._state.adding = True
    twice.save()
    plain = {"program": program, "client": who, "location": cast.north, "number": 9, "modality": "video"}
    at_home = people.HOME | {"state": "CO"}
    for n, values in enumerate(
        (
            {"status": "completed", "outcome": "not_dosed", "reason": "Too fast a heart", "kind": "dosing"},
            {
                "client_location": at_home,
                "escort": {"name": "A", "phone": "303 555 0100", "relationship": ""},
            },
            {"weight_kg": Decimal("70.50"), "weight_source": "reported", "weight_confirmed": False},
            {"weight_kg": Decimal(80), "weight_confirmed": True},
            {"fasting_since": day, "client_confirmed_at": day, "escort_confirmed_at": day, "for_dose": dosed},
            {"status": "no_show", "reason": "Nobody came", "room": cast.aspen, "override_reason": "As asked"},
        )
    ):
        start = day + DAY + n * HOUR
        times = {"starts_at": start, "ends_at": start + HOUR, "kind": "preparation"}
        Session(**plain | times | values).save_by(cast.frontdesk if n % 2 else SYSTEM, at=MONDAY)
    for hours in (0, 5, 13):
        start = day + hours * HOUR
        times = {"starts_at": start, "ends_at": start + HOUR}
        Session(**plain | times | {"location": cast.south, "kind": "medical"}).save_by(SYSTEM, at=MONDAY)


def _tasks(cast: Cast) -> None:
    subjects = [("session", pk) for pk in Session.objects.values_list("pk", flat=True)[:6]]
    subjects += [("obligation", pk) for pk in Obligation.objects.values_list("pk", flat=True)]
    subjects += [("alarm", pk) for pk in Alarm.objects.values_list("pk", flat=True)]
    subjects += [("client", uuid7()), ("session", uuid7())]
    for n, (kind, (subject_type, subject)) in enumerate(zip(Kind, subjects, strict=False)):
        trail.open_task(
            kind=kind,
            location=(cast.north, cast.south)[n % 5 == 0].pk,
            client=None if n % 2 else Session.objects.earliest("pk").client_id,
            assignee=(cast.np.pk, None, uuid7())[n % 3],
            subject_type=subject_type,
            subject_id=subject,
            due_at=MONDAY,
            by=cast.np,
            at=MONDAY,
        )


def _obligations(cast: Cast) -> None:
    doses = Session.objects.filter(obligation=None, kind="preparation", number=9)
    for state, dose in zip(("due", "booked", "waived", "voided"), doses, strict=False):
        Obligation(
            dosing_session=dose,
            program=dose.program,
            client=dose.client,
            therapist=cast.therapist if state == "booked" else None,
            dosed_at=MONDAY,
            window_start=MONDAY,
            window_end=MONDAY + 2 * DAY,
            state=state,
            integration_session=Session.objects.filter(status="cancelled").earliest("pk")
            if state == "booked"
            else None,
            escalations=[{"at": "2026-05-04T15:00:00Z", "step": "front_desk", "roles": ["front_desk"]}],
        ).save_by(SYSTEM, at=MONDAY)


def listed(cast: Cast, who: str, path: str, **query: str) -> list[dict[str, Any]]:
    answer = cast.desk(who).get(path, **{"page_size": "200"} | query)
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


# --- the same rows ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["tasks/", "obligations/", "alarms/", "clients/"])
def test_a_row_of_the_list_is_what_its_address_says(cast: Cast, world: Session, path: str) -> None:
    for who in EVERYBODY:
        if cast.desk(who).get(path).status_code == 200:
            same_rows(cast, path, who)


def same_rows(cast: Cast, path: str, who: str) -> None:
    rows = listed(cast, who, path)
    model = {"tasks/": Task, "obligations/": Obligation, "alarms/": Alarm, "clients/": Client}[path]
    seen = {str(pk) for pk in model.objects.visible_to(cast.people[who]).values_list("pk", flat=True)}
    assert {row["id"] for row in rows} == seen
    for row in rows:
        assert row == cast.desk(who).get(f"{path}{row['id']}/").json()  # by its serializer, from the model


def test_the_rows_are_of_every_kind(cast: Cast, world: Session) -> None:
    assert {row["state"] for row in listed(cast, "director", "alarms/")} == {"open", "acknowledged"}
    owed = listed(cast, "director", "obligations/")
    assert {"due", "booked", "waived", "voided"} <= {row["state"] for row in owed}
    assert {row["integration_session"] is None for row in owed} == {True, False}
    tasks = listed(cast, "director", "tasks/")
    assert {"session", "obligation", "alarm", "safety_alert", "client"} <= {
        row["subject_type"] for row in tasks
    }
    for name in ("session", "client_name", "assigned_to"):
        assert {row[name] is None for row in tasks} == {True, False}, name


def test_a_reading_of_the_list_is_what_its_address_says(cast: Cast, world: Session) -> None:
    path = f"sessions/{world.pk}/readings/"
    for who in ("np", "director", "both"):
        rows = listed(cast, who, path)
        assert len(rows) == Reading.objects.filter(session=world).count() == 4
        assert {row["voided"] for row in rows} == {row["check"] is None for row in rows} == {True, False}
        assert {row["phase"] for row in rows} == {"pre_dose", "in_session"}
        for row in rows:
            assert row == cast.desk(who).get(f"{path}{row['id']}/").json()
    dose = world.administrations.get()  # its readings are of before any dose once it is void
    cast.desk("prescriber").must(
        f"sessions/{world.pk}/administrations/{dose.pk}/void/", {"reason": "Wrong client"}
    )
    rows = listed(cast, "np", path)
    assert {row["phase"] for row in rows} == {"pre_dose"}
    for row in rows:
        assert row == cast.desk("np").get(f"{path}{row['id']}/").json()


def test_readings_of_a_session_elsewhere_or_without_any(cast: Cast, world: Session) -> None:
    empty = Session.objects.filter(location=cast.north, readings=None).earliest("pk")
    before = len(events("reading.list"))
    assert listed(cast, "np", f"sessions/{empty.pk}/readings/") == []
    assert listed(cast, "np", f"sessions/{world.pk}/readings/", page="1", page_size="2") != []
    assert [clients for _, _, clients in events("reading.list")[before:]] == [
        [empty.client_id],
        [world.client_id],
    ]
    for who, status in (("south_np", 404), ("frontdesk", 403)):
        for query in ({}, {"page": "2"}, {"unheard_of": "1"}):
            assert cast.desk(who).get(f"sessions/{world.pk}/readings/", **query).status_code == status
    assert cast.desk("np").get(f"sessions/{uuid7()}/readings/", page="7").status_code == 404
    assert cast.desk("np").get(f"sessions/{world.pk}/readings/", unheard_of="1").status_code == 400


# --- sessions, told by the models --------------------------------------------------------------------------------------


def told(session: Session, user: User) -> dict[str, Any]:
    """A session as `SessionOut`, put together from its models by R13 as the documents say it."""
    clinical, books = bool(user.role_set & CLINICIANS), bool(user.role_set & BOOKERS)
    names = {name for name in map(str, SessionOut().fields) if name != "warnings"}
    columns = {field.name for field in Session._meta.concrete_fields}
    row: dict[str, Any] = {name: getattr(session, name) for name in names & columns}
    row |= {
        name: getattr(session, f"{name}_id") for name in ("program", "client", "location", "room", "for_dose")
    }
    row["client_name"] = session.client.display_name
    row["client_mrn"] = session.client.mrn
    found = Obligation.objects.filter(dosing_session=session) | Obligation.objects.filter(
        integration_session=session
    )
    row["obligation"] = found.values_list("pk", flat=True).first()
    stage = Stage.objects.filter(session=session).order_by("at", "pk").last()
    row["stage"] = (
        stage and session.checked_in_at and {"stage": stage.stage, "at": stage.at, "by": stage.created_by}
    )
    row["double_use"] = any(
        each.lanes.lower >= OVERRIDE_FROM for each in session.allocations.filter(released_at=None)
    )
    row["undone"] = [
        {
            "move": u.move,
            "moment": u.moment,
            "corrected_to": u.corrected_to,
            "at": u.created_at,
            "by": u.created_by,
        }
        | {"reason": u.reason if clinical else ""}
        for u in MoveUndo.objects.filter(session=session).order_by("created_at", "pk")
    ]
    words = Attestation.objects.filter(session=session).order_by("at", "pk") if clinical else []
    row["attestations"] = {
        w.code: {"date": w.visited_on, "place": w.place} if w.visited_on else w.value for w in words
    }
    row["attested"] = {w.code: {"by": w.by_id, "at": w.at} for w in words}
    row["allowed_moves"] = _moves(
        {"status": session.status, "kind": session.kind, "outcome": session.outcome}, user
    )
    if session.weight_kg is None or not clinical:
        row |= dict.fromkeys(("weight_source", "weight_confirmed"))
    if not clinical:
        row |= dict.fromkeys(("fasting_since", "weight_kg")) | {"reason": _read_by_the_desk(session, user)}
    return row if books else row | dict.fromkeys(("escort", "escort_confirmed_at", "client_location"))


def _read_by_the_desk(session: Session, user: User) -> str:
    first = Session.history.filter(id=session.pk, reason=session.reason).order_by("history_id").first()
    writer = User.objects.filter(pk=first.history_user_id).first() if first else None
    roles = writer.role_set if writer else frozenset()
    own = "front_desk" in user.role_set & roles and not roles & CLINICIANS and not session.outcome
    return session.reason if own else ""


def test_a_session_of_the_list_is_what_its_models_say(cast: Cast, world: Session) -> None:
    for who in EVERYBODY:
        if who != "admin":
            same_sessions(cast, who)


def same_sessions(cast: Cast, who: str) -> None:
    user = cast.people[who]
    rows = listed(cast, who, "sessions/")
    sessions = Session.objects.visible_to(user).order_by("starts_at", "pk")
    assert [row["id"] for row in rows] == [str(session.pk) for session in sessions]
    for row, session in zip(rows, sessions, strict=True):
        expected = told(session, user)
        assert set(row) == set(expected)
        assert row == loads(dumps(SessionOut(expected).data))
        assert row == cast.desk(who).get(f"sessions/{row['id']}/").json()


def test_the_sessions_are_of_every_kind(cast: Cast, world: Session) -> None:
    rows = listed(cast, "both", "sessions/")
    for name in ("reason", "double_use", "undone", "obligation", "stage", "escort", "weight_kg", "attested"):
        assert {bool(row[name]) for row in rows} == {True, False}, name
    assert {bool(row["reason"]) for row in listed(cast, "frontdesk", "sessions/")} == {True, False}
    assert {row["weight_confirmed"] for row in rows} == {True, False, None}


# --- one statement, other values ---------------------------------------------------------------------------------------


def test_a_statement_that_is_kept_shows_each_user_their_own_location(cast: Cast, world: Session) -> None:
    for _ in range(5):
        for who, place in (("np", cast.north), ("south_np", cast.south)):
            found = {row["location"] for row in listed(cast, who, "sessions/")}
            assert found == {str(place.pk)}
    roaming = people.staff(
        "Roaming", ["nurse_practitioner"], cast.north, locations=[cast.north.pk, cast.south.pk]
    )
    cast.people["roaming"] = roaming
    assert {row["location"] for row in listed(cast, "roaming", "sessions/")} == {
        str(cast.north.pk),
        str(cast.south.pk),
    }
    cast.people["nowhere"] = people.staff("Nowhere", ["nurse_practitioner"], cast.north, locations=[])
    for path in ("sessions/", "tasks/", "obligations/", "alarms/"):
        assert listed(cast, "nowhere", path) == []
    assert cast.desk("nowhere").get(f"sessions/{world.pk}/readings/").status_code == 404


def test_the_places_of_who_asks_are_one_value(cast: Cast) -> None:
    stand_ins = StandIns()
    asker = stand_ins.asker(frozenset(), 2)
    place = Location.objects.filter(pk=stand_ins.key("place"), pk__in=asker.locations)
    made = compiled(place.values("pk"), stand_ins)
    assert made is not None
    assert made.sql.endswith('("practice_location"."id" = %s AND "practice_location"."id" = ANY(%s))')
    both = {("location", 0): cast.south.pk, ("location", 1): cast.north.pk}
    assert [row["pk"] for row in made.rows({"place": cast.north.pk} | both)] == [cast.north.pk]
    assert made.rows({"place": cast.north.pk} | dict.fromkeys(both, cast.south.pk)) == []


def test_pages_are_parts_of_the_whole(cast: Cast, world: Session) -> None:
    desk = cast.desk("director")
    for path in ("sessions/", "tasks/", "obligations/", "alarms/", f"sessions/{world.pk}/readings/"):
        whole = desk.get(path, page_size="200").json()
        pages = [desk.get(path, page_size="2", page=str(n)).json() for n in (1, 2, 3)]
        assert [row for page in pages for row in page["results"]] == whole["results"][:6]
        assert {page["count"] for page in pages} == {whole["count"]}
        beyond = desk.get(path, page_size="2", page="99").json()
        assert (beyond["results"], beyond["count"]) == ([], whole["count"])


def test_filters_of_every_kind(cast: Cast, world: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def ids(**query: str) -> set[str]:
        return {row["id"] for row in listed(cast, "director", "sessions/", **query)}

    rows = Session.objects.visible_to(cast.director)
    for session in rows:
        queries: tuple[tuple[dict[str, str], Any], ...] = (
            ({"client": str(session.client_id)}, rows.filter(client=session.client)),
            ({"from": session.starts_at.isoformat()}, rows.filter(starts_at__gte=session.starts_at)),
            ({"to": session.starts_at.isoformat()}, rows.filter(starts_at__lt=session.starts_at)),
            (
                {"program": str(session.program_id), "kind": session.kind, "status": session.status},
                rows.filter(program=session.program, kind=session.kind, status=session.status),
            ),
        )
        for query, expected in queries:
            assert ids(**query) == {str(pk) for pk in expected.values_list("pk", flat=True)}, query
    for user in (cast.therapist, cast.np):
        theirs = rows.filter(staff__contains=[{"user": str(user.pk)}])
        expected = {str(pk) for pk in theirs.values_list("pk", flat=True)}
        for seldom in (1000, 0):  # by their seats, and by the book
            monkeypatch.setattr("sessions.visits.selectors.sessions.SELDOM", seldom)
            assert ids(staff=str(user.pk)) == expected != set()


# --- days --------------------------------------------------------------------------------------------------------------


def test_a_date_is_each_locations_own(cast: Cast, world: Session) -> None:
    for who in ("director", "south_np"):
        same_days(cast, who)


def same_days(cast: Cast, who: str) -> None:
    rows = Session.objects.visible_to(cast.people[who]).select_related("location")
    for on in (date(2026, 5, 4) + n * DAY for n in range(10)):
        expected = set()
        for session in rows:
            midnight = datetime.combine(on, datetime.min.time(), tzinfo=session.location.zone)
            following = datetime.combine(on + DAY, datetime.min.time(), tzinfo=session.location.zone)
            if session.starts_at < following and session.ends_at > midnight:
                expected.add(str(session.pk))
        assert {row["id"] for row in listed(cast, who, "sessions/", date=on.isoformat())} == expected, on


ZONES = (
    "America/Denver",
    "America/Phoenix",
    "America/Havana",  # back at 01:00 to midnight: there are two
    "America/Santiago",  # on at midnight: there is none
    "Asia/Beirut",
    "America/Asuncion",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Etc/GMT+12",
)


@pytest.mark.parametrize("name", ZONES)
def test_a_day_begins_in_the_database_as_in_python(cast: Cast, name: str) -> None:
    place = Location.objects.get(pk=cast.north.pk)
    place.time_zone = name
    place.save_by(SYSTEM, at=MONDAY)
    zone = ZoneInfo(name)
    days = [date(2019, 1, 1) + n * DAY for n in range(4 * 365)]
    offset = {day: datetime.combine(day, datetime.min.time(), tzinfo=zone).utcoffset() for day in days}
    near = {day + n * DAY for day in days[1:] if offset[day] != offset[day - DAY] for n in (-1, 0, 1)}
    for day in sorted({days[40], *near}):
        for after in (0, 1):
            expected = datetime.combine(day + after * DAY, datetime.min.time(), tzinfo=zone).astimezone(UTC)
            begins = LocalMidnight(day, "time_zone", after=after)
            about = [MidnightAnywhere(day, after=after, last=last) for last in (False, True)]
            found, first, last = Location.objects.filter(pk=place.pk).values_list(begins, *about).get()
            assert found == expected, (name, day, after)
            assert first <= found <= last, (name, day, after)


# --- polls ---------------------------------------------------------------------------------------------------------------

TAGGED = ("tasks/", "obligations/", "alarms/")


def poll(cast: Cast, path: str, tag: str = "", *, who: str = "director", **query: str) -> Any:
    headers = {"HTTP_IF_NONE_MATCH": tag} if tag else {}
    return cast.desk(who).client.get(f"/api/v1/{path}", query, **headers)


@pytest.mark.parametrize("path", TAGGED)
def test_a_poll_that_finds_nothing_new_is_one_query_and_leaves_no_trace(
    cast: Cast, world: Session, path: str
) -> None:
    first = poll(cast, path)
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "no-store"
    before = AuditEvent.objects.count()
    with CaptureQueriesContext(connection) as queries:
        again = poll(cast, path, f'"another", W/{tag}')
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert first.headers["Content-Length"] == str(len(first.content))
    assert "Content-Length" not in again.headers  # it would tell how long the first one was (RFC 9110, 8.6)
    assert len(queries) == 2  # the token, and the list
    assert AuditEvent.objects.count() == before
    assert poll(cast, path, tag, page_size="2").status_code == 200
    assert poll(cast, path, tag, who="therapist").status_code == 200
    assert poll(cast, path, "nonsense").status_code == 200


@pytest.mark.parametrize("path", TAGGED)
def test_the_tag_of_a_colleague_with_the_same_roles_is_no_excuse(
    cast: Cast, world: Session, path: str
) -> None:
    cast.people["director_2"] = people.staff("director_2", cast.director.roles, cast.north)
    first = poll(cast, path)
    tag = first.headers["ETag"]
    before = AuditEvent.objects.filter(created_by=cast.people["director_2"].pk).count()
    theirs = poll(cast, path, tag, who="director_2")
    assert (theirs.status_code, theirs.json()["results"]) == (200, first.json()["results"])
    assert AuditEvent.objects.filter(created_by=cast.people["director_2"].pk).count() == before + 1
    assert poll(cast, path, theirs.headers["ETag"], who="director_2").status_code == 304
    assert poll(cast, path, tag).status_code == 304


def _edit(model: Any, pk: Any, **values: Any) -> None:
    row = model.objects.get(pk=pk)
    for name, value in values.items():
        setattr(row, name, value)
    row.save_by(SYSTEM, at=MONDAY)


@pytest.mark.parametrize("path", TAGGED)
def test_whatever_a_row_shows_ends_the_304(cast: Cast, world: Session, path: str) -> None:
    model = {"tasks/": Task, "obligations/": Obligation, "alarms/": Alarm}[path]
    row = next(row for row in listed(cast, "director", path) if row["room_name"] and row["client_name"])
    session = Session.objects.get(pk=row["session"])
    changes = (
        lambda: _edit(model, row["id"]),
        lambda: _edit(type(session.client), session.client_id, chosen_name="Another"),
        lambda: _edit(type(session.room), session.room_id, name="Another"),
        lambda: _edit(User, cast.therapist.pk, name="Another"),
        lambda: _edit(Session, session.pk, room=None),
    )
    for change in changes:
        tag = poll(cast, path).headers["ETag"]
        assert poll(cast, path, tag).status_code == 304
        change()
        answer = poll(cast, path, tag)
        assert answer.status_code == 200
        assert answer.headers["ETag"] != tag


@pytest.mark.parametrize("path", TAGGED)
def test_what_the_reader_may_see_ends_the_304(cast: Cast, world: Session, path: str) -> None:
    for values in ({"locations": [cast.south.pk]}, {"roles": ["medical_director", "billing"]}):
        before = poll(cast, path)
        tag = before.headers["ETag"]
        assert poll(cast, path, tag).status_code == 304
        _edit(User, cast.director.pk, **values)
        with CaptureQueriesContext(connection) as queries:
            after = poll(cast, path, tag)
        assert (after.status_code, after.headers["ETag"] == tag) == (200, False)
        assert len(queries) <= 4  # the token, the tag, the list, and the audit row
    assert {row["id"] for row in before.json()["results"]}.isdisjoint(
        row["id"] for row in listed(cast, "np", path)
    )


def test_a_page_is_counted_with_its_rows(cast: Cast, world: Session) -> None:
    whole = poll(cast, "tasks/").json()
    assert whole["count"] == len(whole["results"]) > 3
    for page, size in ((1, 2), (2, 2), (90, 2)):
        with CaptureQueriesContext(connection) as queries:
            found = poll(cast, "tasks/", page=str(page), page_size=str(size)).json()
        assert found["count"] == whole["count"]
        assert found["results"] == whole["results"][(page - 1) * size : page * size]
        assert len(queries) <= 3


def test_a_row_beyond_the_page_ends_the_304_by_the_count(cast: Cast, world: Session) -> None:
    tag = poll(cast, "tasks/", page_size="1").headers["ETag"]
    assert poll(cast, "tasks/", tag, page_size="1").status_code == 304
    trail.open_task(
        kind=Kind.LATE_PAPER,
        location=cast.north.pk,
        client=None,
        subject_type="session",
        subject_id=world.pk,
        due_at=MONDAY + 9 * DAY,
        by=cast.np,
        at=MONDAY,
    )
    assert poll(cast, "tasks/", tag, page_size="1").status_code == 200
