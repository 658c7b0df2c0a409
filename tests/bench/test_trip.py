"""A practice leaves as one archive and comes whole into an empty clinic, or not at all."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import Client as Browser

from billing.models import PracticeExport, PracticeExportPiece
from billing.records.rendering import pieces
from billing.records.rendering import practice_archive as archive
from billing.records.rules import practice_exports as rules
from billing.records.selectors import practice_exports as selectors
from billing.records.services import practice_asking as asking
from billing.records.services import practice_import
from billing.records.services import practice_working as working
from billing.records.services.practice_blanks import STAYED
from billing.records.sql import loading
from billing.records.tasks import work_on_practice_export
from kapclinic.core import clock
from kapclinic.local.testrun import TestRun
from kapclinic.practice.models import User
from sessions.files import selectors as files
from sessions.files.models import Attachment
from sessions.notes.models import PsychotherapyNote
from tests.asking import as_superuser, done, refused, sql
from tests.bench import group, seed, trip
from tests.cast import PASSWORD, Desk
from tests.sessions.files.test_attachments import PDF
from tests.simulation.conftest import fresh

__all__ = ["fresh"]
Fresh = Callable[[], AbstractContextManager[None]]
SHARE = 0.0001  # of the group: a fortieth of five years of one practice of forty sessions a day
NEW_KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture(autouse=True)
def _links() -> Iterator[None]:
    trip.LINKS.clear()
    yield
    trip.LINKS.clear()


def brought(run: TestRun, path: Path, **more: Any) -> str:
    """What the command says, which waits for each of its statements as long as that takes."""
    out, patience, hold = io.StringIO(), list[Any](), practice_import._chains_hold

    def at_the_end() -> None:
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            patience.extend(loading.run(f"SHOW {name}"))
        hold()

    with trip.as_owner(run), pytest.MonkeyPatch.context() as patch:
        patch.setattr(practice_import, "_chains_hold", at_the_end)
        call_command("import_practice", str(path), stdout=out, **more)
    assert patience == [("0",), ("0",)]
    return out.getvalue()


def not_brought(run: TestRun, path: Path, code: str, **more: Any) -> None:
    with pytest.raises(CommandError, match=f"^{code}: "):
        brought(run, path, **more)
    assert not User.objects.exists()


def repacked(path: Path, into: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """The archive with some of its files changed or taken out."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(into, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return into


def manifest_with(**more: Any) -> Callable[[str, bytes], bytes]:
    """A manifest that says something else, and has the hash of what it says."""

    def change(name: str, content: bytes) -> bytes:
        if name != rules.MANIFEST:
            return content
        told = json.loads(content) | more
        return json.dumps(told | {"sha256": rules.digest(told)}).encode()

    return change


def rows_in(path: Path, table: str) -> list[dict[str, Any]]:
    with zipfile.ZipFile(path) as found:
        return [
            json.loads(line)
            for name in sorted(found.namelist())
            if name.startswith(f"tables/{table}-")
            for line in gzip.decompress(found.read(name)).splitlines()
        ]


