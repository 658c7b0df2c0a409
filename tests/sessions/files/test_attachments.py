"""Files of a client: what they are by their own bytes, sealed in the database, handed out as downloads."""

from __future__ import annotations

import base64
import hashlib
from io import StringIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from kapclinic.trail.models import AuditEvent
from sessions.files import rules, selectors, services
from sessions.models import Attachment, AttachmentContent
from tests import cast as people
from tests.asking import done, refused, sql
from tests.cast import MONDAY, PERSON, Cast

PDF = b"%PDF-1.7\nLiver values of Robin Sample\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF"
CLINICAL = {"nurse_practitioner", "therapist", "prescriber", "medical_director"}


@pytest.fixture
def client(cast: Cast) -> Any:
    return people.client(cast.north, by=cast.frontdesk)


def send(
    cast: Cast, client: Any, content: bytes = PDF, *, who: str = "np", key: str = "", **form: Any
) -> Any:
    body = {"file": SimpleUploadedFile("Sample liver.exe", content, content_type="text/html")} | form
    headers = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    return cast.desk(who).client.post(
        f"/api/v1/clients/{client.pk}/attachments/", body, format="multipart", **headers
    )


def test_a_file_is_what_its_bytes_say_and_comes_back_as_a_download(cast: Cast, client: Any) -> None:
    made = done(send(cast, client, title="Liver"), 201)
    assert (made["media_type"], made["size"], made["title"]) == ("application/pdf", len(PDF), "Liver")
    assert made["sha256"] == hashlib.sha256(PDF).hexdigest()
    path = f"clients/{client.pk}/attachments/{made['id']}"
    for who, what in (("therapist", "retrieve"), ("prescriber", "file")):
        found = cast.desk(who).get(f"{path}/{'file/' if what == 'file' else ''}")
        assert found.status_code == 200
    assert found.content == PDF
    assert found["Content-Type"] == "application/pdf"
    assert found["Content-Disposition"] == f'attachment; filename="attachment-{made["id"]}.pdf"'
    assert (found["X-Content-Type-Options"], found["Cache-Control"]) == ("nosniff", "private, no-store")
    log = cast.desk("director").get(f"clients/{client.pk}/access-log/", object_type="attachment").json()
    acts = [(row["action"], row["object_id"]) for row in log["results"]]
    assert acts == [(f"attachment.{what}", made["id"]) for what in ("file", "retrieve", "create")]
    assert "liver" not in str(list(AuditEvent.objects.values())).lower()
    for content, kind in ((PNG, "image/png"), (JPEG, "image/jpeg")):
        assert done(send(cast, client, content), 201)["media_type"] == kind


@pytest.mark.parametrize(
    ("content", "form", "pointer", "code"),
    [
        (b"<html><script>alert(1)</script>", {}, "/file", "media_type"),
        (b"\x00%PDF-1.7", {}, "/file", "media_type"),
        (b"GIF89a", {}, "/file", "media_type"),
        (b"", {}, "/file", "empty"),
        (b"%PDF-" + bytes(rules.MOST_BYTES), {}, "/file", "too_large"),
        (PDF, {"session": "x"}, "/session", "unknown_field"),
        (PDF, {"file": "no file"}, "/file", "invalid"),
    ],
)
def test_nothing_else_is_kept(
    cast: Cast, client: Any, content: bytes, form: dict[str, str], pointer: str, code: str
) -> None:
    refused(send(cast, client, content, **form), 400, code, pointer)
    assert not Attachment.objects.exists()


def test_neither_a_body_in_json_nor_one_that_is_far_too_long_is_read(cast: Cast, client: Any) -> None:
    path = f"clients/{client.pk}/attachments/"
    assert cast.desk("np").post(path, {"file": base64.b64encode(PDF).decode()}).status_code == 415
    refused(send(cast, client, b"%PDF-" + bytes(22_000_000)), 413, "payload_too_large")
    long = {"client": str(client.pk), "reason": "x" * 1_000_001}
    refused(cast.desk("director").post("legal-holds/", long), 413, "payload_too_large")
    assert not Attachment.objects.exists()


def test_the_largest_file_that_is_allowed_is_kept_whole(cast: Cast, client: Any) -> None:
    content = PNG + bytes(rules.MOST_BYTES - len(PNG))
    made = done(send(cast, client, content), 201)
    row = Attachment.objects.get(pk=made["id"])
    assert hashlib.sha256(selectors.bytes_of(row)).hexdigest() == made["sha256"]


def test_the_same_key_keeps_the_file_once_though_the_browser_parts_the_form_anew(
    cast: Cast, client: Any
) -> None:
    path, desk = f"/api/v1/clients/{client.pk}/attachments/", cast.desk("np").client
    said = []
    for word in ("one", "two"):
        head = f'--{word}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        body = head.encode() + PDF + f"\r\n--{word}--\r\n".encode()
        kind = f"multipart/form-data; boundary={word}"
        said.append(desk.generic("POST", path, body, content_type=kind, HTTP_IDEMPOTENCY_KEY="once"))
    assert [done(answer, 201)["id"] for answer in said] == [str(Attachment.objects.get().pk)] * 2
    assert said[1]["Idempotency-Replayed"] == "true"


