"""POST record-exports/: a copy of one person's whole record, made by the worker, sealed, handed out for some days."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pypdf
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, models, transaction
from django.test.utils import CaptureQueriesContext

from billing.models import RecordExport, RecordExportFile, RecordExportPart, RecordExportPiece
from billing.records import services
from billing.records.rendering import pieces
from billing.records.rendering.archive import LONG_AGO
from billing.records.rules.contents import LEFT_OUT, SECTIONS
from billing.records.rules.exports import KEPT_FOR
from billing.records.selectors import exports as selectors
from billing.records.tasks import work_on_record_export
from kapclinic.core import clock, crypto
from kapclinic.practice.models import Client
from kapclinic.trail.models import AuditEvent
from sessions.models import Note, PsychotherapyNote
from tests import cast as people
from tests.asking import done, events, refused, sql
from tests.billing.till import Till
from tests.cast import MONDAY, PERSON, Cast, Desk
from tests.screening.test_consent_documents import is_readable_aloud
from tests.sessions.files.test_attachments import PDF, send

PATH = "record-exports/"
SEAL = crypto.HEAD + crypto.NONCE_BYTES + 16  # what sealing adds
WHY = "Asked for by the client"
SECRET = "planted: told in confidence"
CLINICAL = {"nurse_practitioner", "therapist", "prescriber", "medical_director"}
QUERIES = 3  # who asks; the page with its count; the audit row
NOBODY = "0198c0de-0000-7000-8000-000000000000"


def asked(cast: Cast, client: Any, who: str = "director") -> dict[str, Any]:
    return cast.desk(who).must(PATH, {"client": str(client.pk), "reason": WHY}, status=202)


def made(cast: Cast, client: Any, who: str = "director") -> dict[str, Any]:
    """An export that was asked for and made."""
    export = asked(cast, client, who)
    work_on_record_export(export_id=export["id"])
    told = done(cast.desk(who).get(f"{PATH}{export['id']}/"), 200)
    assert told["state"] == "done", told
    return told


def archive(cast: Cast, export: dict[str, Any], who: str = "director") -> dict[str, bytes]:
    answer = cast.desk(who).get(f"{PATH}{export['id']}/file/")
    assert answer.status_code == 200, answer.content
    assert answer["Content-Disposition"] == f'attachment; filename="record-{export["id"]}.zip"'
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/zip", "nosniff")
    content = b"".join(answer.streaming_content)
    assert hashlib.sha256(content).hexdigest() == export["sha256"]
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        assert found.testzip() is None
        return {name: found.read(name) for name in found.namelist()}


@pytest.fixture
def client(cast: Cast) -> Any:
    return people.client(cast.north, by=cast.frontdesk)


# --- what it holds ---------------------------------------------------------------------------------------------------


def test_a_copy_holds_the_whole_record_and_no_psychotherapy_note(till: Till, cast: Cast) -> None:
    till.charge(till.dose())
    paper = done(till.superbill(), 201)
    client = till.client
    dose = client.sessions.get(kind="dosing")
    body = {"session": str(dose.pk), "text": SECRET}
    note = cast.desk("therapist").must("psychotherapy-notes/", body)
    assert PsychotherapyNote.objects.exists()
    file = done(send(cast, client), 201)
    wrong = done(send(cast, client, PDF + b"of another client"), 201)
    cast.desk("np").must(
        f"clients/{client.pk}/attachments/{wrong['id']}/void/", {"reason": "Of another client"}
    )
    stranger = people.client(cast.north, by=cast.frontdesk, first="Stranger", last="Elsewhere")
    export = made(cast, client)
    found = archive(cast, export)
    assert set(SECTIONS) < set(found)
    assert {name for name in found if name not in SECTIONS} == {
        f"evidence/evidence-{dose.pk}.pdf",
        f"billing/superbill-{paper['id']}.pdf",
        f"attachments/attachment-{file['id']}.pdf",
        *(f"notes/note-{key}.pdf" for key in Note.objects.values_list("pk", flat=True)),
        "manifest.json",
    }
    assert found[f"attachments/attachment-{file['id']}.pdf"] == PDF
    manifest = json.loads(found["manifest.json"])
    assert {row["name"]: row["sha256"] for row in manifest["files"]} == {
        name: hashlib.sha256(content).hexdigest()
        for name, content in found.items()
        if name != "manifest.json"
    }
    assert (manifest["client"], manifest["left_out"]) == (str(client.pk), [])
    text = b"".join(content for name, content in found.items() if name.endswith(".json")).decode()
    rows = {name: json.loads(found[name]) for name in SECTIONS}
    assert rows["client.json"]["client"][0]["legal_last_name"] == client.legal_last_name
    assert rows["sessions.json"]["administration"][0]["session"] == str(dose.pk)
    assert rows["sessions.json"]["reading"]
    assert rows["notes.json"]["note"][0]["sections"]
    assert rows["billing.json"]["superbill"][0]["number"] == paper["number"]
    assert rows["screening.json"]["consent"][0]["text"]
    for hidden in (SECRET, note["id"], "password", str(stranger.pk), "Elsewhere", "search_text"):
        assert hidden not in text
    progress = {"done": len(found) - 1, "total": len(found) - 1}
    assert (export["progress"], export["failure"], export["asked_by"]) == (progress, "", "Director")


def test_a_draft_is_no_record_yet(cast: Cast) -> None:
    session = people.completed_session(
        cast, people.cleared_program(cast), starts_at=MONDAY - timedelta(days=3)
    )
    people.written_note(session, by=cast.therapist)
    found = archive(cast, made(cast, session.client))
    assert json.loads(found["notes.json"]) == {"note": [], "addendum": []}
    assert b"said privately" not in b"".join(found.values())


def test_each_signed_note_is_a_paper_with_its_signatures_and_addenda(cast: Cast) -> None:
    cast.therapist.needs_cosign = True
    cast.therapist.save_by(cast.admin, at=clock.now())
    program = people.cleared_program(cast)
    first, second, third = (
        people.completed_session(cast, program, starts_at=MONDAY - timedelta(days=days)) for days in (5, 4, 3)
    )
    whole = people.cosigned_note(first, by=cast.therapist, cosigner=cast.prescriber)
    more = {"reason": "Left out", "text": "Slept badly.\nAte little.\n\nWill call."}
    added = done(cast.desk("therapist").post(f"notes/{whole.pk}/addenda/", more), 201)
    waits = people.signed_note(second, by=cast.therapist)
    draft = people.written_note(third, by=cast.therapist)
    found = archive(cast, made(cast, first.client))
    assert {name for name in found if name.startswith("notes/")} == {
        f"notes/note-{whole.pk}.pdf",
        f"notes/note-{waits.pk}.pdf",
    }
    manifest = json.loads(found["manifest.json"])
    assert {row["kind"] for row in manifest["files"] if row["name"].startswith("notes/")} == {"note"}
    assert "drafts of notes" in {row["name"] for row in manifest["never_held"]}
    assert str(draft.pk) not in b"".join(found.values()).decode("latin-1")

    def text(note: Note) -> str:
        reader = pypdf.PdfReader(io.BytesIO(found[f"notes/note-{note.pk}.pdf"]))
        assert is_readable_aloud(reader)
        return " ".join(" ".join(page.extract_text() for page in reader.pages).split())

    whole.refresh_from_db()
    told = text(whole)
    assert waits.signed_as is not None
    for words in (
        *("said privately", "Preparation note", first.client.mrn, whole.signature, whole.cosignature),
        *(
            whole.content_hash,
            str(waits.signed_as["npi"]),
            "Slept badly. Ate little. Will call.",
            added["signature"],
        ),
    ):
        assert words.replace(" ", "") in told.replace(" ", ""), words
    assert "waits for a second signature" in text(waits)
    # One that is given back while the copy is made has no words in it.
    export = asked(cast, first.client)
    body = {"comment": "Say what was agreed"}
    cast.desk("prescriber").must(f"notes/{waits.pk}/return/", body)
    work_on_record_export(export_id=export["id"])
    found = archive(cast, done(cast.desk("director").get(f"{PATH}{export['id']}/"), 200))
    assert "given back to its author" in text(waits)
    assert "said privately" not in text(waits)


def test_two_registrations_of_one_person_are_one_record(cast: Cast, client: Any) -> None:
    other = people.client(cast.north, by=cast.frontdesk, first="Robyn")
    file = done(send(cast, other), 201)
    same = {"into": str(client.pk), "reason": "the same person, registered twice"}
    cast.desk("director").must(f"clients/{other.pk}/merge/", same)
    found = archive(cast, made(cast, client))
    assert f"attachments/attachment-{file['id']}.pdf" in found
    assert len(json.loads(found["client.json"])["client"]) == 2


def test_what_is_too_much_for_one_archive_is_named(
    cast: Cast, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.records.rules.exports.MOST_FILES", len(PDF))
    first, second = (done(send(cast, client), 201) for _ in range(2))
    export = made(cast, client)
    left = [{"name": f"attachments/attachment-{second['id']}.pdf", "reason": "too_large"}]
    found = archive(cast, export)
    assert export["left_out"] == json.loads(found["manifest.json"])["left_out"] == left
    assert f"attachments/attachment-{first['id']}.pdf" in found


def _of_clients() -> Iterator[type[models.Model]]:
    """Every table that leads to a client, by whatever way."""
    ours = [
        model
        for model in apps.get_models()
        if model._meta.app_label in {"practice", "programs", "screening", "clinic_sessions", "billing"}
        and not hasattr(model, "instance_type")
    ]
    through = {"Protocol", "Location", "User", "ServiceCode", "Payer", "Package", "SlidingScale", "Room"}
    known: set[type[models.Model]] = {Client}
    while True:
        more = {
            model
            for model in ours
            if model not in known
            and model.__name__ not in through
            and any(
                field.related_model in known for field in model._meta.concrete_fields if field.is_relation
            )
        }
        if not more:
            return iter(known)
        known |= more


def test_every_table_of_a_client_is_in_the_copy_or_is_left_out_for_a_reason() -> None:
    held = {table.model.__name__ for tables in SECTIONS.values() for table in tables}
    assert {model.__name__ for model in _of_clients()} == held | set(LEFT_OUT)
    assert not held & set(LEFT_OUT)
    assert "PsychotherapyNote" in LEFT_OUT


# --- how it is made --------------------------------------------------------------------------------------------------


def test_a_worker_that_is_killed_leaves_every_file_made_or_not_begun(
    cast: Cast, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(cast, client)
    export = asked(cast, client)
    assert (export["state"], export["sha256"]) == ("queued", None)
    refused(cast.desk("director").get(f"{PATH}{export['id']}/file/"), 409, "file_not_ready")
    made_of, times = selectors.content_of, 0

    def killed(part: Any, **more: Any) -> bytes:
        nonlocal times
        times += 1
        if times == 3:
            raise KeyboardInterrupt
        return made_of(part, **more)

    monkeypatch.setattr(selectors, "content_of", killed)
    with pytest.raises(KeyboardInterrupt):
        services.work_on(export_id=UUID(export["id"]), at=clock.now())
    told = done(cast.desk("director").get(f"{PATH}{export['id']}/"), 200)
    assert (told["state"], told["progress"]["done"]) == ("running", 2)
    for row in sql("SELECT sealed FROM billing_recordexportpart WHERE sealed IS NOT NULL"):
        assert b"Sample" not in bytes(row[0])
    services.sweep_exports(at=clock.now())
    assert times == 1 + told["progress"]["total"]
    services.sweep_exports(at=clock.now())
    told = done(cast.desk("director").get(f"{PATH}{export['id']}/"), 200)
    assert (told["state"], told["progress"]["done"]) == ("done", told["progress"]["total"])
    archive(cast, told)
    assert not RecordExportPart.objects.exists()
    (sealed,) = sql("SELECT sealed FROM billing_recordexportfile")
    assert not bytes(sealed[0]).startswith(b"PK")


def test_one_that_breaks_fails_and_leaves_nothing(
    cast: Cast, client: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    export = asked(cast, client)

    def broken(part: Any, **more: Any) -> bytes:
        raise ValueError(client.legal_last_name)

    monkeypatch.setattr(selectors, "content_of", broken)
    services.work_on(export_id=UUID(export["id"]), at=clock.now())
    told = done(cast.desk("director").get(f"{PATH}{export['id']}/"), 200)
    assert (told["state"], told["failure"], told["sha256"]) == ("failed", "broken", None)
    assert client.legal_last_name not in caplog.text
    assert not RecordExportPart.objects.exists()


def test_who_asked_and_may_no_more_gets_nothing(cast: Cast, client: Any) -> None:
    export = asked(cast, client, "np")
    admin = Desk(cast.admin)
    assert admin.patch(f"staff/{cast.np.pk}/", {"is_active": False}).status_code == 200
    services.sweep_exports(at=clock.now())
    told = done(cast.desk("director").get(f"{PATH}{export['id']}/"), 200)
    assert (told["state"], told["failure"]) == ("failed", "not_permitted")


def test_one_of_the_wrong_client_is_stopped(cast: Cast, client: Any) -> None:
    export = asked(cast, client)
    assert export["allowed_moves"] == ["stop"]
    stopped = cast.desk("np").must(f"{PATH}{export['id']}/stop/", status=200)
    assert (stopped["state"], stopped["failure"], stopped["allowed_moves"]) == ("failed", "stopped", [])
    services.sweep_exports(at=clock.now())
    refused(cast.desk("np").post(f"{PATH}{export['id']}/stop/"), 409, "illegal_transition")
    refused(cast.desk("np").get(f"{PATH}{export['id']}/file/"), 409, "file_not_ready")
    assert not RecordExportPart.objects.exists()


def test_the_file_ends_after_its_days_and_the_row_says_what_was_handed_out(cast: Cast, client: Any) -> None:
    export = made(cast, client)
    ends = MONDAY + KEPT_FOR
    assert export["expires_at"] == ends.isoformat().replace("+00:00", "Z")
    services.sweep_exports(at=ends - timedelta(seconds=1))
    archive(cast, export)
    whole, rest = (
        cast.desk("director").get(f"{PATH}{export['id']}/file/"),
        f"/api/v1/{PATH}{export['id']}/file/",
    )
    content = b"".join(whole.streaming_content)
    size = len(content)
    for range_, condition, status, part in (
        ("bytes=100-", None, 206, slice(100, None)),  # of who was cut off
        ("bytes=0-9", whole["ETag"], 206, slice(0, 10)),
        ("bytes=100-", '"another"', 200, slice(None)),
        ("pages=1-2", None, 200, slice(None)),
    ):
        headers = {"Range": range_} | ({} if condition is None else {"If-Range": condition})
        answer = cast.desk("director").client.get(rest, headers=headers)
        told_of = b"".join(answer.streaming_content)
        assert (answer.status_code, told_of) == (status, content[part])
        assert (answer["Accept-Ranges"], answer["Content-Length"]) == ("bytes", str(len(told_of)))
        begins = part.start or 0
        told = f"bytes {begins}-{begins + len(told_of) - 1}/{size}" if status == 206 else None
        assert answer.headers.get("Content-Range") == told
    beyond = cast.desk("director").client.get(rest, headers={"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.json()["code"]) == (416, "range_not_satisfiable")
    with clock.fixed(ends):
        refused(cast.desk("director").get(f"{PATH}{export['id']}/file/"), 409, "file_ended")
        services.sweep_exports(at=ends)
        assert not RecordExportFile.objects.exists()
        refused(cast.desk("director").get(f"{PATH}{export['id']}/file/"), 409, "file_ended")
        assert done(cast.desk("director").get(f"{PATH}{export['id']}/"), 200)["sha256"] == export["sha256"]


def test_a_large_record_is_packed_and_handed_out_in_pieces(
    cast: Cast, client: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Nobody holds all of it, and its bytes are those of a file that is written whole."""
    monkeypatch.setattr(pieces, "PART_BYTES", 700)
    export = made(cast, client)
    key = UUID(export["id"])
    first, rest = RecordExportFile.objects.get(pk=key), RecordExportPiece.objects.filter(export=key)
    sizes = [len(first.sealed) - SEAL, *rest.order_by("position").values_list("size", flat=True)]
    assert len(sizes) > 3
    assert set(sizes[:-1]) == {700}
    assert all(b"legal_last_name" not in bytes(row.sealed) for row in rest)
    files = archive(cast, export)
    again = io.BytesIO()
    with zipfile.ZipFile(again, "w") as plain:
        for name, content in files.items():
            how = zipfile.ZIP_DEFLATED if name.endswith(".json") else zipfile.ZIP_STORED
            plain.writestr(zipfile.ZipInfo(name, date_time=LONG_AGO), content, compress_type=how)
    assert hashlib.sha256(again.getvalue()).hexdigest() == export["sha256"]
    url = f"/api/v1/{PATH}{export['id']}/file/"
    for start, stop in ((0, 1), (699, 700), (700, 701), (650, 1500), (sum(sizes) - 1, sum(sizes))):
        answer = cast.desk("director").client.get(url, headers={"Range": f"bytes={start}-{stop - 1}"})
        assert (answer.status_code, b"".join(answer.streaming_content)) == (
            206,
            again.getvalue()[start:stop],
        )
    settings.FIELD_KEYS = [base64.b64encode(bytes(range(32))).decode(), *settings.FIELD_KEYS]
    assert services.reseal_exports() == len(sizes)
    archive(cast, export)
    for statement in (
        "UPDATE billing_recordexportpiece SET position = position + 50",
        "UPDATE billing_recordexportpiece SET size = 1",
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            sql(statement)
    row = RecordExport.objects.get(pk=key)
    for broken in (
        lambda: rest.filter(position=2).delete(),
        lambda: rest.filter(position=1).update(sealed=rest.get(position=2).sealed),
    ):
        point = transaction.savepoint()
        broken()
        with pytest.raises(crypto.Undecipherable):  # never a half of it
            list(selectors.archive_of(row))
        transaction.savepoint_rollback(point)
    services.sweep_exports(at=MONDAY + KEPT_FOR)
    assert not RecordExportFile.objects.exists()
    assert not rest.all().exists()


def test_a_new_key_seals_the_file_and_what_is_still_being_made(
    cast: Cast, client: Any, settings: Any
) -> None:
    export, other = made(cast, client), asked(cast, client)
    services.work_on(export_id=UUID(other["id"]), at=clock.now(), seconds=0.001)
    new = base64.b64encode(bytes(range(32))).decode()
    settings.FIELD_KEYS = [new, *settings.FIELD_KEYS]
    call_command("rotate_field_keys", stdout=io.StringIO())
    settings.FIELD_KEYS = [new]
    archive(cast, export)
    services.sweep_exports(at=clock.now())
    archive(cast, done(cast.desk("director").get(f"{PATH}{other['id']}/"), 200))


# --- who -------------------------------------------------------------------------------------------------------------


def test_clinicians_and_the_director_make_copies_and_each_is_in_the_access_log(
    cast: Cast, client: Any
) -> None:
    export = made(cast, client, "therapist")
    archive(cast, export)
    body = {"client": str(client.pk), "reason": WHY}
    for role, name in PERSON.items():
        may = role in CLINICAL
        desk = cast.desk(name)
        for answer, good in (
            (desk.get(PATH), 200),
            (desk.get(f"{PATH}{export['id']}/"), 200),
            (desk.get(f"{PATH}{export['id']}/file/"), 200),
            (desk.post(PATH, body), 202),
        ):
            assert answer.status_code == (good if may else 403), (name, answer.content)
    for act in ("create", "file"):
        assert (cast.therapist.pk if act == "create" else cast.director.pk, "ok", [client.pk]) in events(
            f"record_export.{act}"
        )
    assert WHY not in str(list(AuditEvent.objects.values()))
    south = cast.desk("south_np")
    for tail in ("", "file/"):
        refused(south.get(f"{PATH}{export['id']}/{tail}"), 404, "not_found")
    refused(south.post(PATH, body), 400, "not_found", "/client")
    refused(cast.desk("np").post(PATH, body | {"client": NOBODY}), 400, "not_found", "/client")
    refused(cast.desk("np").post(PATH, {"client": str(client.pk)}), 400, "required", "/reason")


def test_a_copy_takes_somebody_of_all_places_where_the_client_is_seen(cast: Cast) -> None:
    places = {"locations": [cast.north.pk, cast.south.pk]}
    cast.people["head"] = people.staff("head", ["medical_director"], cast.north, **places)
    both = people.client(cast.north, by=cast.people["head"], **places)
    body = {"client": str(both.pk), "reason": WHY}
    refused(cast.desk("np").post(PATH, body), 409, "seen_elsewhere")
    assert not RecordExport.objects.exists()
    export = made(cast, both, "head")
    refused(cast.desk("np").get(f"{PATH}{export['id']}/file/"), 404, "not_found")


def test_the_list_costs_the_same_at_one_export_and_at_fifty(cast: Cast, client: Any) -> None:
    for many in (1, 50):
        while RecordExport.objects.count() < many:
            asked(cast, client)
        with CaptureQueriesContext(connection) as queries:
            found = done(cast.desk("director").get(PATH, client=str(client.pk), page_size="200"), 200)
        assert (found["count"], len(queries)) == (many, QUERIES)
        assert found["results"][-1]["progress"]["done"] == 0


def test_the_database_keeps_what_was_asked_and_how_it_ended(cast: Cast, client: Any) -> None:
    asked(cast, client)
    for statement in (
        "UPDATE billing_recordexport SET reason = 'x'",
        "UPDATE billing_recordexport SET locations = '{}'",
        "DELETE FROM billing_recordexport",
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            sql(statement)
    services.sweep_exports(at=clock.now())
    for statement in (
        "UPDATE billing_recordexport SET sha256 = repeat('a', 64)",
        "UPDATE billing_recordexport SET expires_at = expires_at + interval '1 year'",
        "UPDATE billing_recordexportfile SET export_id = gen_random_uuid()",
    ):
        with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
            sql(statement)