def test_a_practice_leaves_and_comes_in_as_it_was(
    fresh: Fresh, test_run: TestRun, tmp_path: Path, settings: Any
) -> None:
    path = tmp_path / "practice.zip"
    with fresh():
        trip.lived()
        sql(
            "INSERT INTO trail_outbox (id, key, template, channel, recipient_kind, recipient, status, attempts,"
            " priority, next_at, created_at) VALUES (gen_random_uuid(), 'waits', 'alarm', 'email', 'staff',"
            " gen_random_uuid(), 'pending', 0, 1, now(), now())"
        )
        with (
            as_superuser() as intruder
        ):  # what `migrate` put into the new clinic is then more than what comes
            intruder.execute("DELETE FROM billing_diagnosis WHERE id % 10 > 0")
        hashes_of_passwords = [row[0] for row in sql("SELECT password FROM practice_user")]
        admin, director = trip.leaders()
        export = trip.asked(admin, director)
        before = trip.hashes()
        work_on_practice_export(export_id=export)
        told = trip.fetched(admin, export, path)
    with zipfile.ZipFile(path) as found:
        assert found.testzip() is None
        held = b"".join(
            gzip.decompress(found.read(name)) if name.endswith(".gz") else found.read(name)
            for name in found.namelist()
        )
        manifest = json.loads(found.read(rules.MANIFEST))
        text = [
            name for name in found.namelist() if name.startswith("files/clinic_sessions_attachmentcontent/")
        ]
        assert [found.read(name) for name in text] == [PDF]
    for hidden in (trip.SECRET, *hashes_of_passwords, *(link.rsplit("/", 1)[-1] for link in trip.LINKS)):
        assert hidden.encode() not in held
    assert [row["sealed"] for row in rows_in(path, "clinic_sessions_psychotherapynote")] == [None]
    assert {row["password"] for row in rows_in(path, "practice_user")} == {None}
    assert "waits" not in {row["key"] for row in rows_in(path, "trail_outbox")}
    assert {"table": "trail_outbox", "rows": 1} in [
        {key: row[key] for key in ("table", "rows")} for row in manifest["left_out"] if "rows" in row
    ]
    settings.FIELD_KEYS = [NEW_KEY]  # another house has other keys
    with fresh():
        _refusals(test_run, path, tmp_path)
        rules_of = """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated
            FROM pg_constraint ORDER BY 1, 2"""
        usual = sql(rules_of)
        said = brought(test_run, path, sha256=told["sha256"].upper())
        assert said.startswith(f"{told['rows']} rows of ")
        after = trip.hashes()
        assert after["trail_auditevent"].pop()  # that it was brought in
        assert [name for name in before if before[name] != after[name]] == []
        now = set(sql(rules_of))
        assert [row for row in usual if row not in now] == []
        _as_it_was()
        with pytest.raises(CommandError, match=r"^not_empty: .*has rows"):
            brought(test_run, path)


def _refusals(run: TestRun, path: Path, folder: Path) -> None:
    """What is not the archive that left does not come in, and leaves the clinic empty."""
    other = folder / "other.zip"
    other.write_bytes(b"PK nothing")
    not_brought(run, other, "not_an_archive")
    not_brought(run, path, "other_archive", sha256="0" * 64)
    schema = json.loads(zipfile.ZipFile(path).read(rules.MANIFEST))["schema"]
    for code, change in {
        "manifest_changed": lambda name, old: (
            old.replace(b'"edition":1', b'"edition": 1,"more":1') if name == rules.MANIFEST else old
        ),
        "other_format": manifest_with(edition=2),
        "other_schema": manifest_with(schema=schema | {"billing": "0001_initial"}),
        "file_changed": lambda name, old: old + b"x" if name.startswith("tables/practice_user-") else old,
    }.items():
        not_brought(run, repacked(path, other, change), code)
    gone = repacked(path, other, lambda name, old: None if name.startswith("files/") else old)
    not_brought(run, gone, "file_changed")
    tables = json.loads(zipfile.ZipFile(path).read(rules.MANIFEST))["tables"]
    for table in tables:
        table["sha256"] = "0" * 64 if table["table"] == "practice_room" else table["sha256"]
    not_brought(run, repacked(path, other, manifest_with(tables=tables)), "rows_differ")
    with pytest.raises(CommandError, match=r"^not_owner: "):
        call_command("import_practice", str(path))


