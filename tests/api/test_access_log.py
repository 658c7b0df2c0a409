"""Who looked at whom: every read of a record is logged, only the director sees it, and nobody can change it (R10, R15)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from psycopg import sql

from kapclinic.core import clock
from kapclinic.core.audited import HistoryBypassed
from kapclinic.local.servers import with_path
from kapclinic.local.testrun import TestRun
from kapclinic.trail import services as trail
from kapclinic.trail.models import AuditEvent, AuditSeal
from tests import cast as people
from tests.api.routes import READS, Places
from tests.asking import refused, words_of
from tests.cast import MONDAY, Cast

CLINICAL = (
    *("clients", "programs", "sessions", "screenings", "clearances", "medications", "consents", "measures"),
    *(
        "notes",
        "psychotherapy-notes",
        "obligations",
        "alarms",
        "safety-alerts",
        "charges",
        "payments",
        "superbills",
    ),
)


def _log(cast: Cast, client: Any) -> list[dict[str, Any]]:
    answer = cast.desk("director").get(f"clients/{client}/access-log/", page_size="200")
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]  # type: ignore[no-any-return]


# --- what leaves a trace ---------------------------------------------------------------------------------


def test_every_read_of_a_record_is_logged(places: Places) -> None:
    """Each address that shows something of the client's own names the client, the reader and the act."""
    silent = []
    for entry in READS:
        if entry.route.split("/")[0] not in CLINICAL:
            continue
        last = AuditEvent.objects.order_by("-id").values_list("id", flat=True).first()
        answer = places.get(entry)
        if answer.status_code != 200 or answer.headers["Content-Type"] != "application/json":
            continue
        if str(places.session.client_id) not in answer.content.decode() and "{session_id}" not in entry.route:
            continue
        event = AuditEvent.objects.filter(id__gt=last).order_by("id").last()
        reader = places.asker(entry).user
        if event is None or places.session.client_id not in event.clients or event.created_by != reader.pk:
            silent.append(entry.route)
    assert silent == []


def test_the_log_says_who_did_what_when_in_which_role(cast: Cast) -> None:
    client = people.client(cast.north, by=cast.frontdesk)
    cast.desk("np").get(f"clients/{client.pk}/")
    cast.desk("frontdesk").patch(f"clients/{client.pk}/", {"pronouns": "they"}, match='"1"')
    changed, read = _log(cast, client.pk)[:2]
    assert changed == {
        "at": "2026-05-04T15:00:00Z",
        "by": str(cast.frontdesk.pk),
        "name": "Frontdesk",
        "roles": ["front_desk"],
        "action": "client.partial_update",
        "object_type": "client",
        "object_id": str(client.pk),
        "outcome": "ok",
        "address": "127.0.0.1",
        "request_id": changed["request_id"],
        "break_glass": None,
    }
    assert (read["action"], read["by"]) == ("client.retrieve", str(cast.np.pk))


def test_looking_at_the_log_is_logged(cast: Cast) -> None:
    client = people.client(cast.north, by=cast.frontdesk)
    _log(cast, client.pk)
    (seen,) = _log(cast, client.pk)
    assert (seen["action"], seen["by"]) == ("client.access_log", str(cast.director.pk))


def test_a_list_logs_those_whom_it_showed(cast: Cast) -> None:
    ada = people.client(cast.north, by=cast.frontdesk, first="Ada", last="Aa")
    bob = people.client(cast.north, by=cast.frontdesk, first="Bob", last="Bb")
    cast.desk("frontdesk").get("clients/", page_size="1")
    assert [row["action"] for row in _log(cast, ada.pk)] == ["client.list"]
    assert _log(cast, bob.pk) == []


@pytest.mark.parametrize("name", ["frontdesk", "np", "therapist", "prescriber", "billing", "admin"])
def test_only_the_director_sees_the_log(cast: Cast, name: str) -> None:
    client = people.client(cast.north, by=cast.frontdesk)
    assert cast.desk(name).get(f"clients/{client.pk}/access-log/").status_code == 403
    refused = AuditEvent.objects.latest("id")
    assert (refused.outcome, refused.action, refused.created_by) == (
        "refused",
        "client.access_log",
        getattr(cast, name).pk,
    )


def test_a_director_of_another_location_sees_no_log(cast: Cast) -> None:
    cast.people["south_director"] = people.staff("south_director", ["medical_director"], cast.south)
    client = people.client(cast.north, by=cast.frontdesk)
    assert cast.desk("south_director").get(f"clients/{client.pk}/access-log/").status_code == 404


@pytest.mark.parametrize(
    ("name", "method", "status", "code"),
    [
        ("billing", "patch", 403, "not_permitted"),
        ("admin", "get", 403, "not_permitted"),
        ("south_frontdesk", "get", 404, "not_found"),
        ("south_np", "patch", 404, "not_found"),
    ],
)
def test_a_refusal_is_logged_with_its_object(
    cast: Cast, name: str, method: str, status: int, code: str
) -> None:
    client = people.client(cast.north, by=cast.frontdesk)
    ask = getattr(cast.desk(name).client, method)
    assert ask(f"/api/v1/clients/{client.pk}/", HTTP_IF_MATCH="*").status_code == status
    event = AuditEvent.objects.latest("id")
    assert (event.outcome, event.object_id, event.created_by) == (
        "refused",
        client.pk,
        getattr(cast, name).pk,
    )
    assert event.detail == {"code": code}


