"""Clinical notes over HTTP: write, autosave, sign, cosign, add, read."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from kapclinic.core import clock
from kapclinic.practice.entry_models import LoginFailures
from kapclinic.trail.models import Task
from sessions.booking.models import Session
from sessions.notes import rules, selectors
from sessions.notes.models import Addendum, Note
from tests.asking import events
from tests.cast import MONDAY, PASSWORD, Cast, ended_session
from tests.sessions.notes.writing import DAP, NOTES, Book, add, begun, body, patch, sign, signed_note, write

READERS = ("np", "therapist", "prescriber", "director")
OUTSIDERS = ("frontdesk", "billing", "admin")
WRITES = {
    "preparation": {"therapist"},
    "integration": {"therapist"},
    "dosing": {"np", "therapist", "prescriber"},
    "medical": {"np", "prescriber"},
}
EVERYONE = ("np", "therapist", "prescriber", "director", "frontdesk", "billing", "admin")


# --- writing ------------------------------------------------------------------------------------------------------


def test_a_therapist_begins_a_note_as_a_draft(cast: Cast, book: Book) -> None:
    answer = write(cast, book)
    assert answer.status_code == 201, answer.data
    assert answer["ETag"] == '"1"'
    note = answer.data
    assert (note["status"], note["sections"], note["frame"]) == ("draft", DAP, "dap")
    assert note["author"] == str(cast.therapist.pk)
    assert note["client"] == str(book["dosing"].client_id)
    assert note["program"] == str(book["dosing"].program_id)
    assert (note["session_kind"], note["session_number"], note["client_name"]) == (
        "integration",
        2,
        "Robin Sample",
    )
    assert (note["signed_at"], note["content_hash"], note["addenda"]) == (None, "", [])
    assert note["allowed_moves"] == ["edit", "sign", "discard"]
    assert cast.desk("therapist").get(f"{NOTES}{note['id']}/").data == note


@pytest.mark.parametrize("kind", WRITES)
@pytest.mark.parametrize("who", EVERYONE)
def test_each_kind_of_note_is_written_by_its_own_roles(cast: Cast, book: Book, kind: str, who: str) -> None:
    answer = write(cast, book, who, kind)
    allowed = who in WRITES[kind]
    assert answer.status_code == (201 if allowed else 403), answer.data
    assert Note.objects.count() == (1 if allowed else 0)


def test_a_note_is_of_the_kind_of_its_session(cast: Cast, book: Book) -> None:
    answer = write(cast, book, "therapist", "integration", session=str(book["dosing"].pk))
    assert answer.status_code == 400
    assert answer.data["errors"] == [
        {"pointer": "/kind", "code": "kind_mismatch", "detail": "This is a dosing session."}
    ]
    assert not Note.objects.exists()


@pytest.mark.parametrize(("who", "kind"), [("therapist", "integration"), ("prescriber", "medical")])
def test_a_maintenance_session_is_written_up_as_therapy_or_as_a_medical_visit(
    cast: Cast, book: Book, who: str, kind: str
) -> None:
    assert write(cast, book, who, kind, session=str(book["maintenance"].pk)).status_code == 201


@pytest.mark.parametrize(
    ("frame", "sections", "pointer"),
    [
        ("dap", {"subjective": "x"}, "/sections/subjective"),
        ("soap", {"data": "x"}, "/sections/data"),
        ("birp", {"behaviour": "x"}, "/sections/behaviour"),
        ("free", {"": "x"}, "/sections"),
        ("free", {"a" * 61: "x"}, "/sections"),
        ("free", {f"s{n}": "x" for n in range(31)}, "/sections"),
        ("free", {"a\nb": "x"}, "/sections"),
        ("letter", {"data": "x"}, "/frame"),
        ("dap", {"data": {"more": "x"}}, "/sections/data"),
        ("dap", {"data": "x" * 20_001}, "/sections/data"),
        ("dap", ["data"], "/sections"),
    ],
)
def test_sections_are_those_of_the_frame(
    cast: Cast, book: Book, frame: str, sections: Any, pointer: str
) -> None:
    answer = write(cast, book, frame=frame, sections=sections)
    assert answer.status_code == 400
    assert answer.data["errors"][0]["pointer"] == pointer
    assert not Note.objects.exists()


@pytest.mark.parametrize("frame", ["dap", "soap", "birp"])
def test_every_section_of_a_frame_is_taken(cast: Cast, book: Book, frame: str) -> None:
    sections = dict.fromkeys(rules.FRAMES[frame], "words")
    assert write(cast, book, frame=frame, sections=sections).data["sections"] == sections


def test_a_free_note_has_the_sections_that_its_author_wants(cast: Cast, book: Book) -> None:
    sections = {"Intention": "to rest", "música": "Satie "}
    assert write(cast, book, frame="free", sections=sections).data["sections"] == sections


def test_an_author_has_one_note_of_a_kind_on_a_session(cast: Cast, book: Book) -> None:
    write(cast, book)
    answer = write(cast, book)
    assert (answer.status_code, answer.data["code"]) == (409, "conflict")
    assert write(cast, book, "other_therapist").status_code == 201
    assert Note.objects.count() == 2


def test_there_is_no_note_on_a_session_that_does_not_take_place(cast: Cast, book: Book) -> None:
    ended_session(book["integration"], "cancel", by=cast.frontdesk)
    assert write(cast, book).status_code == 409
    assert not Note.objects.exists()


def test_a_session_of_another_location_does_not_exist_for_the_author(cast: Cast, book: Book) -> None:
    for session in (str(book["integration"].pk), str(uuid4())):
        answer = write(cast, book, "south_therapist", session=session)
        assert answer.status_code == 400
        assert answer.data["errors"][0]["pointer"] == "/session"
    assert not Note.objects.exists()


# --- autosave -----------------------------------------------------------------------------------------------------


def test_a_draft_is_saved_while_it_is_written(cast: Cast, book: Book) -> None:
    note = write(cast, book).data["id"]
    saved = patch(cast, "therapist", note, {"sections": {"data": "One "}})
    assert (saved.status_code, saved["ETag"]) == (200, '"2"')
    assert saved.data["sections"] == DAP | {"data": "One "}
    saved = patch(cast, "therapist", note, {"frame": "soap", "sections": {"objective": "Calm"}}, etag='"2"')
    shared = {"assessment": DAP["assessment"], "plan": DAP["plan"]}
    assert (saved.data["frame"], saved.data["sections"]) == ("soap", shared | {"objective": "Calm"})


@pytest.mark.parametrize(("etag", "status"), [("", 428), ('"7"', 412)])
def test_a_stale_page_does_not_overwrite_a_draft(cast: Cast, book: Book, etag: str, status: int) -> None:
    note = write(cast, book).data["id"]
    assert patch(cast, "therapist", note, {"sections": {"data": "lost"}}, etag=etag).status_code == status
    assert Note.objects.get().sections == DAP


@pytest.mark.parametrize(
    "change", [{"frame": "soap"}, {"sections": {"objective": "x"}}, {"status": "signed"}, {"kind": "medical"}]
)
def test_a_change_that_the_note_cannot_have_is_refused(
    cast: Cast, book: Book, change: dict[str, Any]
) -> None:
    note = write(cast, book).data["id"]
    assert patch(cast, "therapist", note, change).status_code == 400
    row = Note.objects.get()
    assert (row.version, row.frame, row.sections, row.status) == (1, "dap", DAP, "draft")


def test_only_the_author_edits_and_signs(cast: Cast, book: Book) -> None:
    note = write(cast, book).data["id"]
    for who in ("other_therapist", "np", "prescriber"):
        assert patch(cast, who, note, {"sections": {"data": "mine"}}).status_code == 403, who
        assert sign(cast, who, note).status_code == 403, who
    row = Note.objects.get()
    assert (row.version, row.sections, row.status) == (1, DAP, "draft")


# --- signing ------------------------------------------------------------------------------------------------------


def test_a_signature_closes_the_note_under_the_signers_name_and_license(cast: Cast, book: Book) -> None:
    note = write(cast, book).data["id"]
    with clock.fixed(MONDAY):
        answer = sign(cast, "therapist", note)
    assert answer.status_code == 200, answer.data
    signed = answer.data
    assert (signed["status"], signed["signed_at"]) == ("signed", "2026-05-04T15:00:00Z")
    assert signed["signed_by"] == str(cast.therapist.pk)
    assert signed["signature"] == "Therapist, LCSW, license CO L-1"
    assert signed["allowed_moves"] == ["addenda"]
    row = Note.objects.get()
    assert signed["content_hash"] == row.content_hash == rules.content_hash(row)
    changed = cast.therapist
    changed.name, changed.credentials = "Somebody Else", "PhD"
    changed.save_by(cast.admin, at=MONDAY)
    again = cast.desk("therapist").get(f"{NOTES}{note}/").data
    assert again["signature"] == "Therapist, LCSW, license CO L-1"


def test_a_wrong_password_signs_nothing(cast: Cast, book: Book) -> None:
    note = write(cast, book).data["id"]
    answer = sign(cast, "therapist", note, password="not mine")
    assert (answer.status_code, answer.data["code"]) == (403, "reauthentication_failed")
    row = Note.objects.get()
    assert (row.status, row.version, row.signed_at) == ("draft", 1, None)
    assert events("note.sign") == [(cast.therapist.pk, "refused", [])]
    for missing in ({}, {"password": ""}, {"password": None}):
        answer = cast.desk("therapist").post(f"{NOTES}{note}/sign/", missing)
        assert answer.status_code == 400
    assert Note.objects.get().status == "draft"


@pytest.mark.django_db(transaction=True)
def test_wrong_passwords_at_signing_lock_the_signature(cast: Cast, book: Book, settings: Any) -> None:
    settings.LOGIN_ATTEMPTS = 2
    note = write(cast, book).data["id"]
    sign(cast, "therapist", note, password="wrong")
    assert LoginFailures.objects.get().count == 1
    sign(cast, "therapist", note, password="wrong")
    assert sign(cast, "therapist", note).status_code == 403
    assert Note.objects.get().status == "draft"


def test_an_empty_note_is_not_signed(cast: Cast, book: Book) -> None:
    note = write(cast, book, sections={"data": "  "}).data["id"]
    answer = sign(cast, "therapist", note)
    assert (answer.status_code, answer.data["code"]) == (409, "conflict")
    assert Note.objects.get().status == "draft"


def test_a_signed_note_is_neither_edited_nor_signed_again(cast: Cast, book: Book) -> None:
    note = signed_note(cast, book)
    before = Note.objects.values().get()
    answer = patch(cast, "therapist", note, {"sections": {"data": "other"}}, etag='"2"')
    assert (answer.status_code, answer.data["code"]) == (409, "illegal_transition")
    answer = sign(cast, "therapist", note)
    assert (answer.status_code, answer.data["code"]) == (409, "illegal_transition")
    assert Note.objects.values().get() == before


def test_the_password_is_kept_nowhere(cast: Cast, book: Book) -> None:
    note = write(cast, book).data["id"]
    begun(book["integration"])
    api = cast.desk("therapist")
    from kapclinic.trail.models import AuditEvent, IdempotencyRecord

    answer = api.post(f"{NOTES}{note}/sign/", {"password": PASSWORD}, key="k")
    assert answer.status_code == 200
    kept = str([*IdempotencyRecord.objects.values(), *AuditEvent.objects.values()])
    assert PASSWORD not in kept


# --- second signature ---------------------------------------------------------------------------------------------


def test_a_trainees_note_waits_for_a_licensed_colleague(cast: Cast, book: Book) -> None:
    note = write(cast, book, "trainee").data["id"]
    answer = sign(cast, "trainee", note)
    assert (answer.status_code, answer.data["status"]) == (200, "cosign_pending")
    assert answer.data["allowed_moves"] == []
    task = Task.objects.get(kind="note_cosign")
    assert (str(task.subject_id), task.client, set(task.roles)) == (
        note,
        book["dosing"].client_id,
        {"therapist", "prescriber"},
    )
    assert not selectors.signed_note_exists(session_id=book["integration"].pk)
    assert patch(cast, "trainee", note, {"sections": {"data": "other"}}, etag='"2"').status_code == 409
    read = cast.desk("therapist").get(f"{NOTES}{note}/").data
    assert read["allowed_moves"] == ["cosign", "return"]
    answer = sign(cast, "therapist", note, move="cosign")
    assert (answer.status_code, answer.data["status"]) == (200, "signed")
    assert answer.data["cosigner"] == str(cast.therapist.pk)
    assert answer.data["cosignature"] == "Therapist, LCSW, license CO L-1"
    assert answer.data["signed_by"] == str(cast.trainee.pk)
    assert selectors.signed_note_exists(session_id=book["integration"].pk)
    assert Task.objects.get(kind="note_cosign").state == "done"


@pytest.mark.parametrize("who", ["trainee", "np", "director", "frontdesk", "billing", "admin"])
def test_who_is_not_a_licensed_colleague_does_not_cosign(cast: Cast, book: Book, who: str) -> None:
    note = write(cast, book, "trainee").data["id"]
    sign(cast, "trainee", note)
    assert sign(cast, who, note, move="cosign").status_code == 403
    assert Note.objects.get().status == "cosign_pending"


def test_another_trainee_and_a_wrong_password_do_not_cosign(cast: Cast, book: Book) -> None:
    note = write(cast, book, "trainee").data["id"]
    sign(cast, "trainee", note)
    other = cast.other_therapist
    other.needs_cosign = True
    other.save_by(cast.admin, at=MONDAY)
    assert sign(cast, "other_therapist", note, move="cosign").status_code == 403
    answer = sign(cast, "prescriber", note, move="cosign", password="wrong")
    assert (answer.status_code, answer.data["code"]) == (403, "reauthentication_failed")
    row = Note.objects.get()
    assert (row.status, row.cosigner_id) == ("cosign_pending", None)
    assert sign(cast, "prescriber", note, move="cosign").status_code == 200


@pytest.mark.parametrize("state", ["draft", "signed"])
def test_only_a_note_that_waits_is_cosigned(cast: Cast, book: Book, state: str) -> None:
    note = write(cast, book).data["id"]
    if state == "signed":
        sign(cast, "therapist", note)
    answer = sign(cast, "prescriber", note, move="cosign")
    assert (answer.status_code, answer.data["code"]) == (409, "illegal_transition")
    assert Note.objects.get().status == state


# --- addenda ------------------------------------------------------------------------------------------------------


def test_what_a_signed_note_lacked_is_added_beside_it(cast: Cast, book: Book) -> None:
    note = signed_note(cast, book)
    with clock.fixed(MONDAY):
        first, second = add(cast, "therapist", note), add(cast, "other_therapist", note, "And ate.")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data["author"] == str(cast.therapist.pk)
    read = cast.desk("np").get(f"{NOTES}{note}/").data
    assert [row["text"] for row in read["addenda"]] == ["She had slept well.", "And ate."]
    assert read["addenda"][0] == first.data
    assert (read["sections"], read["status"], read["version"]) == (DAP, "signed", 2)
    one, two = Addendum.objects.order_by("number")
    assert (one.previous_hash, two.previous_hash) == (Note.objects.get().content_hash, one.hash)


def test_nothing_is_added_to_a_note_that_is_not_signed(cast: Cast, book: Book) -> None:
    draft = write(cast, book).data["id"]
    pending = write(cast, book, "trainee").data["id"]
    sign(cast, "trainee", pending)
    for note, who in ((draft, "therapist"), (pending, "trainee")):
        answer = add(cast, who, note)
        assert (answer.status_code, answer.data["code"]) == (409, "illegal_transition")
    assert not Addendum.objects.exists()


@pytest.mark.parametrize("who", ["np", "prescriber", *OUTSIDERS])
def test_an_addendum_comes_from_a_role_that_writes_such_notes(cast: Cast, book: Book, who: str) -> None:
    note = signed_note(cast, book)
    assert add(cast, who, note).status_code == 403
    assert not Addendum.objects.exists()


def test_an_addendum_gives_its_reason(cast: Cast, book: Book) -> None:
    note = signed_note(cast, book)
    for wrong in ({"text": "x"}, {"reason": "left out"}, {"reason": "", "text": "x"}):
        assert cast.desk("therapist").post(f"{NOTES}{note}/addenda/", wrong).status_code == 400
    assert not Addendum.objects.exists()


# --- reading ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", READERS)
def test_clinicians_read_notes_and_the_reading_is_logged(cast: Cast, book: Book, who: str) -> None:
    note = write(cast, book).data["id"]
    api = cast.desk(who)
    assert api.get(f"{NOTES}{note}/").status_code == 200
    assert api.get(NOTES).data["count"] == 1
    for action in ("note.retrieve", "note.list"):
        assert events(action) == [(cast.people[who].pk, "ok", [book["dosing"].client_id])]


@pytest.mark.parametrize("who", OUTSIDERS)
def test_front_desk_billing_and_admin_see_no_note(cast: Cast, book: Book, who: str) -> None:
    note = write(cast, book).data["id"]
    api = cast.desk(who)
    for path in (NOTES, f"{NOTES}{note}/"):
        answer = api.get(path)
        assert answer.status_code == 403
        assert "Spoke" not in answer.content.decode()


def test_a_note_of_another_location_does_not_exist(cast: Cast, book: Book) -> None:
    note = write(cast, book).data["id"]
    api = cast.desk("south_therapist")
    assert api.get(NOTES).data["count"] == 0
    assert api.get(f"{NOTES}{note}/").status_code == 404
    assert patch(cast, "south_therapist", note, {"sections": {}}).status_code == 404
    assert sign(cast, "south_therapist", note).status_code == 404
    assert add(cast, "south_therapist", note).status_code == 404
    assert Note.objects.get().version == 1


def test_notes_are_found_by_session_program_client_kind_status_and_author(cast: Cast, book: Book) -> None:
    integration = signed_note(cast, book)
    dosing = write(cast, book, "np", "dosing").data["id"]
    api = cast.desk("np")

    def found(**query: Any) -> set[str]:
        return {row["id"] for row in api.get(NOTES, **query).data["results"]}

    assert found() == {integration, dosing}
    assert (
        found(program=book["dosing"].program_id)
        == found(client=book["dosing"].client_id)
        == {integration, dosing}
    )
    assert found(client=uuid4()) == set()
    assert found(session=book["dosing"].pk) == found(kind="dosing") == {dosing}
    assert found(status="signed") == found(author=cast.therapist.pk) == {integration}
    assert api.get(NOTES, sections="x").status_code == 400


def test_a_list_of_notes_costs_the_same_however_long(
    cast: Cast, book: Book, django_assert_num_queries: Any
) -> None:
    for who in ("therapist", "other_therapist"):
        for kind in ("preparation", "integration", "dosing"):
            add(cast, who, signed_note(cast, book, who, kind))
    api = cast.desk("np")
    with django_assert_num_queries(4):  # who asks, notes, addenda, and the event of the access log
        answer = api.get(NOTES)
    assert [len(row["addenda"]) for row in answer.data["results"]] == [1] * 6


# --- what other rooms ask -----------------------------------------------------------------------------------------


def test_a_session_counts_as_written_up_when_its_note_is_signed(cast: Cast, book: Book) -> None:
    session = book["integration"]

    def written_up() -> set[str]:
        rows = selectors.sessions_with_signed_notes(Session.objects.all())
        return {row.kind for row in rows if row.has_signed_note}

    note = write(cast, book).data["id"]
    assert not selectors.signed_note_exists(session_id=session.pk)
    assert written_up() == set()
    sign(cast, "therapist", note)
    assert selectors.signed_note_exists(session_id=session.pk)
    assert written_up() == {"integration"}


def test_the_body_of_a_note_is_strict(cast: Cast, book: Book) -> None:
    answer = cast.desk("therapist").post(NOTES, body(book, signed_at="2026-01-01T00:00:00Z"))
    assert answer.status_code == 400
    assert not Note.objects.exists()