def _as_it_was() -> None:
    """The clinic stands as one that was always there: chains, guards, rights, keys, numbers, and nobody signed in."""
    call_command("verify_audit", stdout=io.StringIO())
    assert sql("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'O'") == [(0,)]
    assert sql("SELECT count(*) FROM practice_authtoken UNION ALL SELECT count(*) FROM django_session") == [
        (0,),
        (0,),
    ]
    note = PsychotherapyNote.objects.get()
    (attachment,) = Attachment.objects.all()
    assert files.bytes_of(attachment) == PDF
    call_command("rotate_field_keys", stdout=io.StringIO())  # the keys of here open everything
    answer = Desk(User.objects.get(pk=note.author_id)).get(f"psychotherapy-notes/{note.pk}/")
    assert done(answer, 200)["text"] == STAYED
    who = User.objects.get(name="Chief")
    assert not who.has_usable_password()
    login = {"email": who.email, "password": PASSWORD}
    signed = Browser().post("/api/v1/auth/login/", login, content_type="application/json")
    assert signed.status_code in {400, 401}, signed.content
    ((last, most),) = sql(
        "SELECT (SELECT last_value FROM pg_sequences WHERE sequencename = 'practice_historicalclient_history_id_seq'),"
        " (SELECT max(history_id) FROM practice_historicalclient)"
    )
    assert last >= most
    for statement in ("DELETE FROM trail_auditevent", "UPDATE clinic_sessions_reading SET systolic = 1"):
        with pytest.raises(Exception, match=r"permission denied|append-only"):
            sql(statement)
    ((detail,),) = sql("SELECT detail FROM trail_auditevent WHERE action = 'practice.import'")
    assert set(detail if isinstance(detail, dict) else json.loads(detail)) == {"export", "manifest"}


