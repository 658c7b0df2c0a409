"""Second factors: how one begins, how one signs in with it, and that nothing counts twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as project
from django.core import mail
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from kapclinic.core import clock, crypto
from kapclinic.practice.entry_models import AuthToken
from kapclinic.practice.factor_models import FactorChallenge, FactorReset, RecoveryCode, SecondFactor
from kapclinic.practice.factors import proving, rules
from kapclinic.practice.factors.proving import Shown
from kapclinic.practice.models import User
from kapclinic.trail.models import AuditEvent, Outbox
from sessions.sweep.steps import send_messages
from tests.cast import MONDAY, PASSWORD, Cast
from tests.cast.desk import Browser
from tests.passkey import Passkey
from tests.racing import race

OWN = "auth/second-factors/"


def code(secret: str, at: datetime | None = None) -> str:
    """What the app shows at this moment."""
    step = int((at or clock.now()).timestamp()) // rules.STEP_SECONDS
    return rules.code_of(rules.secret_bytes(secret), step=step)


def with_app(browser: Browser) -> tuple[str, list[str]]:
    """The person at this browser sets up an authenticator app: its secret, and their recovery codes."""
    begun = browser.must(f"{OWN}totp/", {"password": PASSWORD}, status=201)
    shown = browser.must(f"{OWN}totp/{begun['id']}/confirm/", {"otp": code(begun["secret"])})
    return begun["secret"], shown["recovery_codes"]


def enrolled(browser: Browser) -> tuple[Passkey, list[str]]:
    """The person at this browser makes a passkey: it, and their recovery codes."""
    passkey = Passkey()
    begun = browser.must(f"{OWN}passkey/", {"password": PASSWORD}, status=201)
    body = {"credential": passkey.make(begun["options"]), "name": "Blue key"}
    codes = browser.must(f"{OWN}passkey/{begun['id']}/confirm/", body)["recovery_codes"]
    assert len(codes) == 10
    return passkey, codes


def with_passkey(browser: Browser) -> Passkey:
    return enrolled(browser)[0]


def later(**delta: float) -> Any:
    return clock.fixed(MONDAY + timedelta(**delta))


def _refused(answer: Any, status: int, why: str) -> Any:
    assert (answer.status_code, answer.json()["code"]) == (status, why), answer.content
    return answer.json()


# --- an authenticator app ----------------------------------------------------------------------------------


def test_an_app_counts_once_its_first_code_is_right(cast: Cast) -> None:
    browser, other, desk = cast.browser("therapist"), cast.browser("therapist"), cast.desk("therapist")
    _refused(browser.post(f"{OWN}totp/", {"password": "wrong"}), 400, "invalid")
    assert not SecondFactor.objects.exists()
    begun = browser.must(f"{OWN}totp/", {"password": PASSWORD}, status=201)
    assert begun["otpauth_uri"].startswith("otpauth://totp/kapclinic:therapist%40example.test?")
    assert f"secret={begun['secret']}" in begun["otpauth_uri"]
    assert begun["picture"].startswith("data:image/svg+xml")
    assert browser.sign_in(PASSWORD).status_code == 200  # it does not count yet
    path = f"{OWN}totp/{begun['id']}/confirm/"
    assert _refused(browser.post(path, {"otp": "000000"}), 400, "invalid")["errors"][0]["pointer"] == "/otp"
    _refused(cast.browser("np").post(path, {"otp": code(begun["secret"])}), 404, "not_found")
    codes = browser.must(path, {"otp": code(begun["secret"])})["recovery_codes"]
    assert len(set(codes)) == 10
    assert all(len(one) == 14 for one in codes)
    _refused(browser.post(path, {"otp": code(begun["secret"])}), 409, "illegal_transition")
    told = browser.get("auth/me/").json()
    assert (told["second_factor_enrolled"], told["second_factor_enrolment_required"]) == (True, False)
    (row,) = browser.get(OWN).json()["results"]
    assert (row["id"], row["kind"], row["recovery_codes_left"]) == (begun["id"], "totp", 10)
    assert {other.get("auth/me/").status_code, desk.get("auth/me/").status_code} == {401}  # by password alone
    assert not AuthToken.objects.filter(user=cast.therapist, revoked_at__isnull=True).exists()
    acts = AuditEvent.objects.filter(action="second_factor.confirm_totp", created_by=cast.therapist.pk)
    assert list(acts.order_by("outcome").values_list("outcome", flat=True)) == ["ok", "refused"]


def test_nothing_that_is_kept_tells_a_secret(cast: Cast) -> None:
    secret, codes = with_app(cast.browser("therapist"))
    with connection.cursor() as cursor:
        for table in ("secondfactor", "recoverycode", "historicaluser"):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM practice_{table} t")
            kept = cursor.fetchone()[0]
            assert not any(word in kept for word in (secret, secret.encode().hex(), *codes))
    told = str(list(AuditEvent.objects.values())) + str(list(Outbox.objects.values()))
    assert not any(word in told for word in (secret, *codes))


def test_an_enrolment_that_nobody_finished_is_over_after_a_while(cast: Cast) -> None:
    browser = cast.browser("np")
    first = browser.must(f"{OWN}totp/", {"password": PASSWORD}, status=201)
    second = browser.must(f"{OWN}totp/", {"password": PASSWORD}, status=201)
    _refused(
        browser.post(f"{OWN}totp/{first['id']}/confirm/", {"otp": code(first["secret"])}), 404, "not_found"
    )
    with later(minutes=14, seconds=59):
        browser.sign_in(PASSWORD)
    with later(minutes=15, seconds=1):
        path = f"{OWN}totp/{second['id']}/confirm/"
        _refused(browser.post(path, {"otp": code(second["secret"])}), 409, "illegal_transition")
    assert not User.objects.get(pk=cast.np.pk).has_factor


def test_signing_in_takes_a_code_and_takes_it_once(cast: Cast) -> None:
    secret, _ = with_app(cast.browser("therapist"))
    browser = Browser(cast.therapist)
    with later(minutes=1):
        _refused(browser.sign_in("wrong", otp=code(secret)), 401, "wrong_credentials")
        asked = _refused(browser.sign_in(PASSWORD), 401, "second_factor_required")
        assert asked["methods"] == ["totp", "recovery_code"]
        assert browser.get("auth/me/").status_code == 401
        shown = code(secret)
        assert browser.sign_in(PASSWORD, otp=f"{shown[:3]} {shown[3:]}").status_code == 200
        _refused(Browser(cast.therapist).sign_in(PASSWORD, otp=shown), 401, "second_factor_wrong")
    with later(minutes=2):
        for off in (-61, 61):
            far = code(secret, MONDAY + timedelta(minutes=2, seconds=off))
            _refused(browser.sign_in(PASSWORD, otp=far), 401, "second_factor_wrong")
        near = code(secret, MONDAY + timedelta(minutes=2, seconds=30))  # a clock that is half a minute off
        assert browser.sign_in(PASSWORD, otp=near).status_code == 200
        _refused(browser.sign_in(PASSWORD, otp=code(secret)), 401, "second_factor_wrong")  # an older step


def test_a_recovery_code_counts_once_and_a_new_set_ends_the_old(cast: Cast) -> None:
    browser = cast.browser("therapist")
    _, codes = with_app(browser)
    assert Browser(cast.therapist).sign_in(PASSWORD, otp=codes[3].lower()).status_code == 200
    _refused(Browser(cast.therapist).sign_in(PASSWORD, otp=codes[3]), 401, "second_factor_wrong")
    _refused(Browser(cast.np).sign_in("x", otp=codes[4]), 401, "wrong_credentials")
    assert browser.get(OWN).json()["results"][0]["recovery_codes_left"] == 9
    with_passkey(browser)
    _refused(Browser(cast.therapist).sign_in(PASSWORD, otp=codes[5]), 401, "second_factor_wrong")
    assert RecoveryCode.objects.filter(replaced_at__isnull=True).count() == 10


def test_wrong_codes_close_the_door_though_the_password_is_right(cast: Cast, settings: Any) -> None:
    secret, codes = with_app(cast.browser("therapist"))
    settings.LOGIN_ATTEMPTS, settings.LOGIN_LOCK_SECONDS = 3, 600
    with later(minutes=1):
        for wrong in ("000000", "0AAAAAAAAAAA", "nonsense"):
            _refused(Browser(cast.therapist).sign_in(PASSWORD, otp=wrong), 401, "second_factor_wrong")
        for right in (code(secret), codes[0]):
            locked = Browser(cast.therapist).sign_in(PASSWORD, otp=right)
            assert _refused(locked, 429, "too_many_attempts")["retry_after"] == 600
            assert locked.headers["Retry-After"] == "600"
    with later(minutes=11, seconds=1):
        assert Browser(cast.therapist).sign_in(PASSWORD, otp=codes[0]).status_code == 200


# --- a passkey ---------------------------------------------------------------------------------------------


def test_a_passkey_signs_in_and_its_answer_counts_once(cast: Cast) -> None:
    passkey = with_passkey(cast.browser("np"))
    browser, thief = Browser(cast.np), Browser(cast.np)
    asked = _refused(browser.sign_in(PASSWORD), 401, "second_factor_required")
    assert asked["methods"] == ["passkey", "recovery_code"]
    assert asked["passkey"]["rpId"] == "testserver"
    answer = passkey.show(asked["passkey"])
    thief.sign_in(PASSWORD)
    _refused(thief.sign_in(PASSWORD, credential=answer), 401, "second_factor_wrong")  # of another browser
    assert browser.sign_in(PASSWORD, credential=answer).status_code == 200
    _refused(browser.sign_in(PASSWORD, credential=answer), 401, "second_factor_wrong")
    assert SecondFactor.objects.get().sign_count == 1
    again = _refused(browser.sign_in(PASSWORD), 401, "second_factor_required")["passkey"]
    with later(minutes=5, seconds=1):
        _refused(browser.sign_in(PASSWORD, credential=passkey.show(again)), 401, "second_factor_wrong")


def test_a_passkey_opens_the_door_that_a_stranger_closed(cast: Cast, settings: Any) -> None:
    passkey = with_passkey(cast.browser("np"))
    settings.LOGIN_ATTEMPTS = 3
    for _ in range(5):
        Browser(cast.np).sign_in("wrong")
    for who in (cast.np, cast.therapist):  # nobody learns who has one
        for _ in range(4):
            told = Browser(who).sign_in("wrong").json()
        assert (told["code"], told["passkey"].keys()) == (
            "too_many_attempts",
            {"challenge", "rpId", "timeout", "allowCredentials", "userVerification"},
        )
        assert told["passkey"]["allowCredentials"] == []
    browser = Browser(cast.np)

    def asked() -> dict[str, Any]:
        return dict(_refused(browser.sign_in(PASSWORD), 429, "too_many_attempts")["passkey"])

    _refused(browser.sign_in("wrong", credential=passkey.show(asked())), 429, "too_many_attempts")
    answer = passkey.show(asked())
    _refused(
        Browser(cast.np).sign_in(PASSWORD, credential=answer), 429, "too_many_attempts"
    )  # of another browser
    assert browser.sign_in(PASSWORD, credential=passkey.show(asked())).status_code == 200
    assert browser.get("auth/me/").status_code == 200
    _refused(Browser(cast.np).sign_in(PASSWORD), 401, "second_factor_required")  # and it is open again


def test_a_passkey_of_somebody_else_of_another_site_or_copied_is_refused(cast: Cast) -> None:
    mine, theirs = with_passkey(cast.browser("np")), with_passkey(cast.browser("prescriber"))
    browser = Browser(cast.np)

    def asked() -> dict[str, Any]:
        return dict(browser.sign_in(PASSWORD).json()["passkey"])

    _refused(browser.sign_in(PASSWORD, credential=theirs.show(asked())), 401, "second_factor_wrong")
    mine.origin = "https://evil.example"
    _refused(browser.sign_in(PASSWORD, credential=mine.show(asked())), 401, "second_factor_wrong")
    mine.origin = "http://testserver"
    assert browser.sign_in(PASSWORD, credential=mine.show(asked())).status_code == 200
    mine.uses = 0  # a copy that was made before
    _refused(browser.sign_in(PASSWORD, credential=mine.show(asked())), 401, "second_factor_wrong")
    for odd in ({}, {"id": "AQID"}, {"id": 1, "response": []}, mine.show(asked()) | {"response": {}}):
        assert browser.sign_in(PASSWORD, credential=odd).status_code == 401
    assert browser.sign_in(PASSWORD, credential="text").status_code == 400


def test_a_passkey_that_answers_another_question_is_not_enrolled(cast: Cast) -> None:
    browser, passkey = cast.browser("np"), Passkey()
    begun = browser.must(f"{OWN}passkey/", {"password": PASSWORD}, status=201)
    path = f"{OWN}passkey/{begun['id']}/confirm/"
    other = begun["options"] | {"challenge": "AAAA"}
    told = _refused(browser.post(path, {"credential": passkey.make(other)}), 400, "invalid")
    assert told["errors"][0] | {"detail": ""} == {"pointer": "/credential", "code": "wrong", "detail": ""}
    right = {"credential": passkey.make(begun["options"])}
    _refused(browser.post(path, right), 400, "invalid")  # the question was asked once
    assert not User.objects.get(pk=cast.np.pk).has_factor
    assert FactorChallenge.objects.count() <= 1


# --- an end ------------------------------------------------------------------------------------------------


def test_the_last_one_that_goes_takes_the_codes_with_it_and_the_owner_is_told(cast: Cast) -> None:
    browser = cast.browser("therapist")
    with_app(browser)
    with_passkey(browser)
    rows = browser.get(OWN).json()["results"]
    assert [row["kind"] for row in rows] == ["totp", "passkey"]
    assert cast.browser("np").delete(f"{OWN}{rows[0]['id']}/").status_code == 404
    with later(minutes=6):
        _refused(browser.delete(f"{OWN}{rows[0]['id']}/"), 401, "step_up_required")
    for left, row in ((1, rows[0]), (0, rows[1])):
        assert browser.delete(f"{OWN}{row['id']}/").status_code == 204
        assert User.objects.get(pk=cast.therapist.pk).has_factor is bool(left)
    assert browser.get("auth/me/").json()["second_factor_enrolled"] is False
    assert not RecoveryCode.objects.filter(replaced_at__isnull=True).exists()
    assert Browser(cast.therapist).sign_in(PASSWORD).status_code == 200
    send_messages(at=MONDAY)
    subjects = [message.subject for message in mail.outbox if message.to == ["therapist@example.test"]]
    assert [words.split()[4] for words in sorted(subjects)] == ["added", "added", "removed", "removed"]


# --- where it is asked for ---------------------------------------------------------------------------------


def test_where_the_clinic_asks_for_one_nothing_else_is_open_without(cast: Cast, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    browser = Browser(cast.therapist)
    told = browser.sign_in(PASSWORD).json()
    assert (told["second_factor_enrolled"], told["second_factor_enrolment_required"]) == (False, True)
    for desk in (browser, cast.desk("therapist")):
        for path in ("sessions/", "clients/", "auth/tokens/", "staff/", "calendar-feeds/"):
            body = _refused(desk.get(path), 403, "second_factor_enrolment_required")
            assert set(body) == {"type", "title", "status", "detail", "code"}
        assert desk.get("auth/me/").status_code == 200
    with_app(browser)
    assert browser.get("sessions/").status_code == 200
    assert browser.get("auth/tokens/").status_code == 200


def test_who_has_one_proves_it_again_for_what_weighs_more(cast: Cast) -> None:
    director = cast.browser("director")
    secret, _ = with_app(director)
    path, wanted = "record-exports/", {"client": str(cast.north.pk)}
    assert director.post(path, wanted).status_code == 400  # nothing but its own rules stand in the way
    with later(minutes=5, seconds=1):
        for ask, body in (
            (path, wanted),
            (f"staff/{cast.admin.pk}/clinical-roles/", {"roles": ["therapist"]}),
            ("second-factor-resets/", {"user": str(cast.np.pk), "reason": "Lost"}),
        ):
            _refused(director.post(ask, body), 401, "step_up_required")
        assert director.get("sessions/").status_code == 200
        step, password = "auth/step-up/", {"password": PASSWORD}
        _refused(director.post(step, password), 401, "second_factor_required")
        _refused(director.post(step, password | {"otp": "000000"}), 401, "second_factor_wrong")
        _refused(director.post(path, wanted), 401, "step_up_required")
        assert director.post(step, password | {"otp": code(secret)}).status_code == 204
        assert director.post(path, wanted).status_code == 400
        _refused(cast.desk("director").post(path, wanted), 403, "session_required")  # a token proves nothing
    nurse, signing = cast.browser("np"), f"notes/{cast.north.pk}/sign/"
    _refused(nurse.post(signing, {"password": PASSWORD}), 404, "not_found")  # as ever, for who has none
    with_app(nurse)
    with later(minutes=6):
        _refused(nurse.post(signing, {"password": PASSWORD}), 401, "step_up_required")


# --- where steps meet --------------------------------------------------------------------------------------


def test_guesses_of_a_stranger_do_not_stand_before_the_second_step(cast: Cast, settings: Any) -> None:
    secret, codes = with_app(cast.browser("therapist"))
    settings.LOGIN_ATTEMPTS = 3
    with later(minutes=1):
        for _ in range(2):
            _refused(Browser(cast.therapist).sign_in("wrong"), 401, "wrong_credentials")
        hers = Browser(cast.therapist)
        for _ in range(4):  # begun again and again, and never gone on with
            _refused(hers.sign_in(PASSWORD), 401, "second_factor_required")
        assert hers.sign_in(PASSWORD, otp=code(secret)).status_code == 200
        _refused(Browser(cast.therapist).sign_in(PASSWORD), 401, "second_factor_required")
    told = AuditEvent.objects.filter(action="auth.login", object_id=cast.therapist.pk, outcome="refused")
    assert [row.detail["code"] for row in told.order_by("id")][1:3] == [
        "wrong_credentials",
        "second_factor_required",
    ]
    assert codes


def test_a_code_in_other_digits_and_a_passkey_of_another_shape_are_refused(cast: Cast) -> None:
    browser = cast.browser("np")
    begun = browser.must(f"{OWN}totp/", {"password": PASSWORD}, status=201)
    odd = code(begun["secret"]).translate({48 + n: 0xFF10 + n for n in range(10)})
    _refused(browser.post(f"{OWN}totp/{begun['id']}/confirm/", {"otp": odd}), 400, "invalid")
    assert not User.objects.get(pk=cast.np.pk).has_factor


def test_a_browser_from_before_a_factor_stays_out_when_the_factor_goes(cast: Cast) -> None:
    old, browser = cast.browser("np"), cast.browser("np")
    with_app(browser)
    assert old.get("auth/me/").status_code == 401
    (row,) = browser.get(OWN).json()["results"]
    assert browser.delete(f"{OWN}{row['id']}/").status_code == 204
    assert (browser.get("auth/me/").status_code, old.get("auth/me/").status_code) == (200, 401)
    assert set(
        AuditEvent.objects.filter(object_id=cast.np.pk, action__startswith="staff.second").values_list(
            "action", flat=True
        )
    ) == {"staff.second_factor_added", "staff.second_factor_removed"}


def test_who_is_asked_once_more_is_told_of_by_name(cast: Cast) -> None:
    nurse = cast.browser("np")
    with_app(nurse)
    with later(minutes=6):
        _refused(nurse.post(f"notes/{cast.north.pk}/sign/", {"password": PASSWORD}), 401, "step_up_required")
    event = AuditEvent.objects.filter(action="note.sign").latest("id")
    assert (event.created_by, event.outcome, event.detail) == (
        cast.np.pk,
        "refused",
        {"code": "step_up_required"},
    )


# --- the last guard ----------------------------------------------------------------------------------------


def test_the_database_keeps_what_is_half_or_decided_alone(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="factor_is_whole"), transaction.atomic():
        SecondFactor.objects.create(user=cast.np, kind="totp", created_at=MONDAY)
    with pytest.raises(IntegrityError, match="factor_is_whole"), transaction.atomic():
        SecondFactor.objects.create(user=cast.np, kind="passkey", created_at=MONDAY, confirmed_at=MONDAY)
    row = FactorReset(
        user=cast.np, reason="Lost", state="approved", decided_by=cast.admin.pk, decided_at=MONDAY
    )
    with pytest.raises(IntegrityError, match="factor_reset_by_two"), transaction.atomic():
        row.save_by(cast.admin, at=MONDAY)
    with pytest.raises(IntegrityError, match="factor_reset_of_another"), transaction.atomic():
        FactorReset(user=cast.np, reason="Lost").save_by(cast.np, at=MONDAY)


def test_a_new_key_seals_the_secrets_again(cast: Cast, settings: Any, capsys: Any) -> None:
    secret, codes = with_app(cast.browser("therapist"))
    settings.FIELD_KEYS = ["bmV3ZXItb25seS1maWVsZC1rZXktMzItYnl0ZXMtISE=", *project.FIELD_KEYS]
    call_command("rotate_field_keys")
    assert "11 secrets of second factors" in capsys.readouterr().out
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    row = SecondFactor.objects.get()
    assert crypto.decrypt(bytes(row.sealed), aad=row.bound_to()) == secret
    assert Browser(cast.therapist).sign_in(PASSWORD, otp=codes[9]).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_one_code_shown_twice_at_once_lets_one_in(cast: Cast) -> None:
    secret, codes = with_app(cast.browser("therapist"))
    let_in: list[bool] = []

    def show(word: str) -> None:
        let_in.append(
            proving.prove(user=cast.therapist, shown=Shown(code=word), at=MONDAY + timedelta(minutes=1))
        )

    for word in (code(secret, MONDAY + timedelta(minutes=1)), codes[0]):
        let_in.clear()
        assert race(*[lambda word=word: show(word)] * 3) == []
        assert sorted(let_in) == [False, False, True]
