"""Consents: the exact text, who signed it, and taking it back."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest

from kapclinic.core import clock
from screening import selectors
from screening.models import Consent
from screening.rules import documents
from tests.screening.conftest import AT, Clinic, pointers

SIGNED = {"signer_name": "Robin Vale", "method": "typed"}


def put(clinic: Clinic, role: str = "front_desk", **values) -> dict:
    body = {"program": str(clinic.program.pk), "document": "kap_treatment"} | values
    answer = clinic.post(role, "consents/", body)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def signed(clinic: Clinic, **values) -> dict:
    answer = clinic.post("front_desk", f"consents/{put(clinic, **values)['id']}/sign/", SIGNED)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def active(clinic: Clinic, at=AT, document: str = "kap_treatment"):
    return selectors.active_consent(program_id=clinic.program.pk, document=document, at=at)


def test_a_draft_carries_the_text_and_its_hash(clinic: Clinic) -> None:
    got = put(clinic)
    assert (got["status"], got["document_version"], got["language"], got["signed_at"]) == (
        "draft",
        "1",
        "en",
        None,
    )
    assert got["content_hash"] == hashlib.sha256(got["text"].encode()).hexdigest()
    assert got["allowed_moves"] == ["sign"]
    assert active(clinic) is None


@pytest.mark.parametrize(
    "fact",
    ["off-label", "FDA", "compounded", "nausea", "Other choices", "drive", "escort", "abuse", "bladder", "liver", "Pregnancy", "approve this text"],
)  # fmt: skip
def test_the_treatment_consent_states_what_it_must(clinic: Clinic, fact: str) -> None:
    assert fact in put(clinic)["text"]


@pytest.mark.parametrize("document", sorted(documents.DOCUMENTS))
@pytest.mark.parametrize("language", documents.LANGUAGES)
def test_every_listed_document_has_its_text(document: str, language: str) -> None:
    for version, first_day in documents.DOCUMENTS[document]:
        text = selectors.document_in_force(document=document, language=language, on=first_day)
        assert (text.version, len(text.text) > 400) == (version, True)


@pytest.mark.parametrize(
    "role", ["front_desk", "nurse_practitioner", "therapist", "prescriber", "medical_director"]
)
def test_the_desk_and_the_clinicians_collect_signatures(clinic: Clinic, role: str) -> None:
    consent = put(clinic, role)
    answer = clinic.post(role, f"consents/{consent['id']}/sign/", SIGNED)
    assert answer.status_code == 200
    got = answer.json()
    assert (got["status"], got["signer_name"], got["method"]) == ("signed", "Robin Vale", "typed")
    assert (got["signed_at"], got["collected_by"]) == ("2026-05-04T15:00:00Z", str(clinic.person(role).pk))
    assert got["allowed_moves"] == ["revoke"]
    assert got["content_hash"] == consent["content_hash"]
    assert str(active(clinic).pk) == consent["id"]
    assert clinic.get(role, "consents/").json()["count"] == 1


@pytest.mark.parametrize("role", ["billing", "admin"])
def test_nobody_else_touches_consents(clinic: Clinic, role: str) -> None:
    consent = put(clinic)
    assert clinic.get(role, "consents/").status_code == 403
    assert clinic.post(role, f"consents/{consent['id']}/sign/", SIGNED).status_code == 403
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
def test_only_listed_documents_in_shipped_languages(clinic: Clinic, values: dict, pointer: str) -> None:
    body = {"program": str(clinic.program.pk), "document": "kap_treatment"} | values
    answer = clinic.post("front_desk", "consents/", body)
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
def test_a_signature_names_its_signer_and_method(clinic: Clinic, values: dict, pointer: str) -> None:
    consent = put(clinic)
    answer = clinic.post("front_desk", f"consents/{consent['id']}/sign/", SIGNED | values)
    assert (answer.status_code, pointers(answer)) == (400, {pointer})
    assert Consent.objects.get().status == "draft"


def test_a_drawn_signature_is_kept(clinic: Clinic) -> None:
    drawing = "data:image/png;base64,AAAA"
    body = SIGNED | {"method": "drawn", "signature": drawing}
    assert (
        clinic.post("front_desk", f"consents/{put(clinic)['id']}/sign/", body).json()["signature"] == drawing
    )
    assert "signature" not in clinic.get("front_desk", "consents/").json()["results"][0]


def test_signed_is_signed_once(clinic: Clinic) -> None:
    consent = signed(clinic)
    again = clinic.post(
        "front_desk", f"consents/{consent['id']}/sign/", SIGNED | {"signer_name": "Somebody Else"}
    )
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    assert Consent.objects.get().signer_name == "Robin Vale"


def test_a_revoked_consent_stands_for_nothing(clinic: Clinic) -> None:
    path = f"consents/{signed(clinic)['id']}/revoke/"
    assert clinic.post("front_desk", path, {"reason": "x"}).status_code == 400
    assert active(clinic) is not None
    answer = clinic.post("front_desk", path, {"reason": "Changed her mind."})
    assert (answer.status_code, answer.json()["status"], answer.json()["allowed_moves"]) == (
        200,
        "revoked",
        [],
    )
    assert (answer.json()["revoked_at"], answer.json()["revoke_reason"]) == (
        "2026-05-04T15:00:00Z",
        "Changed her mind.",
    )
    assert active(clinic) is None
    assert clinic.post("front_desk", path, {"reason": "Once more."}).status_code == 409


def test_a_draft_cannot_be_revoked(clinic: Clinic) -> None:
    answer = clinic.post("front_desk", f"consents/{put(clinic)['id']}/revoke/", {"reason": "Not signed."})
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")


def test_the_latest_signature_of_this_document_counts_for_a_year(clinic: Clinic) -> None:
    first = signed(clinic)
    assert active(clinic, document="telehealth") is None
    with clock.fixed(AT + timedelta(days=100)):
        second = signed(clinic)
    assert str(active(clinic, AT + timedelta(days=101)).pk) == second["id"]
    assert first["id"] != second["id"]
    assert active(clinic, AT + timedelta(days=100 + 365)) is not None
    assert active(clinic, AT + timedelta(days=100 + 365, seconds=1)) is None


def test_a_new_version_asks_for_a_new_signature(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    signed(clinic)
    draft = put(clinic)
    newer = dict(documents.DOCUMENTS) | {"kap_treatment": (("1", date(2026, 1, 1)), ("2", date(2026, 6, 1)))}
    monkeypatch.setattr(documents, "DOCUMENTS", newer)
    text = selectors.DocumentText("2", "en", "A newer text.", hashlib.sha256(b"A newer text.").hexdigest())
    monkeypatch.setattr(selectors, "_text_of", lambda document, version, language: text)
    june = AT.replace(month=6)
    assert active(clinic) is not None
    assert active(clinic, june) is None
    with clock.fixed(june):
        refused = clinic.post("front_desk", f"consents/{draft['id']}/sign/", SIGNED)
        assert (refused.status_code, refused.json()["code"]) == (409, "outdated_document")
        assert signed(clinic)["document_version"] == "2"
    assert active(clinic, june) is not None


def test_consents_stay_in_their_house(clinic: Clinic) -> None:
    consent = put(clinic)
    path = f"consents/{consent['id']}/"
    assert clinic.get("front_desk", path, "birch").status_code == 404
    assert clinic.post("front_desk", path + "sign/", SIGNED, "birch").status_code == 404
    assert clinic.post("front_desk", path + "revoke/", {"reason": "because"}, "birch").status_code == 404
    body = {"program": str(clinic.program.pk), "document": "privacy"}
    assert pointers(clinic.post("front_desk", "consents/", body, "birch")) == {"/program"}
    assert clinic.get("front_desk", "consents/", "birch").json()["count"] == 0
    assert Consent.objects.get().status == "draft"


def test_lists_are_filtered(clinic: Clinic) -> None:
    signed(clinic)
    put(clinic, document="telehealth")
    count = lambda query: clinic.get("front_desk", f"consents/?{query}").json()["count"]  # noqa: E731
    assert [count(f"program={clinic.program.pk}"), count("status=signed"), count("document=telehealth")] == [
        2,
        1,
        1,
    ]


def test_history_keeps_each_save_but_not_the_signature(clinic: Clinic) -> None:
    signed(clinic)
    rows = list(Consent.history.order_by("history_id").values_list("status", "history_user_id"))
    desk = clinic.person("front_desk").pk
    assert rows == [("draft", desk), ("signed", desk)]
    assert not {"signature", "text"} & {field.name for field in Consent.history.model._meta.get_fields()}