def test_a_share_of_five_years_leaves_and_comes_in(
    fresh: Fresh, test_run: TestRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a quarter of the readings and a third of the acts that it would have, half as many sessions a day and parts of
    half the size: each large table is still several files of many batches, in more than one month, and the archive is
    several pieces.
    """
    for module, name in ((seed, "A_DAY"), (selectors, "BATCH"), (practice_import, "BATCH")):
        monkeypatch.setattr(module, name, getattr(module, name) // 2)
    monkeypatch.setattr(group, "READINGS", group.READINGS // 4)
    monkeypatch.setattr(group, "ACTS", group.ACTS // 3)
    for module in (archive, pieces):
        monkeypatch.setattr(module, "PART_BYTES", 500_000)

    def live() -> None:
        trip.share_of_group(test_run, SHARE)
        with as_superuser() as intruder:
            intruder.execute("DELETE FROM billing_diagnosis WHERE id % 10 > 0")

    def look(told: dict[str, Any]) -> None:
        assert told["rows"] > 40_000
        assert told["size"] > 2 * archive.PART_BYTES
        call_command("verify_audit", stdout=io.StringIO())
        ((strays, months),) = sql(
            "SELECT count(*) FILTER (WHERE tableoid::regclass::text LIKE '%%_default'), count(DISTINCT tableoid)"
            " FROM trail_auditevent"
        )
        assert (strays, months >= 2) == (0, True)
        ((fewest,),) = sql(
            "SELECT least((SELECT count(*) FROM trail_auditevent), (SELECT count(*) FROM clinic_sessions_reading),"
            " (SELECT count(*) FROM clinic_sessions_historicalsession))"
        )
        assert fewest >= 10 * selectors.BATCH

    moved = trip.travelled(test_run, fresh, live=live, look=look)
    assert moved.differ == []


# --- while it is being made ------------------------------------------------------------------------------------------


def elsewhere(statement: str) -> list[Any]:
    """What another connection does meanwhile, as the program's own role."""
    url = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + "/" + connection.settings_dict["NAME"]
    with psycopg.connect(url, autocommit=True, options="-c kap.scope=all:test") as other:
        cursor = other.execute(statement)
        return cursor.fetchall() if cursor.description else []


def stopped(export: str, user: User) -> None:
    """Somebody stops it, in a request of their own."""

    def act() -> None:
        try:
            asking.stop_export(export_id=PracticeExport.objects.get(pk=export).pk, by=user, at=clock.now())
        finally:
            connections.close_all()

    thread = threading.Thread(target=act)
    thread.start()
    thread.join()


def test_what_happens_while_it_is_made_is_not_in_it(
    fresh: Fresh, test_run: TestRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Changed meanwhile, killed, begun anew, asked for twice, stopped: never a half, and never two."""
    path, real = tmp_path / "practice.zip", archive._table
    meanwhile: dict[str, Callable[[], Any]] = {}

    def table(zipped: Any, found: selectors.Table, listed: list[Any]) -> dict[str, Any]:
        meanwhile.get(found.name, lambda: None)()
        return real(zipped, found, listed)

    def killed() -> None:
        raise KeyboardInterrupt

    taken: list[int] = []
    parts = archive._parts

    def counted(rows: Iterator[str]) -> Iterator[list[bytes]]:
        for lines in parts(rows):
            taken.append(sum(map(len, lines)))
            yield lines

    monkeypatch.setattr(archive, "_table", table)
    monkeypatch.setattr(archive, "_parts", counted)
    for module in (archive, pieces):
        monkeypatch.setattr(module, "PART_BYTES", 100_000)
    monkeypatch.setattr("kapclinic.core.doorbell._send", lambda name, ids: None)
    with fresh():
        trip.share_of_group(test_run, 0.00001)
        with as_superuser() as intruder:
            intruder.execute("DELETE FROM billing_diagnosis")  # five archives are made here
        admin, director = trip.leaders()
        export = trip.asked(admin, director)
        meanwhile["practice_location"] = killed
        with pytest.raises(KeyboardInterrupt):
            work_on_practice_export(export_id=export)
        told = done(admin.get(f"practice-exports/{export}/"), 200)
        assert (told["state"], told["rows"], PracticeExportPiece.objects.count()) == ("running", None, 0)
        refused(admin.get(f"practice-exports/{export}/file/"), 409, "file_not_ready")
        refused(admin.post("practice-exports/", {"reason": trip.WHY}), 409, "export_open")
        taken.clear()
        held: list[Any] = []

        def moved() -> None:
            elsewhere("UPDATE practice_location SET phone = '303-555-0199'")
            held.extend(elsewhere(f"SELECT pg_try_advisory_xact_lock({working.AT_IT})"))

        meanwhile["practice_location"] = moved
        work_on_practice_export(export_id=export)
        trip.fetched(admin, export, path)
        work_on_practice_export(export_id=export)  # once more does nothing
        assert held == [(False,)]
        assert "303-555-0199" not in {row["phone"] for row in rows_in(path, "practice_location")}
        assert sql("SELECT DISTINCT phone FROM practice_location") == [("303-555-0199",)]
        sizes = list(PracticeExportPiece.objects.order_by("position").values_list("size", flat=True))
        assert len(sizes) > 5
        assert max(sizes) <= archive.PART_BYTES
        assert max(taken) < 2 * archive.PART_BYTES
        assert all(
            b"PK" not in bytes(row[0])[:2] for row in sql("SELECT sealed FROM billing_practiceexportpiece")
        )
        meanwhile.clear()
        _stopped_and_broken(admin, director, meanwhile, monkeypatch)


def _stopped_and_broken(
    admin: Desk, director: Desk, meanwhile: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is stopped while it is made, and one that breaks, leave nothing beside the one that is there."""
    pieces = PracticeExportPiece.objects.count()
    again = trip.asked(admin, director)
    meanwhile["practice_location"] = lambda: stopped(again, admin.user)
    work_on_practice_export(export_id=again)
    told = done(admin.get(f"practice-exports/{again}/"), 200)
    assert (told["state"], told["failure"], told["sha256"]) == ("failed", "stopped", None)
    meanwhile.clear()
    broken = trip.asked(admin, director)
    monkeypatch.setattr(archive, "_left_out", lambda: 1 / 0)
    work_on_practice_export(export_id=broken)
    told = done(admin.get(f"practice-exports/{broken}/"), 200)
    assert (told["state"], told["failure"]) == ("failed", "broken")
    assert PracticeExportPiece.objects.count() == pieces
