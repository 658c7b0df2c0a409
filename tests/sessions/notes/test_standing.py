"""What a note stands on: who signed as what, the dose before it, who reads a draft, and what still stops signing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from sessions.notes import rules
from sessions.notes.models import Note
from tests.asking import done, refused
from tests.cast import MONDAY, Cast, booked, dosed_session, later
from tests.sessions.notes.writing import DAP, NOTES, Book, begun, body, sign, signed_note, write


def read(cast: Cast, who: str, note: str) -> dict[str, Any]:
    return done(cast.desk(who).get(f"{NOTES}{note}/"), 200)


# --- the signature --------------------------------------------------------------------------------------------------


def test_a_signature_says_who_signed_as_what_and_keeps_it(cast: Cast, book: Book) -> None:
    draft = write(cast, book, "trainee").data
    assert draft["signed_as"] is None
    sign(cast, "trainee", draft["id"])
    note = signed_note(cast, book)
    expected = {"name": "Therapist", "credentials": "LCSW", "license": "CO L-1", "npi": cast.therapist.npi}
    assert read(cast, "np", note)["signed_as"] == expected | {"needs_cosign": False}
    assert read(cast, "np", draft["id"])["signed_as"]["needs_cosign"] is True
    cast.therapist.credentials, cast.therapist.license_number = "PhD", "L-2"
    cast.therapist.save_by(cast.admin, at=MONDAY)
    assert read(cast, "np", note)["signed_as"] == expected | {"needs_cosign": False}
    row = Note.objects.get(pk=note)
    assert row.content_hash == rules.content_hash(row)
    assert row.signed_as is not None
    row.signed_as |= {"npi": "0000000000"}
    assert row.content_hash != rules.content_hash(row)
    row.signed_as = None  # a note of before the parts were kept has none, and its hash stands as it was
    assert "signed_as" not in row.signature


# --- the dose -------------------------------------------------------------------------------------------------------


def test_an_integration_note_tells_of_its_dose(cast: Cast) -> None:
    dose = dosed_session(cast)
    program, owed = dose.program, dose.obligation
    with clock.fixed(MONDAY + timedelta(hours=1)):
        its_own = booked(cast, program, "integration", later(hours=29), obligation=owed)
        second = booked(cast, program, "integration", later(hours=99))

    def note_on(session: Any) -> dict[str, Any]:
        return done(
            cast.desk("therapist").post(NOTES, body({"x": session}, "x") | {"kind": "integration"}), 201
        )

    first = note_on(its_own)
    assert (first["dose"]["session"], first["hours_since_dose"], first["in_window"]) == (
        str(dose.pk),
        30.0,
        True,
    )
    assert first["dose"]["given_at"] == "2026-05-04T15:00:00Z"
    after = note_on(second)
    assert (after["dose"]["session"], after["hours_since_dose"], after["in_window"]) == (
        str(dose.pk),
        100.0,
        False,
    )
    assert read(cast, "therapist", first["id"]) == first
    listed = cast.desk("therapist").get(NOTES, ordering="created_at").data["results"]
    assert [row["hours_since_dose"] for row in listed] == [30.0, 100.0]


def test_a_note_before_any_dose_or_of_another_kind_has_none(cast: Cast, book: Book) -> None:
    for who, kind in (("therapist", "integration"), ("therapist", "preparation"), ("np", "dosing")):
        told = write(cast, book, who, kind).data
        assert (told["dose"], told["hours_since_dose"], told["in_window"]) == (None, None, None), kind


# --- medical notes ------------------------------------------------------------------------------------------------


def test_a_medical_visit_is_written_up_on_any_session_beside_its_own_note(cast: Cast, book: Book) -> None:
    for kind, session in book.items():
        for who in ("np", "prescriber"):
            answer = write(cast, book, who, "medical", session=str(session.pk))
            assert (answer.status_code, answer.data.get("kind")) == (201, "medical"), (kind, who)
        assert write(cast, book, "therapist", "medical", session=str(session.pk)).status_code == 403
    assert Note.objects.filter(kind="medical").count() == 2 * len(book)
    assert write(cast, book, "therapist", "integration").status_code == 201
    answer = write(cast, book, "therapist", "integration", session=str(book["preparation"].pk))
    refused(answer, 400, "kind_mismatch", "/kind")


# --- drafts -------------------------------------------------------------------------------------------------------


def test_others_see_that_there_is_a_draft_and_never_its_words(cast: Cast, book: Book) -> None:
    note = write(cast, book, "trainee").data["id"]
    for who in ("np", "therapist", "prescriber", "director"):
        for answer in (cast.desk(who).get(f"{NOTES}{note}/"), cast.desk(who).get(NOTES)):
            assert "Spoke" not in answer.content.decode(), who
        told = read(cast, who, note)
        assert (told["status"], told["sections"], told["missing"]) == ("draft", None, []), who
    assert read(cast, "trainee", note)["sections"] == DAP
    sign(cast, "trainee", note)
    assert read(cast, "therapist", note)["sections"] == DAP  # who cosigns reads what they sign
    thrown = write(cast, book).data["id"]
    gone = cast.desk("director").must(f"{NOTES}{thrown}/discard/", {"reason": "Wrong session"}, status=200)
    assert (gone["status"], gone["sections"]) == ("discarded", None)
    assert read(cast, "therapist", thrown)["sections"] == DAP


# --- what stops signing -------------------------------------------------------------------------------------------


def test_a_draft_says_what_stops_its_signature(cast: Cast, book: Book) -> None:
    def missing(who: str, note: str) -> list[str]:
        told = read(cast, who, note)["missing"]
        assert all(row["label"] for row in told)
        return [row["code"] for row in told]

    own = write(cast, book, sections={"data": " "}).data
    assert [row["code"] for row in own["missing"]] == ["session_not_begun", "note_empty"]
    theirs = write(cast, book, "other_therapist").data["id"]
    assert missing("other_therapist", theirs) == ["session_not_begun", "not_on_session"]
    begun(book["integration"])
    assert missing("other_therapist", theirs) == ["not_on_session"]
    assert missing("therapist", own["id"]) == ["note_empty"]
    cast.desk("therapist").patch(f"{NOTES}{own['id']}/", {"sections": DAP}, match='"1"')
    assert missing("therapist", own["id"]) == []
    sign(cast, "therapist", own["id"])
    assert missing("therapist", own["id"]) == []


@pytest.mark.parametrize("kind", ["integration", "medical"])
def test_times_that_cannot_be_are_missing_too(cast: Cast, book: Book, kind: str) -> None:
    who = "therapist" if kind == "integration" else "prescriber"
    session = book[kind]
    care = {
        "service_started_at": session.starts_at,
        "service_ended_at": session.starts_at + timedelta(minutes=50),
    }
    with clock.fixed(care["service_ended_at"]):
        told = write(cast, book, who, kind, **{name: at.isoformat() for name, at in care.items()}).data
    begun(session)
    with clock.fixed(session.starts_at):
        assert [row["code"] for row in read(cast, who, told["id"])["missing"]] == ["in_future"]