def test_a_file_in_the_wrong_record_is_taken_back_and_only_the_director_opens_it(
    cast: Cast, client: Any
) -> None:
    made = done(send(cast, client), 201)
    path = f"clients/{client.pk}/attachments/{made['id']}"
    refused(cast.desk("np").post(f"{path}/void/", {}), 400, "required", "/reason")
    voided = cast.desk("np").must(f"{path}/void/", {"reason": "Of another client"}, status=200)
    assert (voided["voided"]["reason"], voided["allowed_moves"]) == ("Of another client", [])
    refused(cast.desk("np").post(f"{path}/void/", {"reason": "Of another client"}), 409, "already_void")
    closed = refused(cast.desk("np").get(f"{path}/file/"), 409, "voided")
    assert "liver" not in str(closed).lower()
    assert cast.desk("director").get(f"{path}/file/").content == PDF
    listed = done(cast.desk("np").get(f"clients/{client.pk}/attachments/", voided="false"), 200)
    assert listed["results"] == []


def test_who_may_not_read_the_record_reads_no_file_of_it(cast: Cast, client: Any) -> None:
    made = done(send(cast, client), 201)
    other = people.client(cast.north, by=cast.frontdesk, first="Other")
    path = f"clients/{client.pk}/attachments/"
    for role, name in PERSON.items():
        for address in (path, f"{path}{made['id']}/", f"{path}{made['id']}/file/"):
            answer = cast.desk(name).get(address)
            assert answer.status_code == (200 if role in CLINICAL else 403), (name, address)
            if role not in CLINICAL:
                assert b"iver" not in answer.content
        sent = send(cast, client, who=name).status_code
        assert sent == (201 if role in CLINICAL else 403), name
    for address in (path, f"{path}{made['id']}/file/"):
        refused(cast.desk("south_np").get(address), 404, "not_found")
    refused(cast.desk("np").get(f"clients/{other.pk}/attachments/{made['id']}/file/"), 404, "not_found")


def test_the_list_costs_the_same_at_one_file_and_at_fifty(cast: Cast, client: Any) -> None:
    cast.desk("np").get("rooms/")
    for many in (1, 50):
        while Attachment.objects.count() < many:
            services.attach(
                client_id=client.pk, content=PDF, file_name="a.pdf", title="", by=cast.np, at=MONDAY
            )
        with CaptureQueriesContext(connection) as queries:
            found = cast.desk("np").get(f"clients/{client.pk}/attachments/", page_size="200")
        assert (done(found, 200)["count"], len(queries)) == (many, 4)  # one more: whose record it is


# --- at rest ---------------------------------------------------------------------------------------------------------


def test_the_database_holds_no_word_of_a_file_and_no_file_opens_in_another_row(
    cast: Cast, client: Any
) -> None:
    first = done(send(cast, client), 201)
    second = done(send(cast, client, PDF + b"more"), 201)
    (sealed,) = sql(
        "SELECT sealed FROM clinic_sessions_attachmentcontent WHERE attachment_id = %s", first["id"]
    )
    assert b"Liver" not in bytes(sealed[0])
    sql(
        "UPDATE clinic_sessions_attachmentcontent SET sealed = %s WHERE attachment_id = %s",
        bytes(sealed[0]),
        second["id"],
    )
    with pytest.raises(Exception, match="another row"):
        selectors.bytes_of(Attachment.objects.get(pk=second["id"]))


def test_a_new_key_seals_the_files_too(cast: Cast, client: Any, settings: Any) -> None:
    made = done(send(cast, client), 201)
    new = base64.b64encode(bytes(range(32))).decode()
    settings.FIELD_KEYS = [new, *settings.FIELD_KEYS]
    out = StringIO()
    call_command("rotate_field_keys", stdout=out)
    assert "1 attachments sealed again" in out.getvalue()
    settings.FIELD_KEYS = [new]
    assert selectors.bytes_of(Attachment.objects.get(pk=made["id"])) == PDF


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE clinic_sessions_attachment SET sha256 = ''",
        "DELETE FROM clinic_sessions_attachment",
        "DELETE FROM clinic_sessions_attachmentcontent",
        "UPDATE clinic_sessions_attachmentcontent SET attachment_id = gen_random_uuid()",
        "TRUNCATE clinic_sessions_attachmentcontent",
    ],
)
def test_the_database_lets_no_file_go(cast: Cast, client: Any, statement: str) -> None:
    send(cast, client)
    with pytest.raises(DatabaseError), transaction.atomic():
        sql(statement)
    assert AttachmentContent.objects.count() == 1
