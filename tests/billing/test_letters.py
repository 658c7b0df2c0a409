"""Letters of medical necessity: written by a clinician or billing, signed by a clinician, then closed."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pypdf
import pytest
from django.db import DatabaseError, IntegrityError, transaction

from billing.models import NecessityLetter, NecessityLetterSignature
from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM
from sessions.course.services import merges
from tests.asking import done, events, refused, sql
from tests.billing.till import NOW, Till
from tests.cast import PASSWORD, PERSON, client

MAY = {"np", "therapist", "prescriber", "director", "billing"}
SIGNERS = MAY - {"billing"}
WHY = "Depression that two medicines did not relieve.\n\nTherapy with the supervised medication treats it."


def body(till: Till, **more: Any) -> dict[str, Any]:
    shape = {
        "client": str(till.client.pk),
        "diagnoses": ["f332"],
        "codes": ["90837", "KAP-DOSE"],
        "starts": "2026-05-20",
        "ends": "2027-05-20",
        "text": WHY,
    }
    return shape | more


def written(till: Till, **more: Any) -> dict[str, Any]:
    return till.desk.must("necessity-letters/", body(till, **more), status=201)


def sign(
    till: Till, letter: dict[str, Any], who: str = "therapist", password: str = PASSWORD, **headers: Any
) -> Any:
    return till.cast.desk(who).post(
        f"necessity-letters/{letter['id']}/sign/", {"password": password}, **headers
    )


def signed(till: Till, **more: Any) -> dict[str, Any]:
    return done(sign(till, written(till, **more)), 200)


def end(till: Till, letter: dict[str, Any], verb: str, who: str = "therapist") -> Any:
    return till.cast.desk(who).post(f"necessity-letters/{letter['id']}/{verb}/", {"reason": "Wrong client"})


def test_billing_writes_it_and_a_clinician_signs_it(till, cast):
    draft = written(till)
    assert (draft["status"], draft["diagnoses"], draft["codes"]) == (
        "draft",
        ["F33.2"],
        ["90837", "KAP-DOSE"],
    )
    assert (draft["location"], draft["signed_by"], draft["sha256"]) == (str(cast.north.pk), None, None)
    assert draft["allowed_moves"] == ["edit", "discard"]  # billing's
    path = f"necessity-letters/{draft['id']}/"
    changed = done(cast.desk("therapist").patch(path, {"text": WHY + " It helped."}), 200)
    assert (changed["version"], changed["allowed_moves"]) == (2, ["edit", "sign", "discard"])
    refused(till.desk.patch(path, {"text": "older"}, match='"1"'), 412, "stale")
    refused(sign(till, draft, HTTP_IF_MATCH='"1"'), 412, "stale")
    made = done(sign(till, draft, HTTP_IF_MATCH='"2"'), 200)
    assert (made["status"], made["signed_by"], made["signed_on"], made["warnings"]) == (
        "signed",
        str(cast.therapist.pk),
        "2026-05-20",
        [],
    )
    answer = till.desk.client.get(f"/api/v1/{path}pdf/")
    assert hashlib.sha256(answer.content).hexdigest() == made["sha256"]
    assert answer["Content-Disposition"] == f'inline; filename="letter-{draft["id"]}.pdf"'
    reader = pypdf.PdfReader(io.BytesIO(answer.content))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    text = " ".join("\n".join(page.extract_text() for page in reader.pages).split())
    for words in (
        "Letter of medical necessity", "North Clinic PLLC", "Robin Sample", "03/02/1985", "F33.2", "depressive", "90837", "KAP-DOSE",
        "05/20/2026 to 05/20/2027", "two medicines did not relieve. Therapy with", "It helped.", "not for general health",
        "Signed electronically by Therapist, LCSW on 05/20/2026", "1234567893", "L-1 (CO)",
    ):  # fmt: skip
        assert words in text, words
    for move in (
        lambda: sign(till, draft),
        lambda: till.desk.patch(path, {"text": "later"}),
        lambda: end(till, draft, "discard"),
    ):
        refused(move(), 409, "illegal_transition")
    assert till.desk.client.get(f"/api/v1/{path}pdf/").content == answer.content
    assert [event[2] for event in events("necessity_letter.sign") if event[1] == "ok"] == [[till.client.pk]]


@pytest.mark.parametrize(
    ("more", "pointer", "code"),
    [
        ({"ends": "2027-05-21"}, "/ends", "too_long"),
        ({"ends": "2026-05-19"}, "/ends", "reversed"),
        ({"starts": "2028-02-29", "ends": "2029-03-01"}, "/ends", "too_long"),
        ({"diagnoses": ["F33"]}, "/diagnoses/0", "diagnosis_not_billable"),
        ({"diagnoses": []}, "/diagnoses", "min_length"),
        ({"codes": ["90837", "99999"]}, "/codes/1", "unknown_code"),
        ({"codes": ["90837", "90837"]}, "/codes/1", "duplicate"),
        ({"codes": []}, "/codes", "min_length"),
        ({"text": "She paid by 4242-4242-4242-4242."}, "/text", "card_number"),
        ({"text": " "}, "/text", "blank"),
        ({"client": "01900000-0000-7000-8000-00000000dead"}, "/client", "not_found"),
        ({"location": "01900000-0000-7000-8000-00000000dead"}, "/location", "not_found"),
    ],
)
def test_what_makes_no_letter_is_refused_by_its_field(till, more, pointer, code):
    refused(till.desk.post("necessity-letters/", body(till, **more)), 400, code, pointer)
    assert not NecessityLetter.objects.exists()


def test_a_signature_takes_the_signers_own_password(till, cast):
    draft = written(till)
    refused(sign(till, draft, password="somebody else's"), 403, "reauthentication_failed")
    refused(
        till.cast.desk("therapist").post(f"necessity-letters/{draft['id']}/sign/", {}),
        400,
        "required",
        "/password",
    )
    practice.save_staff(user=cast.therapist, values={"needs_cosign": True}, by=cast.admin, at=NOW)
    refused(sign(till, draft), 403, "not_permitted")
    assert not NecessityLetterSignature.objects.exists()
    assert done(sign(till, draft, "prescriber"), 200)["signed_by"] == str(cast.prescriber.pk)


def test_a_letter_that_is_signed_after_it_begins_says_so(till):
    made = signed(till, starts="2026-05-19", ends="2026-12-31")
    assert [row["code"] for row in made["warnings"]] == ["dated_after_start"]


def test_a_code_that_is_gone_since_is_not_signed(till, cast):
    draft = written(till)
    row = done(till.desk.get("service-codes/", code="KAP-DOSE"), 200)["results"][0]
    done(till.desk.patch(f"service-codes/{row['id']}/", {"active": False}), 200)
    refused(sign(till, draft), 400, "code_not_in_force", "/codes/1")
    assert NecessityLetter.objects.get().status == "draft"


def test_text_that_no_font_has_is_not_signed(till):
    refused(sign(till, written(till, text="It helped \U0001f600")), 409, "name_not_printable")
    assert not NecessityLetterSignature.objects.exists()


def test_a_letter_ends_by_who_may_end_it(till, cast):
    draft, made = written(till), signed(till)
    gone = done(end(till, draft, "discard", "billing"), 200)
    assert (gone["status"], gone["reason"], gone["allowed_moves"]) == ("discarded", "Wrong client", [])
    refused(sign(till, draft), 409, "illegal_transition")
    refused(end(till, made, "void", "prescriber"), 403, "not_permitted")
    refused(end(till, made, "void", "billing"), 403, "not_permitted")
    assert done(end(till, made, "void"), 200)["status"] == "voided"
    refused(end(till, made, "void"), 409, "illegal_transition")
    assert till.desk.client.get(f"/api/v1/necessity-letters/{made['id']}/pdf/").status_code == 200
    refused(till.desk.get(f"necessity-letters/{draft['id']}/pdf/"), 409, "not_signed")
    other = signed(till)
    assert done(end(till, other, "void", "director"), 200)["status"] == "voided"


@pytest.mark.django_db(transaction=True)
def test_two_clinicians_sign_once(till, cast):
    draft = written(till)
    assert cast.desk("therapist").user is not cast.desk("prescriber").user
    answers = till.at_once(lambda own: sign(own, draft), lambda own: sign(own, draft, "prescriber"))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


@pytest.mark.parametrize("who", sorted(PERSON.values()))
def test_clinicians_and_billing_read_and_write_letters(till, cast, who):
    made, asks = signed(till), cast.desk(who)
    path = f"necessity-letters/{made['id']}/"
    answers = [asks.get("necessity-letters/"), asks.get(path), asks.client.get(f"/api/v1/{path}pdf/")]
    assert {answer.status_code for answer in answers} == ({200} if who in MAY else {403})
    assert asks.post("necessity-letters/", body(till)).status_code == (201 if who in MAY else 403)
    draft = written(till)
    assert sign(till, draft, who).status_code == (200 if who in SIGNERS else 403)
    if who not in MAY:
        assert all("relieve" not in answer.content.decode() for answer in answers)
        assert asks.client.patch(f"/api/v1/{path}", {}, format="json", HTTP_IF_MATCH='"1"').status_code == 403
        assert {end(till, made, verb, who).status_code for verb in ("discard", "void")} == {403}


def test_another_location_finds_nothing(till, cast):
    made = signed(till)
    for who in ("south_billing", "south_therapist"):
        south = cast.desk(who)
        assert south.get("necessity-letters/").json()["count"] == 0
        for tail in ("", "pdf/"):
            assert south.client.get(f"/api/v1/necessity-letters/{made['id']}/{tail}").status_code == 404
        refused(south.post("necessity-letters/", body(till)), 400, "not_found", "/client")
    assert sign(till, written(till), "south_therapist").status_code == 404


def test_letters_of_a_person_are_found_under_both_registrations(till, cast):
    twin = client(cast.north, by=cast.frontdesk, first="Rob")
    written(till, client=str(twin.pk))
    written(till)
    merges.merge(client=twin, into_id=till.client.pk, reason="Same person", by=cast.director, at=NOW)
    assert till.desk.get("necessity-letters/", client=str(twin.pk)).json()["count"] == 2
    assert till.desk.get("necessity-letters/", on="2026-12-01", status="draft").json()["count"] == 2


# --- what the database refuses by itself -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        "text = 'other'",
        "status = 'draft'",
        "ends = '2026-06-01'",
        "client_id = client_id, status = 'discarded', reason = 'x'",
    ],
)
def test_a_signed_letter_stays(till, values):
    signed(till)
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        sql(f"UPDATE billing_necessityletter SET {values}")


def test_a_signature_comes_once_under_a_draft_with_its_own_bytes(till):
    made, draft = signed(till), written(till)
    row = NecessityLetterSignature.objects.get()
    fields = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.attname != "id"}
    with pytest.raises(IntegrityError, match="necessity_letter_hash"), transaction.atomic():
        NecessityLetterSignature(**fields | {"letter_id": draft["id"], "sha256": "0" * 64}).insert_by(
            SYSTEM, at=NOW
        )
    with pytest.raises(DatabaseError, match="under a draft"), transaction.atomic():
        NecessityLetterSignature(**fields | {"letter_id": made["id"]}).insert_by(SYSTEM, at=NOW)
    for values, words in (
        ("status = 'signed'", "frozen"),
        ("status = 'voided', reason = 'x'", "frozen"),
        ("ends = '2020-01-01'", "period"),
    ):
        with pytest.raises(DatabaseError, match=words), transaction.atomic():
            sql(f"UPDATE billing_necessityletter SET {values} WHERE id = %s", draft["id"])
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        sql("UPDATE billing_necessitylettersignature SET created_by = created_by")


def test_scores_and_pressures_by_day_are_no_number_of_a_card(till: Till) -> None:
    scores = [f"{n % 12 + 1}/{3 * n % 28 + 1}/2026\t{7 + n}\t{3 + n % 18}" for n in range(20)]
    pressures = " ".join(f"{110 + 7 * n % 60}/{60 + 5 * n % 40}" for n in range(40))
    days = "\n".join(f"{n % 12 + 1:02}-{n + 1:02}-2026" for n in range(28))
    for n in range(20):
        written(till, text="\n".join(["PHQ-9 and GAD-7", *scores[n:], pressures[n:], days[n:]]))
