"""In an emergency a clinician of another location reads a client's record: for hours, seen by all, and never a write."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from kapclinic.practice.models import Role
from kapclinic.trail.management.commands.permissions_matrix import entries
from kapclinic.trail.models import AuditEvent, BreakGlass, Outbox, Task
from sessions.sweep.steps import send_messages
from sessions.sweep.worklist import sweep_worklist
from tests import cast as people
from tests.api.routes import READS, Places, places, view_of
from tests.asking import done, refused, sql, words_of
from tests.cast import MONDAY, Cast

WHY = "She called our crisis line from the south clinic"
PATH = "break-glass/"
HERS = "south_prescriber"


@pytest.fixture
def client(cast: Cast) -> Any:
    return people.client(cast.north, by=cast.frontdesk, first="Wilhelmina", last="Quartz")


def _broken(cast: Cast, client: UUID, by: str = HERS) -> dict[str, Any]:
    return cast.desk(by).must(PATH, {"client": str(client), "reason": WHY}, status=201)


def _reads(cast: Cast, client: Any, by: str = HERS) -> bool:
    answer = cast.desk(by).get(f"clients/{client.pk}/")
    assert answer.status_code == 200 or b"Quartz" not in answer.content
    return bool(answer.status_code == 200)


def _south_director(cast: Cast) -> None:
    cast.people["south_director"] = people.staff("south_director", [Role.MEDICAL_DIRECTOR], cast.south)


def test_the_record_opens_for_four_hours_and_the_director_there_is_told_and_answers(
    cast: Cast, client: Any
) -> None:
    assert not _reads(cast, client)
    glass = _broken(cast, client.pk)
    assert (glass["client"], glass["reason"], glass["state"]) == (str(client.pk), WHY, "standing")
    assert glass["expires_at"] == "2026-05-04T19:00:00Z"
    assert glass["allowed_moves"] == ["end"]
    (mine,) = done(cast.desk(HERS).get(PATH), 200)["results"]
    assert (mine["id"], mine["client_mrn"]) == (glass["id"], client.mrn)
    assert _reads(cast, client)
    event = AuditEvent.objects.filter(created_by=cast.south_prescriber.pk, action="client.retrieve").latest(
        "id"
    )
    assert (event.detail, event.clients) == ({"break_glass": glass["id"]}, [client.pk])

    with clock.fixed(MONDAY + timedelta(minutes=1)):
        send_messages(at=clock.now())
    (letter,) = mail.outbox
    assert letter.to == [cast.director.email]
    for word in ("Quartz", "crisis", str(client.pk), client.mrn):
        assert word not in letter.subject + letter.body
    row = Task.objects.get(kind="break_glass_review")
    assert (row.location, row.client, row.roles) == (cast.north.pk, client.pk, ["medical_director"])
    director = cast.desk("director")
    assert director.post(f"tasks/{row.pk}/done/", {}).status_code == 200
    assert sweep_worklist(at=clock.now()) == 1  # a tick settles nothing
    shown = done(director.get(f"{PATH}{glass['id']}/"), 200)
    assert (shown["user_name"], shown["client_mrn"], shown["reason"]) == ("South Prescriber", client.mrn, WHY)
    assert shown["allowed_moves"] == ["end", "review"]
    refused(director.post(f"{PATH}{glass['id']}/review/", {}), 400, "required", "/finding")
    found = done(director.post(f"{PATH}{glass['id']}/review/", {"finding": "It was needed"}), 200)
    assert (found["finding"], found["reviewed_by"]) == ("It was needed", str(cast.director.pk))
    refused(director.post(f"{PATH}{glass['id']}/review/", {"finding": "Not at all"}), 409, "already_reviewed")
    assert not Task.objects.open().filter(kind="break_glass_review").exists()
    assert sweep_worklist(at=clock.now()) == 0


def test_the_clients_access_log_says_so_also_on_paper(cast: Cast, client: Any) -> None:
    glass = _broken(cast, client.pk)
    _reads(cast, client)
    log = done(cast.desk("director").get(f"clients/{client.pk}/access-log/"), 200)["results"]
    by_glass = {row["action"]: row["break_glass"] for row in log}
    assert by_glass == {"client.retrieve": glass["id"], "break_glass.create": None}
    paper = cast.desk("director").get(f"clients/{client.pk}/access-log/pdf/")
    assert "by breaking the glass" in " ".join(words_of(paper.content).split())
    told = cast.desk("np").get(f"clients/{client.pk}/")
    assert told.status_code == 200
    assert AuditEvent.objects.latest("id").detail == {}  # whoever works there reads as always


def test_every_read_of_a_record_passes_is_flagged_and_shows_nobody_else(cast: Cast) -> None:
    """Each address that a clinician reads in their care answers as to a colleague there, and names the glass."""
    clinic: Places = places(cast)
    other = people.opened_program(
        cast, who=people.client(cast.north, by=cast.frontdesk, first="Tobias", last="Onyx")
    )
    own = clinic.session.client_id
    for entry in READS:  # before the glass nothing of it is to be had
        if entry.roles and Role.PRESCRIBER in entry.roles and "{" in entry.route:
            answer = cast.desk(HERS).get(clinic.path(entry), **clinic.needed(entry))
            assert str(own) not in answer.content.decode("latin-1"), entry.route
    glass, opened = _broken(cast, own), set()
    for entry in READS:
        view = view_of(entry)
        if not entry.roles or Role.PRESCRIBER not in entry.roles or view.client_path is None:
            continue
        asked = clinic.needed(entry)
        if "client" in {param.name for param in view().params_of().get(entry.action, ())}:
            asked |= {"client": str(own)}
        there = cast.desk("prescriber").get(clinic.path(entry), **asked)
        last = AuditEvent.objects.order_by("-id").values_list("id", flat=True).first()
        here = cast.desk(HERS).get(clinic.path(entry), **asked)
        assert "Onyx" not in here.content.decode("latin-1"), entry.route
        assert str(other.client_id) not in here.content.decode("latin-1"), entry.route
        tells = "{session_id}" in entry.route or str(own) in there.content.decode("latin-1")
        passes = entry.action in view.logged and view.opens_by_glass and tells
        named = "{" in entry.route or "client" in asked or "program" in asked
        if not passes or there.status_code != 200 or not named:
            continue
        assert here.status_code == 200, (entry.route, here.content)
        flags = AuditEvent.objects.filter(id__gt=last, outcome="ok", clients=[own]).values_list(
            "detail", flat=True
        )
        assert [flag.get("break_glass") for flag in flags] == [glass["id"]], entry.route
        opened.add(entry.route)
    assert len(opened) >= 20, sorted(opened)


def test_a_list_that_names_nobody_shows_no_more_than_before(cast: Cast) -> None:
    """All else of that location stays closed, also by the filters and ids of other people there."""
    client, other = (
        people.client(cast.north, by=cast.frontdesk, first=name, last="Quartz") for name in ("Ada", "Bea")
    )
    theirs = people.opened_program(cast, who=other)
    _broken(cast, client.pk)
    desk = cast.desk(HERS)
    assert done(desk.get("clients/"), 200)["results"] == []
    assert [row["id"] for row in done(desk.get("clients/", search="Ada Quartz"), 200)["results"]] == [
        str(client.pk)
    ]
    assert done(desk.get("clients/", search="Quartz"), 200)["results"] == []
    for page in ("1", "2", "3"):  # nor does a page with her row alone tell how many there are
        for order in ("created_at", "-created_at"):
            asked = {"page_size": "1", "page": page, "ordering": order}
            answer = done(desk.get("clients/", **asked), 200)
            assert (answer["count"], answer["results"]) == (0, [])
    assert done(desk.get("programs/", client=str(other.pk)), 200)["results"] == []
    for path in (f"clients/{other.pk}/", f"programs/{theirs.pk}/", f"clients/{other.pk}/banner/"):
        body = refused(desk.get(path), 404, "not_found")
        assert "Quartz" not in str(body)
    assert not AuditEvent.objects.filter(
        created_by=cast.south_prescriber.pk, clients__contains=[other.pk], outcome="ok"
    )


def test_nothing_is_written_through_it(cast: Cast) -> None:
    """Every write about that person, at every address, is refused as before, and changes no row."""
    clinic: Places = places(cast)
    _broken(cast, clinic.session.client_id)
    desk, tables = cast.desk(HERS), "clients programs sessions"
    before = _count()
    for entry in entries():
        if entry.method == "GET" or entry.route.split("/")[0] not in tables or "{" not in entry.route:
            continue
        desk.client.generic(entry.method, f"/api/v1/{clinic.path(entry)}", "{}", "application/json")
        answer = desk.client.generic(
            entry.method,
            f"/api/v1/{clinic.path(entry)}",
            "{}",
            "application/json",
            HTTP_IDEMPOTENCY_KEY=entry.route,
            HTTP_IF_MATCH='"1"',
        )
        assert answer.status_code in {400, 403, 404}, (entry.route, answer.content)
    body = {"client": str(clinic.session.client_id), "text": "x"}
    refused(desk.post("medications/", body), 400, "not_found", "/client")
    assert _count() == before


def _count() -> list[Any]:
    names = sql(
        "SELECT relname FROM pg_class WHERE NOT relispartition AND relkind IN ('r', 'p') AND relname ~ '^(clinic|screening|programs|practice|billing)_'"
    )
    return [(name, sql(f"SELECT count(*) FROM {name}")) for (name,) in names if name != "practice_authtoken"]


def test_a_psychotherapy_note_and_a_copy_of_the_record_stay_closed(cast: Cast) -> None:
    clinic: Places = places(cast)
    author = cast.desk("therapist")
    session = str(clinic.session.pk)
    note = author.post("psychotherapy-notes/", {"session": session, "text": "Dreamt of a heron"})
    path = f"psychotherapy-notes/{done(note, 201)['id']}/"
    for who in ("south_therapist", HERS):
        _broken(cast, clinic.session.client_id, who)
        for asked in (path, f"psychotherapy-notes/?session={session}"):
            answer = cast.desk(who).get(asked)
            assert answer.status_code in {403, 404} or answer.json()["results"] == []
            assert b"heron" not in answer.content
    body = {"client": str(clinic.session.client_id), "reason": "A copy for myself"}
    assert cast.desk(HERS).post("record-exports/", body).status_code == 400


def test_it_ends_by_the_clock_by_hand_and_by_the_account(cast: Cast, client: Any) -> None:
    glass = _broken(cast, client.pk)
    with clock.fixed(MONDAY + timedelta(hours=4)):
        assert not _reads(cast, client)
        refused(cast.desk(HERS).post(f"{PATH}{glass['id']}/end/"), 409, "break_glass_over")
        glass = _broken(cast, client.pk)
        assert _reads(cast, client)
        refused(cast.desk("south_np").post(f"{PATH}{glass['id']}/end/"), 404, "not_found")
        ended = cast.desk(HERS).must(f"{PATH}{glass['id']}/end/", status=200)
        assert (ended["state"], ended["allowed_moves"]) == ("ended", [])
        assert not _reads(cast, client)
        refused(cast.desk(HERS).post(f"{PATH}{glass['id']}/end/"), 409, "break_glass_over")
    with clock.fixed(MONDAY + timedelta(hours=5)):  # the director closes it
        glass = _broken(cast, client.pk)
        cast.desk("director").must(f"{PATH}{glass['id']}/end/", status=200)
        assert not _reads(cast, client)
    staff = f"staff/{cast.south_prescriber.pk}/"
    for hour, change, back in (
        (6, {"roles": ["therapist"]}, {"roles": ["prescriber"]}),
        (7, {"is_active": False}, {"is_active": True}),
    ):
        with clock.fixed(MONDAY + timedelta(hours=hour)):
            glass = _broken(cast, client.pk)
            done(cast.desk("admin").patch(staff, change), 200)
            done(cast.desk("admin").patch(staff, back), 200)  # what ended stays over
            cast.people[HERS].refresh_from_db()
            cast._desks.pop(HERS)
            assert not _reads(cast, client)
            assert done(cast.desk(HERS).get(f"{PATH}{glass['id']}/"), 200)["state"] == "ended"


def test_a_location_says_how_long(cast: Cast, client: Any) -> None:
    here = f"locations/{cast.north.pk}/"
    for minutes in (4, 241):
        answer = cast.desk("admin").patch(here, {"break_glass_minutes": minutes})
        assert answer.status_code == 400
    done(cast.desk("admin").patch(here, {"break_glass_minutes": 30}), 200)
    assert _broken(cast, client.pk)["expires_at"] == "2026-05-04T15:30:00Z"


def test_who_may_not_break_it(cast: Cast, client: Any) -> None:
    before = BreakGlass.objects.count()
    body = {"client": str(client.pk), "reason": WHY}
    refused(cast.desk("np").post(PATH, body), 409, "break_glass_not_needed")
    for who in ("south_frontdesk", "south_billing", "admin"):
        refused(cast.desk(who).post(PATH, body), 403, "not_permitted")
    desk = cast.desk(HERS)
    refused(desk.post(PATH, body | {"reason": "Emergency!  now"}), 400, "too_short", "/reason")
    refused(desk.post(PATH, body | {"reason": " "}), 400, "blank", "/reason")
    refused(desk.post(PATH, body | {"client": str(cast.north.pk)}), 400, "not_found", "/client")
    refused(desk.post(PATH, body | {"hours": 9}), 400, "unknown_field", "/hours")
    assert (BreakGlass.objects.count(), Outbox.objects.filter(template="break_glass").count()) == (before, 0)
    glass = _broken(cast, client.pk)
    again = refused(desk.post(PATH, body), 409, "break_glass_stands")
    assert (again["break_glass"], again["expires_at"]) == (glass["id"], glass["expires_at"])
    _broken(cast, client.pk, "south_np")  # each for themselves


def test_nobody_reviews_their_own_and_no_other_place_sees_it(cast: Cast, client: Any) -> None:
    _south_director(cast)
    glass = _broken(cast, client.pk, "south_director")
    path = f"{PATH}{glass['id']}/"
    refused(cast.desk("south_director").post(f"{path}review/", {"finding": "Fine"}), 403, "own_break_glass")
    refused(cast.desk("south_np").get(path), 404, "not_found")
    asked = {
        who: done(cast.desk(who).get(PATH), 200)["count"] for who in ("south_director", "south_np", "np")
    }
    assert asked == {
        "south_director": 1,
        "south_np": 0,
        "np": 0,
    }  # a clinician sees what they broke, and no more
    refused(cast.desk("south_frontdesk").get(PATH), 403, "not_permitted")
    refused(cast.desk("np").post(f"{path}review/", {"finding": "Fine"}), 403, "not_permitted")
    assert BreakGlass.objects.get().reviewed_at is None
    shown = done(cast.desk("admin").get(path), 200)  # no clinical words for the administrator
    assert (shown["reason"], shown["finding"], shown["user_name"]) == (None, None, "South Director")
    cast.desk("director").must(f"{path}review/", {"finding": "Not in need"}, status=200)


def test_two_registrations_are_one_person(cast: Cast, client: Any) -> None:
    second = people.client(cast.north, by=cast.frontdesk, first="Mina", last="Quartz")
    cast.desk("director").must(
        f"clients/{second.pk}/merge/", {"into": str(client.pk), "reason": "One and the same"}
    )
    found = done(cast.desk("np").post(f"{PATH}find/", {"mrn": client.mrn}), 200)
    assert found["is_yours"] is True  # the other registration of this person is North's
    _broken(cast, second.pk)
    assert _reads(cast, client)
    assert _reads(cast, second)
    body = {"client": str(client.pk), "reason": WHY}
    refused(cast.desk(HERS).post(PATH, body), 409, "break_glass_stands")


def test_a_client_is_found_by_what_a_clinician_knows_and_who_asked_is_logged(cast: Cast, client: Any) -> None:
    desk = cast.desk(HERS)
    whole = {"first_name": "wilhelmina ", "last_name": "QUARTZ", "date_of_birth": "1985-03-02"}
    for body in ({"mrn": client.mrn}, {"mrn": client.mrn.lower()}, whole):
        assert done(desk.post(f"{PATH}find/", body), 200) == {"client": str(client.pk), "is_yours": False}
        event = AuditEvent.objects.latest("id")
        assert (event.action, event.clients) == ("break_glass.find", [client.pk])
    assert cast.desk("np").must(f"{PATH}find/", whole, status=200)["is_yours"] is True
    nobody = {"client": None, "is_yours": False}
    for body in (whole | {"first_name": "Wilhelm"}, whole | {"date_of_birth": "1985-03-03"}, {"mrn": "KC"}):
        assert done(desk.post(f"{PATH}find/", body), 200) == nobody
    people.client(cast.north, by=cast.frontdesk, first="Wilhelmina", last="Quartz")
    assert done(desk.post(f"{PATH}find/", whole), 200) == nobody  # two: the MRN tells them apart
    refused(desk.post(f"{PATH}find/", {"last_name": "Quartz"}), 400, "required", "/date_of_birth")
    refused(cast.desk("south_frontdesk").post(f"{PATH}find/", whole), 403, "not_permitted")


def test_the_list_costs_the_same_with_fifty_and_an_ordinary_read_no_more_than_before(
    cast: Cast, client: Any
) -> None:
    desk = cast.desk("director")
    for many in (1, 50):
        while (n := BreakGlass.objects.count()) < many:
            with clock.fixed(MONDAY + timedelta(hours=4 * n)):
                _broken(cast, client.pk)
        with CaptureQueriesContext(connection) as queries:
            page = done(desk.get(PATH, page_size="200", reviewed="false", client=str(client.pk)), 200)
        assert (page["count"], len(queries)) == (many, 3)
    assert done(desk.get(PATH, user=str(cast.np.pk)), 200)["count"] == 0
    cast.desk("np")  # signs in
    for who, statements in (("np", 3), (HERS, 4)):  # token, row, event; through the glass also what stands
        with clock.fixed(MONDAY + timedelta(hours=4 * 49 + 1)):
            here = cast.desk(who)
            with CaptureQueriesContext(connection) as queries:
                assert here.get(f"clients/{client.pk}/").status_code == 200
        assert len(queries) == statements, [query["sql"] for query in queries]


def test_nor_does_the_database_let_it_be_changed_or_lengthened(cast: Cast, client: Any) -> None:
    glass = _broken(cast, client.pk)
    cast.desk("director").must(f"{PATH}{glass['id']}/review/", {"finding": "It was needed"}, status=200)
    cast.desk(HERS).must(f"{PATH}{glass['id']}/end/", status=200)
    for change in (
        "expires_at = expires_at + interval '1 minute'",
        "reason = 'None of your business'",
        "clients = clients || gen_random_uuid()",
        "ended_at = NULL",
        "finding = 'Something else'",
        "reviewed_by = created_by",
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            sql(f"UPDATE trail_breakglass SET {change}")
    for statement in ("DELETE FROM trail_breakglass", "DELETE FROM trail_historicalbreakglass"):
        with pytest.raises(DatabaseError), transaction.atomic():
            sql(statement)
    copied = "id, created_at, created_by, updated_at, version, client, clients, locations, roles, reason, expires_at, finding"
    for given in (
        copied.replace("id,", "gen_random_uuid(),", 1)
        .replace("expires_at", "created_at + interval '5 hours'")
        .replace("finding", "''"),
        copied.replace("id,", "gen_random_uuid(),", 1).replace("reason", "''").replace("finding", "''"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            sql(f"INSERT INTO trail_breakglass ({copied}) SELECT {given} FROM trail_breakglass")
