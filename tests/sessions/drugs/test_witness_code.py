"""A witness who has a second factor shows a code of it beside the password."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from webauthn.helpers import base64url_to_bytes

from kapclinic.core import clock
from kapclinic.practice.factor_models import FactorChallenge
from kapclinic.trail.models import AuditEvent
from sessions.drugs.models import DrugEntry
from tests.cast import MONDAY, PASSWORD, Cast
from tests.cast.desk import Browser
from tests.practice.test_second_factors import code, enrolled, with_app
from tests.sessions.drugs.test_stock_api import enter, lot_with, witness


def _waste(cast: Cast, lot: Any, **shown: Any) -> Any:
    return enter(cast, lot, "waste", "5", witness=witness(cast)["witness"] | shown)


def test_a_witness_with_an_app_adds_its_code(cast: Cast, settings: Any) -> None:
    lot = lot_with(cast)
    secret, codes = with_app(cast.browser("prescriber"))
    with clock.fixed(MONDAY + timedelta(minutes=1)):
        for shown in ({}, {"otp": ""}, {"otp": "000000"}, {"otp": code(secret), "password": "wrong"}):
            refused = _waste(cast, lot, **shown)
            assert (refused.status_code, refused.data["code"]) == (400, "witness_invalid")
        assert not DrugEntry.objects.filter(kind="waste").exists()
        shown = code(secret)
        body = {"lot": str(lot.pk), "kind": "waste", "amount_mg": "5", "reason": "broken"}
        body |= {"witness": witness(cast)["witness"] | {"otp": shown}}
        made = cast.desk("np").post("drug-entries/", body, key="one-waste")
        assert made.status_code == 201
        for _ in range(4):  # the answer was lost on its way: it is told again, and nobody is asked for a code
            again = cast.desk("np").post("drug-entries/", body, key="one-waste")
            assert (again.status_code, again.json()) == (201, made.json())
        other = cast.desk("np").post("drug-entries/", body | {"amount_mg": "6"}, key="one-waste")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        assert _waste(cast, lot, otp=shown).status_code == 400  # it counted once
        assert _waste(cast, lot, otp=codes[0]).status_code == 201
    told = AuditEvent.objects.filter(action="witness.verify", outcome="refused").order_by("pk")
    assert [row.detail["code"] for row in told] == [
        "code_required",
        "code_required",
        "wrong",
        "wrong",
        "wrong",
    ]
    cast.desk("admin").patch(f"staff/{cast.therapist.pk}/", {"password": "violet lantern harbour"})
    known = {"user": str(cast.therapist.pk), "password": "violet lantern harbour"}  # to the administrator
    assert enter(cast, lot, "waste", "5", witness=known).status_code == 400
    last = AuditEvent.objects.filter(action="witness.verify").order_by("pk").last()
    assert last is not None
    assert last.detail["code"] == "password_change_required"
    settings.REQUIRE_SECOND_FACTOR = True
    with_app(cast.browser("np"))
    cast._desks.clear()  # those of before ended with the new factor
    unknown = enter(cast, lot, "waste", "5", **witness(cast, "director"))
    assert (unknown.status_code, unknown.data["code"]) == (400, "witness_invalid")
    assert (
        AuditEvent.objects.filter(action="witness.verify").order_by("pk").last().detail["code"]
        == "not_enrolled"
    )


def test_a_witness_with_a_passkey_shows_it_at_a_colleagues_browser(cast: Cast) -> None:
    lot = lot_with(cast)
    passkey, _ = enrolled(cast.browser("prescriber"))
    nurse, mine = cast.desk("np"), {"user": str(cast.prescriber.pk)}

    def asked() -> dict[str, Any]:
        return dict(nurse.must("witnesses/passkey/", mine))

    def shown(question: dict[str, Any], **more: Any) -> Any:
        answer = {"challenge": question["challenge"], "credential": passkey.show(question["passkey"])}
        return _waste(cast, lot, **(answer | more))

    with clock.fixed(MONDAY + timedelta(minutes=1)):
        other = asked()
        wrong = ({"password": "wrong"}, {"challenge": other["challenge"]}, {"challenge": None})
        for more in wrong:  # a wrong password, the answer to another question, to none
            assert shown(asked(), **more).status_code == 400
        question = asked()
        made = shown(question)
        assert made.status_code == 201
        assert DrugEntry.objects.get(kind="waste").witness_id == cast.prescriber.pk
        assert shown(question).status_code == 400  # a question is answered once
        # It signs nobody in, and a question of the sign-in witnesses nothing.
        browser = Browser(cast.prescriber)
        told = browser.sign_in(PASSWORD).json()["passkey"]
        assert browser.sign_in(PASSWORD, credential=passkey.show(asked()["passkey"])).status_code == 401
        told = browser.sign_in(PASSWORD).json()["passkey"]
        row = FactorChallenge.objects.get(challenge=base64url_to_bytes(told["challenge"]))
        assert shown({"challenge": str(row.pk), "passkey": told}).status_code == 400
    late = asked()
    with clock.fixed(MONDAY + timedelta(minutes=7)):
        assert shown(late).status_code == 400
    assert DrugEntry.objects.filter(kind="waste").count() == 1
    for who, why in ((cast.therapist, "no_passkey"), (cast.south_np, "invalid")):
        assert nurse.post("witnesses/passkey/", {"user": str(who.pk)}).json()["code"] == why
    assert AuditEvent.objects.filter(action="witness.passkey", created_by=cast.np.pk, outcome="ok").exists()