def test_a_write_that_fails_is_no_act(cast: Cast) -> None:
    client = people.client(cast.north, by=cast.frontdesk)
    before = AuditEvent.objects.count()
    assert (
        cast.desk("frontdesk")
        .patch(f"clients/{client.pk}/", {"pronouns": 7 * "x" * 40}, match='"1"')
        .status_code
        == 400
    )
    assert AuditEvent.objects.count() == before


def test_no_clinical_word_stands_in_the_log(places: Places) -> None:
    for entry in READS:
        places.get(entry)
    text = str(list(AuditEvent.objects.values()))
    for word in ("Robin", "Sample", "303-555", "F33.2", "Suitable", "ketamine", "1985-03-02", "date(1985"):
        assert word not in text


# --- asked for a time, a person, an act ------------------------------------------------------------------------


def _asked(cast: Cast, client: Any, **query: str) -> list[tuple[str, str]]:
    answer = cast.desk("director").get(f"clients/{client}/access-log/", **query)
    assert answer.status_code == 200, answer.content
    return [(row["action"], row["outcome"]) for row in answer.json()["results"]]


def test_the_log_is_asked_for_days_people_and_acts(cast: Cast) -> None:
    client = people.client(cast.north, by=cast.frontdesk)
    with clock.fixed(MONDAY - timedelta(days=1)):
        cast.desk("np").get(f"clients/{client.pk}/")
    with clock.fixed(datetime(2026, 5, 4, 5, 59, tzinfo=UTC)):  # 23:59 of the day before in Denver
        cast.desk("frontdesk").get(f"clients/{client.pk}/")
    cast.desk("np").patch(f"clients/{client.pk}/", {"pronouns": "they"}, match='"1"')
    cast.desk("admin").get(f"clients/{client.pk}/")
    cast.desk("south_frontdesk").get(f"clients/{client.pk}/")
    read, written = ("client.retrieve", "ok"), ("client.partial_update", "ok")
    no = ("client.retrieve", "refused")
    assert _asked(cast, client.pk, to="2026-05-03") == [read, read]
    today = _asked(cast, client.pk, **{"from": "2026-05-04", "object_type": "client"})
    assert today == [("client.access_log", "ok"), no, no, written]
    since = _asked(cast, client.pk, **{"from": "2026-05-04T06:00:00Z", "outcome": "refused"})
    assert since == [no, no]
    by_np = _asked(cast, client.pk, user=str(cast.np.pk))
    assert by_np == [written, read]
    assert _asked(cast, client.pk, action="client.partial_update") == [written]
    assert _asked(cast, client.pk, object_type="note") == []
    desk = cast.desk("director")
    for query, pointer, code in (
        ({"from": "2026-05-04", "to": "2026-05-03"}, "/to", "reversed"),
        ({"outcome": "maybe"}, "/outcome", "invalid"),
        ({"user": "me"}, "/user", "invalid"),
        ({"client": str(client.pk)}, "/client", "unknown_parameter"),
    ):
        refused(desk.get(f"clients/{client.pk}/access-log/", **query), 400, code, pointer)


def test_the_client_is_given_the_log_on_paper(cast: Cast) -> None:
    client = people.client(cast.north, by=cast.frontdesk)
    cast.desk("np").get(f"clients/{client.pk}/")
    with clock.fixed(MONDAY + timedelta(hours=1)):
        cast.desk("admin").get(f"clients/{client.pk}/")
    paper = cast.desk("director").get(f"clients/{client.pk}/access-log/pdf/")
    assert (paper.status_code, paper.headers["Content-Type"]) == (200, "application/pdf")
    words = words_of(paper.content)
    for word in ("Robin Sample", "America/Denver", "2026-05-04 09:00:00", "client: retrieve: refused", "Np"):
        assert word in words, word
    for word in ("1985", "303-555", "Example Street", "127.0.0.1"):
        assert word not in words
    assert _log(cast, client.pk)[1]["action"] == "client.access_log_pdf"
    of_nobody = cast.desk("director").get(
        f"clients/{client.pk}/access-log/pdf/", outcome="refused", to="2026-05-03"
    )
    assert "Nobody looked" in words_of(of_nobody.content)
    for name, status in (("np", 403), ("frontdesk", 403), ("billing", 403)):
        assert cast.desk(name).get(f"clients/{client.pk}/access-log/pdf/").status_code == status


# --- nobody changes it -----------------------------------------------------------------------------------


@pytest.fixture
def events(cast: Cast) -> list[UUID]:
    """Five events that are sealed."""
    who = cast.frontdesk.pk
    made = [
        trail.log_act(by=who, roles=["front_desk"], action="client.list", object_type="client", at=MONDAY)
        for _ in range(5)
    ]
    while trail.seal_events(everything=True):
        pass
    return sorted(event.pk for event in made)  # within one millisecond ids come in any order


