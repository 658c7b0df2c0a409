"""practice-exports/: the whole practice as one archive. An administrator asks, a medical director lets it go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from billing.models import PracticeExport, PracticeExportPiece
from billing.records.rules import practice_contents as contents
from billing.records.selectors import practice_exports as selectors
from billing.records.services import practice_working as working
from kapclinic.core import clock, crypto
from kapclinic.trail.models import AuditEvent
from tests import cast as people
from tests.asking import done, events, refused, sql
from tests.bench.trip import WHY, leaders
from tests.cast import MONDAY, PERSON, Cast, Desk

PATH = "practice-exports/"
QUERIES = 3  # the page with its count; the audit row


@pytest.fixture
def two(cast: Cast) -> tuple[Desk, Desk]:
    """An administrator and a medical director of every location."""
    found: tuple[Desk, Desk] = leaders()
    return found


def waiting(admin: Desk) -> dict[str, Any]:
    return done(admin.post(PATH, {"reason": WHY}), 202)


def test_an_administrator_asks_and_a_director_decides(two: tuple[Desk, Desk], rung: list[str]) -> None:
    admin, director = two
    export = waiting(admin)
    assert (export["state"], export["asked_by"], export["decided_by"]) == ("waiting", "Chief", None)
    assert (export["allowed_moves"], export["sha256"], export["rows"]) == (["stop"], None, None)
    refused(admin.post(PATH, {"reason": WHY}), 409, "export_open")
    refused(admin.post(f"{PATH}{export['id']}/approve/"), 403, "not_permitted")
    refused(director.get(f"{PATH}{export['id']}/file/"), 409, "file_not_ready")
    refused(director.post(f"{PATH}{export['id']}/refuse/", {}), 400, "required", "/reason")
    working.sweep_exports(at=clock.now())
    assert rung == []
    found = done(director.get(f"{PATH}{export['id']}/"), 200)
    assert found["allowed_moves"] == ["approve", "refuse", "stop"]
    told = done(director.post(f"{PATH}{export['id']}/approve/"), 202)
    assert (told["state"], told["decided_by"], told["allowed_moves"]) == ("queued", "Head", ["stop"])
    assert rung == [export["id"]]
    working.sweep_exports(at=clock.now())
    assert rung == [export["id"]] * 2
    refused(director.post(f"{PATH}{export['id']}/approve/"), 409, "illegal_transition")
    stopped = done(admin.post(f"{PATH}{export['id']}/stop/"), 200)
    assert (stopped["state"], stopped["failure"], stopped["allowed_moves"]) == ("failed", "stopped", [])
    refused(admin.post(f"{PATH}{export['id']}/stop/"), 409, "illegal_transition")
    again = waiting(admin)
    no = done(director.post(f"{PATH}{again['id']}/refuse/", {"reason": "Nobody moves"}), 200)
    assert (no["state"], no["refusal"], no["failure"]) == ("refused", "Nobody moves", "")
    refused(director.post(f"{PATH}{again['id']}/approve/"), 409, "illegal_transition")
    assert [act for act, ok, _ in events("practice_export.approve") if ok == "ok"] == [director.user.pk]
    assert WHY not in str(list(AuditEvent.objects.values()))


def test_nobody_lets_their_own_go(cast: Cast) -> None:
    everywhere = {"locations": [cast.north.pk, cast.south.pk]}
    both = Desk(people.staff("both", ["admin", "medical_director"], cast.north, **everywhere))
    export = waiting(both)
    assert export["allowed_moves"] == ["stop"]
    for way, body in (("approve", None), ("refuse", {"reason": "No need"})):
        refused(both.post(f"{PATH}{export['id']}/{way}/", body), 409, "other_person")
    assert PracticeExport.objects.get().state == "waiting"
    with pytest.raises(DatabaseError, match="two_people"), transaction.atomic():
        sql("UPDATE billing_practiceexport SET state = 'queued', decided_by = created_by, decided_at = now()")


def test_it_takes_people_of_every_location_and_of_these_roles(cast: Cast, two: tuple[Desk, Desk]) -> None:
    refused(cast.desk("admin").post(PATH, {"reason": WHY}), 403, "not_permitted")
    assert not PracticeExport.objects.exists()
    admin, _ = two
    export = waiting(admin)
    for name in ("admin", "director"):  # of one location alone
        assert done(cast.desk(name).get(PATH), 200)["count"] == 0
        refused(cast.desk(name).get(f"{PATH}{export['id']}/file/"), 404, "not_found")
    refused(cast.desk("director").post(f"{PATH}{export['id']}/approve/"), 404, "not_found")
    for name in set(PERSON.values()) - {"admin", "director"}:
        desk = cast.desk(name)
        for answer in (
            desk.get(PATH),
            desk.post(PATH, {"reason": WHY}),
            desk.get(f"{PATH}{export['id']}/file/"),
            desk.post(f"{PATH}{export['id']}/approve/"),
        ):
            refused(answer, 403, "not_permitted")


def test_who_asked_and_may_no_more_gets_nothing(cast: Cast, two: tuple[Desk, Desk]) -> None:
    admin, director = two
    export = waiting(admin)
    done(director.post(f"{PATH}{export['id']}/approve/"), 202)
    answer = admin.patch(f"staff/{director.user.pk}/", {"is_active": False, "leave_unresolved": True})
    assert answer.status_code == 200, answer.content
    working.work_on(export_id=PracticeExport.objects.get().pk, at=clock.now())
    told = done(admin.get(f"{PATH}{export['id']}/"), 200)
    assert (told["state"], told["failure"]) == ("failed", "not_permitted")
    assert not PracticeExportPiece.objects.exists()


def test_the_list_costs_the_same_at_one_export_and_at_fifty(two: tuple[Desk, Desk]) -> None:
    admin, director = two
    for many in (1, 50):
        while PracticeExport.objects.count() < many:
            export = waiting(admin)
            done(director.post(f"{PATH}{export['id']}/refuse/", {"reason": "Nobody moves"}), 200)
        with CaptureQueriesContext(connection) as queries:
            found = done(director.get(PATH, page_size="200"), 200)
        assert (found["count"], len(queries)) == (many, QUERIES)
        assert {row["decided_by"] for row in found["results"]} == {"Head"}


def made(admin: Desk, director: Desk, content: bytes) -> PracticeExport:
    """An export that is over, as the worker leaves it."""
    export = waiting(admin)
    done(director.post(f"{PATH}{export['id']}/approve/"), 202)
    row: PracticeExport = PracticeExport.objects.get(pk=export["id"])
    for position, part in enumerate((content[:3], content[3:])):
        piece = PracticeExportPiece(export=row, position=position, size=len(part))
        piece.sealed = crypto.seal(part, aad=piece.bound_to())
        piece.save()
    row.state, row.rows, row.sha256, row.size = "done", 1, "a" * 64, len(content)
    row.ended_at, row.expires_at = MONDAY, MONDAY + timedelta(days=14)
    return row.save_by(director.user, at=MONDAY)


def test_the_file_ends_after_its_days_and_a_new_key_seals_it(
    two: tuple[Desk, Desk], now: Any, settings: Any
) -> None:
    admin, director = two
    row = made(admin, director, b"PK and the rest")
    path = f"{PATH}{row.pk}/file/"
    key, *_ = settings.FIELD_KEYS
    new = "bmV3IGtleSBuZXcga2V5IG5ldyBrZXkgbmV3IGtleSE="
    settings.FIELD_KEYS = [new, key]
    assert working.reseal_pieces() == 2
    settings.FIELD_KEYS = [new]
    answer = director.get(path)
    assert b"".join(answer.streaming_content) == b"PK and the rest"
    assert answer["Content-Disposition"] == f'attachment; filename="practice-{row.pk}.zip"'
    assert (answer["X-Content-Type-Options"], answer["Cache-Control"]) == ("nosniff", "private, no-store")
    assert events("practice_export.file")[-1][:2] == (director.user.pk, "ok")
    for statement in (
        "UPDATE billing_practiceexport SET reason = 'x'",
        "UPDATE billing_practiceexport SET expires_at = now()",
        "UPDATE billing_practiceexportpiece SET position = 7",
        "DELETE FROM billing_practiceexport",
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            sql(statement)
    point = transaction.savepoint()
    PracticeExportPiece.objects.filter(position=1).delete()
    with pytest.raises(crypto.Undecipherable):  # never a half of it
        list(selectors.archive_of(row))
    transaction.savepoint_rollback(point)
    ends = MONDAY + timedelta(days=14)
    working.end_files(at=ends - timedelta(seconds=1))
    assert PracticeExportPiece.objects.exists()
    with clock.fixed(ends):
        admin = Desk(admin.user)  # signs in anew
        refused(admin.get(path), 409, "file_ended")
        assert working.end_files(at=ends) == 1
        assert not PracticeExportPiece.objects.exists()
        assert AuditEvent.objects.filter(action="practice_export.file_ended", object_id=row.pk).count() == 1
        refused(admin.get(path), 409, "file_ended")
        assert done(admin.get(f"{PATH}{row.pk}/"), 200)["sha256"] == "a" * 64


def test_whoever_was_cut_off_asks_for_the_rest(two: tuple[Desk, Desk]) -> None:
    admin, director = two
    row = made(admin, director, b"PK and the rest")
    path, tag = f"{PATH}{row.pk}/file/", f'"{row.sha256}"'

    def part(asked: str, condition: str | None = None) -> tuple[int, bytes, str | None]:
        headers = {"Range": asked} | ({} if condition is None else {"If-Range": condition})
        answer = director.client.get(f"/api/v1/{path}", headers=headers)
        content = b"".join(answer.streaming_content)
        assert (answer["Content-Length"], answer["Accept-Ranges"]) == (str(len(content)), "bytes")
        return answer.status_code, content, answer.headers.get("Content-Range")

    assert part("bytes=3-6") == (206, b"and ", "bytes 3-6/15")
    assert part("bytes=2-3", tag) == (206, b" a", "bytes 2-3/15")  # over the end of a piece
    assert part("bytes=11-") == (206, b"rest", "bytes 11-14/15")
    assert part("bytes=-4") == (206, b"rest", "bytes 11-14/15")
    assert part("bytes=0-999") == (206, b"PK and the rest", "bytes 0-14/15")
    for other in ("bytes=0-1,4-5", "rows=1-2", "bytes=5-2", "bytes=-", ""):
        assert part(other) == (200, b"PK and the rest", None)
    assert part("bytes=3-6", '"another archive"') == (200, b"PK and the rest", None)
    for beyond in ("bytes=15-", "bytes=-0"):
        answer = director.client.get(f"/api/v1/{path}", headers={"Range": beyond})
        assert refused(answer, 416, "range_not_satisfiable")["size"] == row.size
        assert answer.headers["Content-Range"] == f"bytes */{row.size}"


def test_every_column_that_may_hold_a_secret_is_named(cast: Cast) -> None:
    """A table comes along by itself: what must not leave, or can't leave as it lies, stands in the contents."""
    found = sql(
        """SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND a.attnum > 0 AND NOT a.attisdropped
        AND a.attname ~ 'password|secret|token|digest|sealed|otp|recovery|public_key|credential_id'
        AND a.attname !~ '_(at|by|required)$'"""  # when, by whom or whether is no secret
    )
    told = {
        (table, column)
        for table, column in found
        if table not in contents.LEFT_BEHIND and column not in contents.not_in_rows(table)
    }
    assert told == set()
    tables = {table.name: table for table in selectors.all_tables()}
    named = {
        *contents.LEFT_BEHIND,
        *contents.NARROWED,
        *contents.WITHHELD,
        *contents.AS_FILES,
        *contents.SEEDED,
    }
    assert named <= set(tables)
    assert [name for name, table in tables.items() if not table.key] == []
    assert contents.WITHHELD["clinic_sessions_psychotherapynote"].keys() == {"sealed"}


@pytest.fixture
def rung(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Callable[..., Any]
) -> list[str]:
    """The exports for which the worker was rung."""
    told: list[str] = []
    monkeypatch.setattr("kapclinic.core.doorbell.ring", lambda name, export_id: told.append(str(export_id)))
    return told
