"""Clinical notes over HTTP: write, autosave, sign, cosign, add, read."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from kapclinic.core import clock
from kapclinic.practice.models import LoginFailures
from kapclinic.trail.models import Task
from sessions.booking.models import Session
from sessions.notes import rules, selectors
from sessions.notes.models import Addendum, Note
from tests.sessions.notes.writing import DAP, NOTES, add, body, patch, sign, signed_note, write
from tests.sessions.rooms import AT, Clinic, events, open_clinic, signed_in

READERS = ("np", "therapist", "prescriber", "director")
OUTSIDERS = ("frontdesk", "billing", "admin")
WRITES = {
    "preparation": {"therapist"},
    "integration": {"therapist"},
    "dosing": {"np", "therapist", "prescriber"},
    "medical": {"prescriber"},
}
EVERYONE = ("np", "therapist", "prescriber", "director", "frontdesk", "billing", "admin")


# --- writing ------------------------------------------------------------------------------------------------------


def test_a_therapist_begins_a_note_as_a_draft(clinic: Clinic) -> None:
    answer = write(clinic)
    assert answer.status_code == 201, answer.data
    assert answer["ETag"] == '"1"'
    note = answer.data
    assert (note["status"], note["sections"], note["frame"]) == ("draft", DAP, "dap")
    assert note["author"] == str(clinic["therapist"].pk)
    assert note["client"] == str(clinic.client.pk)
    assert note["program"] == str(clinic.program.pk)
    assert (note["signed_at"], note["content_hash"], note["addenda"]) == (None, "", [])
    assert note["allowed_moves"] == ["edit", "sign"]
    assert signed_in(clinic["therapist"]).get(f"{NOTES}{note['id']}/").data == note


@pytest.mark.parametrize("kind", WRITES)
@pytest.mark.parametrize("who", EVERYONE)
def test_each_kind_of_note_is_written_by_its_own_roles(clinic: Clinic, kind: str, who: str) -> None:
    answer = write(clinic, who, kind)
    allowed = who in WRITES[kind]
    assert answer.status_code == (201 if allowed else 403), answer.data
    assert Note.objects.count() == (1 if allowed else 0)


def test_a_note_is_of_the_kind_of_its_session(clinic: Clinic) -> None:
    answer = write(clinic, "therapist", "integration", session=str(clinic.sessions["dosing"].pk))
    assert answer.status_code == 400
    assert answer.data["errors"] == [
        {"pointer": "/kind", "code": "kind_mismatch", "detail": "This is a dosing session."}
    ]
    assert not Note.objects.exists()


@pytest.mark.parametrize(("who", "kind"), [("therapist", "integration"), ("prescriber", "medical")])
def test_a_maintenance_session_is_written_up_as_therapy_or_as_a_medical_visit(
    clinic: Clinic, who: str, kind: str
) -> None:
    assert write(clinic, who, kind, session=str(clinic.sessions["maintenance"].pk)).status_code == 201


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
def test_sections_are_those_of_the_frame(clinic: Clinic, frame: str, sections: Any, pointer: str) -> None:
    answer = write(clinic, frame=frame, sections=sections)
    assert answer.status_code == 400
    assert answer.data["errors"][0]["pointer"] == pointer
    assert not Note.objects.exists()


@pytest.mark.parametrize("frame", ["dap", "soap", "birp"])
def test_every_section_of_a_frame_is_taken(clinic: Clinic, frame: str) -> None:
    sections = dict.fromkeys(rules.FRAMES[frame], "words")
    assert write(clinic, frame=frame, sections=sections).data["sections"] == sections


def test_a_free_note_has_the_sections_that_its_author_wants(clinic: Clinic) -> None:
    sections = {"Intention": "to rest", "música": "Satie "}
    assert write(clinic, frame="free", sections=sections).data["sections"] == sections


def test_an_author_has_one_note_of_a_kind_on_a_session(clinic: Clinic) -> None:
    write(clinic)
    answer = write(clinic)
    assert (answer.status_code, answer.data["code"]) == (409, "conflict")
    assert write(clinic, "other_therapist").status_code == 201
    assert Note.objects.count() == 2


@pytest.mark.parametrize("status", ["cancelled"])
def test_there_is_no_note_on_a_session_that_does_not_take_place(clinic: Clinic, status: str) -> None:
    session = clinic.sessions["integration"]
    session.status = status
    session.save_by(clinic["np"], at=AT)
    assert write(clinic).status_code == 409
    assert not Note.objects.exists()


def test_a_session_of_another_location_does_not_exist_for_the_author(clinic: Clinic) -> None:
    for session in (str(clinic.sessions["integration"].pk), str(uuid4())):
        answer = write(clinic, "south_therapist", session=session)
        assert answer.status_code == 400
        assert answer.data["errors"][0]["pointer"] == "/session"
    assert not Note.objects.exists()


# --- autosave -----------------------------------------------------------------------------------------------------


def test_a_draft_is_saved_while_it_is_written(clinic: Clinic) -> None:
    note = write(clinic).data["id"]
    saved = patch(clinic, "therapist", note, {"sections": {"data": "One "}})
    assert (saved.status_code, saved["ETag"]) == (200, '"2"')
    assert saved.data["sections"] == {"data": "One "}
    saved = patch(clinic, "therapist", note, {"frame": "soap", "sections": {"objective": "Calm"}}, etag='"2"')
    assert (saved.data["frame"], saved.data["sections"]) == ("soap", {"objective": "Calm"})


@pytest.mark.parametrize(("etag", "status"), [(None, 428), ('"7"', 412)])
def test_a_stale_page_does_not_overwrite_a_draft(clinic: Clinic, etag: str | None, status: int) -> None:
    note = write(clinic).data["id"]
    assert patch(clinic, "therapist", note, {"sections": {"data": "lost"}}, etag=etag).status_code == status
    assert Note.objects.get().sections == DAP


@pytest.mark.parametrize(
    "change", [{"frame": "soap"}, {"sections": {"objective": "x"}}, {"status": "signed"}, {"kind": "medical"}]
)
def test_a_change_that_the_note_cannot_have_is_refused(clinic: Clinic, change: dict[str, Any]) -> None:
    note = write(clinic).data["id"]
    assert patch(clinic, "therapist", note, change).status_code == 400
    row = Note.objects.get()
    assert (row.version, row.frame, row.sections, row.status) == (1, "dap", DAP, "draft")


def test_only_the_author_edits_and_signs(clinic: Clinic) -> None:
    note = write(clinic).data["id"]
    for who in ("other_therapist", "np", "prescriber"):
        assert patch(clinic, who, note, {"sections": {"data": "mine"}}).status_code == 403, who
        assert sign(clinic, who, note).status_code == 403, who
    row = Note.objects.get()
    assert (row.version, row.sections, row.status) == (1, DAP, "draft")


# --- signing ------------------------------------------------------------------------------------------------------


def test_a_signature_closes_the_note_under_the_signers_name_and_license(clinic: Clinic) -> None:
    note = write(clinic).data["id"]
    with clock.fixed(AT):
        answer = sign(clinic, "therapist", note)
    assert answer.status_code == 200, answer.data
    signed = answer.data
    assert (signed["status"], signed["signed_at"]) == ("signed", "2026-05-04T15:00:00Z")
    assert signed["signed_by"] == str(clinic["therapist"].pk)
    assert signed["signature"] == "Therapist, LCSW, license CO L-1"
    assert signed["allowed_moves"] == ["addenda"]
    row = Note.objects.get()
    assert signed["content_hash"] == row.content_hash == rules.content_hash(row)
    changed = clinic["therapist"]
    changed.name, changed.credentials = "Somebody Else", "PhD"
    changed.save_by(clinic["admin"], at=AT)
    again = signed_in(clinic["therapist"]).get(f"{NOTES}{note}/").data
    assert again["signature"] == "Therapist, LCSW, license CO L-1"


def test_a_wrong_password_signs_nothing(clinic: Clinic) -> None:
    note = write(clinic).data["id"]
    answer = sign(clinic, "therapist", note, password="not mine")
    assert (answer.status_code, answer.data["code"]) == (403, "reauthentication_failed")
    row = Note.objects.get()
    assert (row.status, row.version, row.signed_at) == ("draft", 1, None)
    assert events("note.sign") == [(clinic["therapist"].pk, "refused", [])]
    for missing in ({}, {"password": ""}, {"password": None}):
        answer = signed_in(clinic["therapist"]).post(f"{NOTES}{note}/sign/", missing)
        assert answer.status_code == 400
    assert Note.objects.get().status == "draft"


@pytest.mark.django_db(transaction=True)
def test_wrong_passwords_at_signing_lock_the_signature(settings: Any) -> None:
    clinic = open_clinic()
    settings.LOGIN_ATTEMPTS = 2
    note = write(clinic).data["id"]
    sign(clinic, "therapist", note, password="wrong")
    assert LoginFailures.objects.get().count == 1
    sign(clinic, "therapist", note, password="wrong")
    assert sign(clinic, "therapist", note).status_code == 403
    assert Note.objects.get().status == "draft"


def test_an_empty_note_is_not_signed(clinic: Clinic) -> None:
    note = write(clinic, sections={"data": "  "}).data["id"]
    answer = sign(clinic, "therapist", note)
    assert (answer.status_code, answer.data["code"]) == (409, "conflict")
    assert Note.objects.get().status == "draft"


def test_a_signed_note_is_neither_edited_nor_signed_again(clinic: Clinic) -> None:
    note = signed_note(clinic)
    before = Note.objects.values().get()
    answer = patch(clinic, "therapist", note, {"sections": {"data": "other"}}, etag='"2"')
    assert (answer.status_code, answer.data["code"]) == (409, "illegal_transition")
    answer = sign(clinic, "therapist", note)
    assert (answer.status_code, answer.data["code"]) == (409, "illegal_transition")
    assert Note.objects.values().get() == before


def test_the_password_is_kept_nowhere(clinic: Clinic) -> None:
    note = write(clinic).data["id"]
    api = signed_in(clinic["therapist"])
    from kapclinic.trail.models import AuditEvent, IdempotencyRecord
    from tests.sessions.rooms import PASSWORD

    answer = api.post(f"{NOTES}{note}/sign/", {"password": PASSWORD}, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 200
    kept = str([*IdempotencyRecord.objects.values(), *AuditEvent.objects.values()])
    assert PASSWORD not in kept


# --- second signature ---------------------------------------------------------------------------------------------


def test_a_trainees_note_waits_for_a_licensed_colleague(clinic: Clinic) -> None:
    note = write(clinic, "trainee").data["id"]
    answer = sign(clinic, "trainee", note)
    assert (answer.status_code, answer.data["status"]) == (200, "cosign_pending")
    assert answer.data["allowed_moves"] == []
    task = Task.objects.get(kind="note_cosign")
    assert (str(task.subject_id), task.client, set(task.roles)) == (
        note,
        clinic.client.pk,
        {"therapist", "prescriber"},
    )
    assert not selectors.signed_note_exists(session_id=clinic.sessions["integration"].pk)
    assert patch(clinic, "trainee", note, {"sections": {"data": "other"}}, etag='"2"').status_code == 409
    read = signed_in(clinic["therapist"]).get(f"{NOTES}{note}/").data
    assert read["allowed_moves"] == ["cosign"]
    answer = sign(clinic, "therapist", note, move="cosign")
    assert (answer.status_code, answer.data["status"]) == (200, "signed")
    assert answer.data["cosigner"] == str(clinic["therapist"].pk)
    assert answer.data["cosignature"] == "Therapist, LCSW, license CO L-1"
    assert answer.data["signed_by"] == str(clinic["trainee"].pk)
    assert selectors.signed_note_exists(session_id=clinic.sessions["integration"].pk)
    assert Task.objects.get(kind="note_cosign").state == "done"


@pytest.mark.parametrize("who", ["trainee", "np", "director", "frontdesk", "billing", "admin"])
def test_who_is_not_a_licensed_colleague_does_not_cosign(clinic: Clinic, who: str) -> None:
    note = write(clinic, "trainee").data["id"]
    sign(clinic, "trainee", note)
    assert sign(clinic, who, note, move="cosign").status_code == 403
    assert Note.objects.get().status == "cosign_pending"


def test_another_trainee_and_a_wrong_password_do_not_cosign(clinic: Clinic) -> None:
    note = write(clinic, "trainee").data["id"]
    sign(clinic, "trainee", note)
    other = clinic["other_therapist"]
    other.needs_cosign = True
    other.save_by(clinic["admin"], at=AT)
    assert sign(clinic, "other_therapist", note, move="cosign").status_code == 403
    answer = sign(clinic, "prescriber", note, move="cosign", password="wrong")
    assert (answer.status_code, answer.data["code"]) == (403, "reauthentication_failed")
    row = Note.objects.get()
    assert (row.status, row.cosigner_id) == ("cosign_pending", None)
    assert sign(clinic, "prescriber", note, move="cosign").status_code == 200


@pytest.mark.parametrize("state", ["draft", "signed"])
def test_only_a_note_that_waits_is_cosigned(clinic: Clinic, state: str) -> None:
    note = write(clinic).data["id"]
    if state == "signed":
        sign(clinic, "therapist", note)
    answer = sign(clinic, "prescriber", note, move="cosign")
    assert (answer.status_code, answer.data["code"]) == (409, "illegal_transition")
    assert Note.objects.get().status == state


# --- addenda ------------------------------------------------------------------------------------------------------


def test_what_a_signed_note_lacked_is_added_beside_it(clinic: Clinic) -> None:
    note = signed_note(clinic)
    with clock.fixed(AT):
        first, second = add(clinic, "therapist", note), add(clinic, "other_therapist", note, "And ate.")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data["author"] == str(clinic["therapist"].pk)
    read = signed_in(clinic["np"]).get(f"{NOTES}{note}/").data
    assert [row["text"] for row in read["addenda"]] == ["She had slept well.", "And ate."]
    assert read["addenda"][0] == first.data
    assert (read["sections"], read["status"], read["version"]) == (DAP, "signed", 2)
    one, two = Addendum.objects.order_by("number")
    assert (one.previous_hash, two.previous_hash) == (Note.objects.get().content_hash, one.hash)


def test_nothing_is_added_to_a_note_that_is_not_signed(clinic: Clinic) -> None:
    draft = write(clinic).data["id"]
    pending = write(clinic, "trainee").data["id"]
    sign(clinic, "trainee", pending)
    for note, who in ((draft, "therapist"), (pending, "trainee")):
        answer = add(clinic, who, note)
        assert (answer.status_code, answer.data["code"]) == (409, "illegal_transition")
    assert not Addendum.objects.exists()


@pytest.mark.parametrize("who", ["np", "prescriber", *OUTSIDERS])
def test_an_addendum_comes_from_a_role_that_writes_such_notes(clinic: Clinic, who: str) -> None:
    note = signed_note(clinic)
    assert add(clinic, who, note).status_code == 403
    assert not Addendum.objects.exists()


def test_an_addendum_gives_its_reason(clinic: Clinic) -> None:
    note = signed_note(clinic)
    for wrong in ({"text": "x"}, {"reason": "left out"}, {"reason": "", "text": "x"}):
        assert signed_in(clinic["therapist"]).post(f"{NOTES}{note}/addenda/", wrong).status_code == 400
    assert not Addendum.objects.exists()


# --- reading ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", READERS)
def test_clinicians_read_notes_and_the_reading_is_logged(clinic: Clinic, who: str) -> None:
    note = write(clinic).data["id"]
    api = signed_in(clinic[who])
    assert api.get(f"{NOTES}{note}/").status_code == 200
    assert api.get(NOTES).data["count"] == 1
    for action in ("note.retrieve", "note.list"):
        assert events(action) == [(clinic[who].pk, "ok", [clinic.client.pk])]


@pytest.mark.parametrize("who", OUTSIDERS)
def test_front_desk_billing_and_admin_see_no_note(clinic: Clinic, who: str) -> None:
    note = write(clinic).data["id"]
    api = signed_in(clinic[who])
    for path in (NOTES, f"{NOTES}{note}/"):
        answer = api.get(path)
        assert answer.status_code == 403
        assert "Spoke" not in answer.content.decode()


def test_a_note_of_another_location_does_not_exist(clinic: Clinic) -> None:
    note = write(clinic).data["id"]
    api = signed_in(clinic["south_therapist"])
    assert api.get(NOTES).data["count"] == 0
    assert api.get(f"{NOTES}{note}/").status_code == 404
    assert patch(clinic, "south_therapist", note, {"sections": {}}).status_code == 404
    assert sign(clinic, "south_therapist", note).status_code == 404
    assert add(clinic, "south_therapist", note).status_code == 404
    assert Note.objects.get().version == 1


def test_notes_are_found_by_session_program_client_kind_status_and_author(clinic: Clinic) -> None:
    integration = signed_note(clinic)
    dosing = write(clinic, "np", "dosing").data["id"]
    api = signed_in(clinic["np"])

    def found(**query: Any) -> set[str]:
        return {row["id"] for row in api.get(NOTES, query).data["results"]}

    assert found() == {integration, dosing}
    assert found(program=clinic.program.pk) == found(client=clinic.client.pk) == {integration, dosing}
    assert found(client=uuid4()) == set()
    assert found(session=clinic.sessions["dosing"].pk) == found(kind="dosing") == {dosing}
    assert found(status="signed") == found(author=clinic["therapist"].pk) == {integration}
    assert api.get(NOTES, {"sections": "x"}).status_code == 400


def test_a_list_of_notes_costs_the_same_however_long(clinic: Clinic, django_assert_num_queries: Any) -> None:
    for who in ("therapist", "other_therapist"):
        for kind in ("preparation", "integration", "dosing"):
            add(clinic, who, signed_note(clinic, who, kind))
    with django_assert_num_queries(3):  # notes, addenda, and the event of the access log
        answer = signed_in(clinic["np"]).get(NOTES)
    assert [len(row["addenda"]) for row in answer.data["results"]] == [1] * 6


# --- what other rooms ask -----------------------------------------------------------------------------------------


def test_a_session_counts_as_written_up_when_its_note_is_signed(clinic: Clinic) -> None:
    session = clinic.sessions["integration"]

    def written_up() -> set[str]:
        rows = selectors.sessions_with_signed_notes(Session.objects.all())
        return {row.kind for row in rows if row.has_signed_note}

    note = write(clinic).data["id"]
    assert not selectors.signed_note_exists(session_id=session.pk)
    assert written_up() == set()
    sign(clinic, "therapist", note)
    assert selectors.signed_note_exists(session_id=session.pk)
    assert written_up() == {"integration"}


def test_the_body_of_a_note_is_strict(clinic: Clinic) -> None:
    answer = signed_in(clinic["therapist"]).post(NOTES, body(clinic, signed_at="2026-01-01T00:00:00Z"))
    assert answer.status_code == 400
    assert not Note.objects.exists()
