"""Consents: the exact text, who signed it, and taking it back."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest

from kapclinic.core import clock
from programs.models import Program
from screening import selectors
from screening.models import Consent
from screening.rules import documents
from tests.asking import pointers
from tests.cast import MONDAY, Cast
from tests.screening.drawing import CLEAR, WHITE, png, sheet, signature, url

SIGNED = {"signer_name": "Robin Vale", "method": "typed"}


def put(cast: Cast, program: Program, who: str = "frontdesk", **values) -> dict:
    body = {"program": str(program.pk), "document": "kap_treatment"} | values
    answer = cast.desk(who).post("consents/", body)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def signed(cast: Cast, program: Program, **values) -> dict:
    answer = cast.desk("frontdesk").post(f"consents/{put(cast, program, **values)['id']}/sign/", SIGNED)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def active(program: Program, at=MONDAY, document: str = "kap_treatment"):
    return selectors.active_consent(program_id=program.pk, document=document, at=at)


def test_a_draft_carries_the_text_and_its_hash(cast: Cast, program: Program) -> None:
    got = put(cast, program)
    assert (got["status"], got["document_version"], got["language"], got["signed_at"]) == (
        "draft",
        "1",
        "en",
        None,
    )
    assert got["content_hash"] == hashlib.sha256(got["text"].encode()).hexdigest()
    assert got["allowed_moves"] == ["sign"]
    assert active(program) is None


@pytest.mark.parametrize(
    "fact",
    ["off-label", "FDA", "compounded", "nausea", "Other choices", "drive", "escort", "abuse", "bladder", "liver", "Pregnancy", "approve this text"],
)  # fmt: skip
def test_the_treatment_consent_states_what_it_must(cast: Cast, program: Program, fact: str) -> None:
    assert fact in put(cast, program)["text"]


@pytest.mark.django_db
@pytest.mark.parametrize("document", sorted(documents.DOCUMENTS))
@pytest.mark.parametrize("language", documents.SHIPPED_LANGUAGES)
def test_every_listed_document_has_its_text(document: str, language: str) -> None:
    for version, first_day in documents.DOCUMENTS[document]:
        text = selectors.document_in_force(document=document, language=language, on=first_day)
        assert text is not None
        assert (text.version, len(text.text) > 400) == (version, True)


@pytest.mark.parametrize("who", ["frontdesk", "np", "therapist", "prescriber", "director"])
def test_the_desk_and_the_clinicians_collect_signatures(cast: Cast, program: Program, who: str) -> None:
    consent = put(cast, program, who)
    answer = cast.desk(who).post(f"consents/{consent['id']}/sign/", SIGNED)
    assert answer.status_code == 200
    got = answer.json()
    assert (got["status"], got["signer_name"], got["method"]) == ("signed", "Robin Vale", "typed")
    assert (got["signed_at"], got["collected_by"]) == ("2026-05-04T15:00:00Z", str(cast.people[who].pk))
    assert got["allowed_moves"] == ["revoke"]
    assert got["content_hash"] == consent["content_hash"]
    assert str(active(program).pk) == consent["id"]
    assert cast.desk(who).get("consents/").json()["count"] == 1


@pytest.mark.parametrize("who", ["billing", "admin"])
def test_nobody_else_touches_consents(cast: Cast, program: Program, who: str) -> None:
    consent = put(cast, program)
    assert cast.desk(who).get("consents/").status_code == 403
    assert cast.desk(who).post(f"consents/{consent['id']}/sign/", SIGNED).status_code == 403
    assert Consent.objects.get().status == "draft"


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"document": "loyalty_card"}, "/document"),
        ({"document": "../../manage"}, "/document"),
        ({"language": "xx"}, "/language"),
        ({"version": "9"}, "/version"),
        ({"program": None}, "/program"),
    ],
)
def test_only_listed_documents_in_shipped_languages(
    cast: Cast, program: Program, values: dict, pointer: str
) -> None:
    body = {"program": str(program.pk), "document": "kap_treatment"} | values
    answer = cast.desk("frontdesk").post("consents/", body)
    assert (answer.status_code, pointers(answer)) == (400, {pointer})
    assert not Consent.objects.exists()


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"signer_name": ""}, "/signer_name"),
        ({"method": "telepathy"}, "/method"),
        ({"method": "drawn"}, "/signature"),
        ({"signed_at": "2026-01-01T00:00:00Z"}, "/signed_at"),
    ],
)
def test_a_signature_names_its_signer_and_method(
    cast: Cast, program: Program, values: dict, pointer: str
) -> None:
    consent = put(cast, program)
    answer = cast.desk("frontdesk").post(f"consents/{consent['id']}/sign/", SIGNED | values)
    assert (answer.status_code, pointers(answer)) == (400, {pointer})
    assert Consent.objects.get().status == "draft"


def test_a_drawn_signature_is_kept(cast: Cast, program: Program) -> None:
    drawing = signature()
    body = SIGNED | {"method": "drawn", "signature": drawing}
    assert (
        cast.desk("frontdesk").post(f"consents/{put(cast, program)['id']}/sign/", body).json()["signature"]
        == drawing
    )
    assert "signature" not in cast.desk("frontdesk").get("consents/").json()["results"][0]


@pytest.mark.parametrize(
    ("drawing", "code"),
    [
        ("x", "invalid"),
        ("data:image/png;base64,AAAA", "invalid"),
        ("data:image/png;base64,%%", "invalid"),
        ("data:image/svg+xml;base64,AAAA", "invalid"),
        (signature()[:-8], "invalid"),
        (url(png(sheet(CLEAR))), "blank"),
        (url(png(sheet(WHITE))), "blank"),
    ],
)
def test_a_drawn_signature_is_a_picture_with_ink_on_it(
    cast: Cast, program: Program, drawing: str, code: str
) -> None:
    consent = put(cast, program)
    body = SIGNED | {"method": "drawn", "signature": drawing}
    answer = cast.desk("frontdesk").post(f"consents/{consent['id']}/sign/", body)
    assert (answer.status_code, pointers(answer)) == (400, {"/signature"})
    assert [error["code"] for error in answer.json()["errors"]] == [code]
    assert (Consent.objects.get().status, Consent.objects.get().signature) == ("draft", "")


def test_signed_is_signed_once(cast: Cast, program: Program) -> None:
    consent = signed(cast, program)
    again = cast.desk("frontdesk").post(
        f"consents/{consent['id']}/sign/", SIGNED | {"signer_name": "Somebody Else"}
    )
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    assert Consent.objects.get().signer_name == "Robin Vale"


def test_a_revoked_consent_stands_for_nothing(cast: Cast, program: Program) -> None:
    path = f"consents/{signed(cast, program)['id']}/revoke/"
    assert cast.desk("frontdesk").post(path, {"reason": "x"}).status_code == 400
    assert active(program) is not None
    answer = cast.desk("frontdesk").post(path, {"reason": "Changed her mind."})
    assert (answer.status_code, answer.json()["status"], answer.json()["allowed_moves"]) == (
        200,
        "revoked",
        [],
    )
    assert (answer.json()["revoked_at"], answer.json()["revoke_reason"]) == (
        "2026-05-04T15:00:00Z",
        "Changed her mind.",
    )
    assert active(program) is None
    assert cast.desk("frontdesk").post(path, {"reason": "Once more."}).status_code == 409


def test_a_draft_cannot_be_revoked(cast: Cast, program: Program) -> None:
    answer = cast.desk("frontdesk").post(
        f"consents/{put(cast, program)['id']}/revoke/", {"reason": "Not signed."}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")


def test_the_latest_signature_of_this_document_counts_for_a_year(cast: Cast, program: Program) -> None:
    first = signed(cast, program)
    assert active(program, document="telehealth") is None
    with clock.fixed(MONDAY + timedelta(days=100)):
        second = signed(cast, program)
    assert str(active(program, MONDAY + timedelta(days=101)).pk) == second["id"]
    assert first["id"] != second["id"]
    assert active(program, MONDAY + timedelta(days=100 + 365)) is not None
    assert active(program, MONDAY + timedelta(days=100 + 365, seconds=1)) is None


def test_a_new_version_asks_for_a_new_signature(
    cast: Cast, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(cast, program)
    draft = put(cast, program)
    newer = dict(documents.DOCUMENTS) | {"kap_treatment": (("1", date(2026, 1, 1)), ("2", date(2026, 6, 1)))}
    monkeypatch.setattr(documents, "DOCUMENTS", newer)
    sha256 = hashlib.sha256(b"A newer text.").hexdigest()
    text = selectors.DocumentText("kap_treatment", "2", "en", date(2026, 6, 1), "A newer text.", sha256)
    monkeypatch.setattr(selectors.consents, "_shipped", lambda document, version, language: text)
    june = MONDAY.replace(month=6)
    assert active(program) is not None
    assert active(program, june) is None
    with clock.fixed(june):
        refused = cast.desk("frontdesk").post(f"consents/{draft['id']}/sign/", SIGNED)
        assert (refused.status_code, refused.json()["code"]) == (409, "outdated_document")
        assert signed(cast, program)["document_version"] == "2"
    assert active(program, june) is not None


def test_consents_stay_in_their_house(cast: Cast, program: Program) -> None:
    consent = put(cast, program)
    path = f"consents/{consent['id']}/"
    assert cast.desk("south_frontdesk").get(path).status_code == 404
    assert cast.desk("south_frontdesk").post(path + "sign/", SIGNED).status_code == 404
    assert cast.desk("south_frontdesk").post(path + "revoke/", {"reason": "because"}).status_code == 404
    body = {"program": str(program.pk), "document": "privacy"}
    assert pointers(cast.desk("south_frontdesk").post("consents/", body)) == {"/program"}
    assert cast.desk("south_frontdesk").get("consents/").json()["count"] == 0
    assert Consent.objects.get().status == "draft"


def test_lists_are_filtered(cast: Cast, program: Program) -> None:
    signed(cast, program)
    put(cast, program, document="telehealth")
    count = lambda query: cast.desk("frontdesk").get(f"consents/?{query}").json()["count"]  # noqa: E731
    assert [count(f"program={program.pk}"), count("status=signed"), count("document=telehealth")] == [
        2,
        1,
        1,
    ]


def test_history_keeps_each_save_but_not_the_signature(cast: Cast, program: Program) -> None:
    signed(cast, program)
    rows = list(Consent.history.order_by("history_id").values_list("status", "history_user_id"))
    desk = cast.frontdesk.pk
    assert rows == [("draft", desk), ("signed", desk)]
    assert not {"signature", "text"} & {field.name for field in Consent.history.model._meta.get_fields()}