@pytest.mark.parametrize("table", ["trail_auditevent", "trail_auditseal"])
@pytest.mark.parametrize("what", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_app_cannot_change_the_log(events: list[UUID], table: str, what: str) -> None:
    column = "action" if table == "trail_auditevent" else "hash"
    before = list(AuditEvent.objects.order_by("id").values()), list(AuditSeal.objects.order_by("pk").values())
    with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(what.format(table, column, column))
    assert isinstance(refusal.value.__cause__, psycopg.errors.InsufficientPrivilege)
    after = list(AuditEvent.objects.order_by("id").values()), list(AuditSeal.objects.order_by("pk").values())
    assert after == before


def test_nor_does_the_code(events: list[UUID]) -> None:
    event = AuditEvent.objects.get(pk=events[0])
    for change in (
        lambda: AuditEvent.objects.update(action="x"),
        lambda: AuditEvent.objects.filter(pk=event.pk).delete(),
        event.delete,
        event.save,
    ):
        with pytest.raises(HistoryBypassed):
            change()


def _verify() -> str:
    out = StringIO()
    call_command("verify_audit", stdout=out)
    return out.getvalue()


def test_an_untouched_log_is_found_whole(events: list[UUID]) -> None:
    assert "audit chain: every link holds." in _verify()
    assert AuditSeal.objects.count() == AuditEvent.objects.count()


def test_events_that_were_not_sealed_yet_are_sealed_first(cast: Cast) -> None:
    cast.desk("frontdesk").get("clients/")
    assert not AuditSeal.objects.exists()
    _verify()
    assert AuditSeal.objects.count() == AuditEvent.objects.count() > 0


class Intruder:
    """Somebody with the superuser's password: past every trigger and right, but not past the chain."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)

    def run(self, statement: str, *values: Any) -> int:
        with self.connection.transaction():
            self.connection.execute("SET LOCAL session_replication_role = replica")
            return self.connection.execute(sql.SQL(statement), values).rowcount  # type: ignore[arg-type]


@pytest.fixture
def intruder(transactional_db: None, test_run: TestRun) -> Any:
    url = with_path(test_run.servers.superuser, connection.settings_dict["NAME"])
    found = Intruder(url)
    yield found
    found.connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("statement", "named", "why"),
    [
        (
            "UPDATE trail_auditevent SET action = 'client.nothing' WHERE id = %s",
            3,
            "was changed after it was sealed",
        ),
        (
            "UPDATE trail_auditevent SET clients = '{}', created_by = gen_random_uuid() WHERE id = %s",
            3,
            "was changed",
        ),
        (
            "UPDATE trail_auditevent SET created_at = created_at + interval '1 second' WHERE id = %s",
            3,
            "was changed",
        ),
        ("UPDATE trail_auditseal SET hash = repeat('0', 64) WHERE event_id = %s", 3, "was changed"),
        ("DELETE FROM trail_auditseal WHERE event_id = %s", 3, "is missing"),
        (
            "WITH s AS (DELETE FROM trail_auditseal WHERE event_id = %s RETURNING event_id) DELETE FROM trail_auditevent e USING s WHERE e.id = s.event_id",
            3,
            "is missing",
        ),
        ("DELETE FROM trail_auditevent WHERE id = %s", 3, "is missing"),
    ],
    ids=[
        "edited",
        "reader changed",
        "moved in time",
        "hash changed",
        "seal deleted",
        "both deleted",
        "event deleted",
    ],
)
def test_what_was_tampered_with_is_named(
    intruder: Intruder, events: list[UUID], statement: str, named: int, why: str
) -> None:
    assert AuditSeal.objects.get(event_id=events[2]).sequence == named
    assert "every link holds" in _verify()
    assert intruder.run(statement, events[2]) == 1
    with pytest.raises(CommandError, match=rf"audit chain: link {named} .*{why}"):
        _verify()


@pytest.mark.django_db(transaction=True)
def test_an_event_that_was_put_in_between_is_named(intruder: Intruder, events: list[UUID]) -> None:
    """A forged event with a seal that does not follow."""
    intruder.run("UPDATE trail_auditseal SET sequence = sequence + 1000 WHERE sequence >= 3")
    intruder.run("UPDATE trail_auditseal SET sequence = sequence - 999 WHERE sequence >= 1000")
    with pytest.raises(CommandError, match="audit chain: link 3 is missing"):
        _verify()


@pytest.mark.django_db(transaction=True)
def test_the_last_events_cannot_be_cut_off_unseen(intruder: Intruder, events: list[UUID]) -> None:
    """Without its seal an event is only sealed again; the events themselves must be there."""
    assert intruder.run("DELETE FROM trail_auditseal WHERE event_id = %s", events[-1]) == 1
    assert "every link holds" in _verify()
    assert AuditSeal.objects.get(event_id=events[-1]).sequence == 5
