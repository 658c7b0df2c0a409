"""What ends when a password, a role or an account changes, and what of it the owner is told."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache
from io import StringIO
from itertools import starmap
from typing import Any

import pytest
from django.contrib.sessions.models import Session as BrowserSession
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from kapclinic.core import clock
from kapclinic.core.ids import uuid7
from kapclinic.core.origin import Origin, coming_from
from kapclinic.practice import auth, doors
from kapclinic.practice.auth import ClinicBackend
from kapclinic.practice.entry_models import LoginFailures
from kapclinic.practice.models import User
from kapclinic.practice.services import WRITTEN_TO
from kapclinic.trail.models import AuditEvent, Outbox
from sessions.sweep.steps import send_messages
from tests import cast as people
from tests.asking import done, events, refused
from tests.cast import MONDAY, PASSWORD, Cast
from tests.cast.desk import Browser as SignedOut
from tests.practice.test_second_factors import enrolled
from tests.sessions.calendars.reading import feed, fetch

API = "/api/v1/"
GIVEN, OWN = "violet lantern harbour", "another battery, another staple"
OPEN = {"auth/me/", "auth/logout/", "auth/password/"}


def signed_in(email: str, password: str = PASSWORD) -> Browser:
    browser = Browser()
    assert _enter(browser, email, password).status_code == 200
    return browser


def _enter(browser: Browser, email: str, password: str = PASSWORD) -> Any:
    body = {"email": email, "password": password}
    return browser.post(f"{API}auth/login/", body, content_type="application/json")


def _send(browser: Browser, path: str, body: dict[str, str]) -> Any:
    return browser.post(f"{API}{path}", body, content_type="application/json")


def _change(cast: Cast, name: str, body: dict[str, Any]) -> Any:
    return done(cast.desk("admin").patch(f"staff/{cast.people[name].pk}/", body), 200)


def test_after_a_restore_nobody_is_in_who_was_shut_out_since(cast: Cast) -> None:
    """The token of a colleague had been ended, and the restored database knows nothing of that."""
    browser, desk, admin = signed_in(cast.np.email), cast.desk("np"), cast.desk("admin")
    with pytest.raises(CommandError, match="Say why"):
        call_command("end_sign_ins", " ")
    assert desk.get("auth/me/").status_code == 200
    call_command("end_sign_ins", "Restored to 10:31", stdout=StringIO())
    for ask in (browser.get, desk.client.get, admin.client.get):
        assert ask(f"{API}auth/me/").status_code == 401
    told = AuditEvent.objects.filter(action="staff.signed_out")
    assert set(told.values_list("object_id", flat=True)) == set(User.objects.values_list("pk", flat=True))
    assert {event.detail["reason"] for event in told} == {"Restored to 10:31"}
    signed_in(cast.np.email)


# --- a password by somebody else ---------------------------------------------------------------------------


def test_a_reset_ends_everything_is_told_and_asks_for_a_password_of_ones_own(cast: Cast) -> None:
    browsers, desk = [signed_in(cast.np.email), signed_in(cast.np.email)], cast.desk("np")
    _change(cast, "np", {"password": GIVEN, "reason": "Lost her phone"})
    for ask in (*(browser.get for browser in browsers), desk.client.get):
        assert ask(f"{API}auth/me/").status_code == 401
    assert _enter(Browser(), cast.np.email).status_code == 401
    (event,) = AuditEvent.objects.filter(action="staff.password_reset")
    assert (event.created_by, event.object_id, event.outcome) == (cast.admin.pk, cast.np.pk, "ok")
    assert event.detail == {"reason": "Lost her phone", "before": {"set_by": None, "set_at": None}}

    browser = signed_in(cast.np.email, GIVEN)
    assert done(browser.get(f"{API}auth/me/"), 200)["password_change_required"] is True
    for path in ("clients/", "auth/tokens/", "staff/", f"clients/{cast.np.pk}/", "tasks/"):
        refused(browser.get(f"{API}{path}"), 403, "password_change_required")
    refused(_send(browser, "auth/tokens/", {"name": "x"}), 403, "password_change_required")
    assert [browser.get(page)["Location"] for page in ("/", "/bedside")] == [
        "/password",
        "/password?next=%2Fbedside",
    ]
    assert browser.get("/password").status_code == 200

    same = _send(browser, "auth/password/", {"old_password": GIVEN, "new_password": GIVEN})
    refused(same, 400, "same", "/new_password")
    assert _send(browser, "auth/password/", {"old_password": GIVEN, "new_password": OWN}).status_code == 204
    assert done(browser.get(f"{API}auth/me/"), 200)["password_change_required"] is False
    assert browser.get(f"{API}clients/").status_code == 200
    assert _enter(Browser(), cast.np.email, GIVEN).status_code == 401
    _change(cast, "np", {"password": "marble thunder orchard"})
    before = AuditEvent.objects.filter(action="staff.password_reset").latest("id").detail["before"]
    assert before == {"set_by": str(cast.np.pk), "set_at": MONDAY.isoformat()}


def test_a_reset_opens_the_door_that_somebody_guessed_at(cast: Cast, settings: Any) -> None:
    settings.LOGIN_ATTEMPTS = 3
    for _ in range(3):
        _enter(Browser(), cast.np.email, "wrong")
    assert _enter(Browser(), cast.np.email).status_code == 429
    _change(cast, "np", {"password": GIVEN})
    assert _enter(Browser(), cast.np.email, GIVEN).status_code == 200


def test_whoever_must_choose_a_password_may_sign_out_and_in_and_nothing_else(cast: Cast) -> None:
    _change(cast, "np", {"password": GIVEN})
    browser = signed_in(cast.np.email, GIVEN)
    assert _send(browser, "auth/logout/", {}).status_code == 204
    assert browser.get(f"{API}auth/me/").status_code == 401
    assert _enter(browser, cast.np.email, GIVEN).json()["password_change_required"] is True


def test_the_owner_is_told_of_a_reset_also_where_they_were_written_to_before(
    cast: Cast, mailoutbox: list[Any]
) -> None:
    """Somebody who takes an account over may change its e-mail first."""
    old = cast.np.email
    with clock.fixed(MONDAY - WRITTEN_TO - timedelta(days=40)):
        doors_row = User.objects.get(pk=cast.np.pk)
        doors_row.save_by(cast.admin, at=clock.now())
    _change(cast, "np", {"email": "elsewhere@example.test"})
    _change(cast, "np", {"password": GIVEN, "reason": "Said over the phone"})
    (row,) = Outbox.objects.filter(template="password_reset")
    assert (row.recipient, row.channel, row.recipient_kind) == (cast.np.pk, "email", "staff")
    assert send_messages(at=MONDAY + timedelta(minutes=1)) == 1
    assert {tuple(one.to) for one in mail.outbox} == {("elsewhere@example.test",), (old,)}
    for one in mail.outbox:
        assert GIVEN not in one.body
        assert "phone" not in one.body
        assert cast.np.name not in one.subject + one.body


def test_an_administrator_changes_their_own_password_with_the_old_one_like_everybody(cast: Cast) -> None:
    before = User.objects.values().get(pk=cast.admin.pk)
    answer = cast.desk("admin").patch(f"staff/{cast.admin.pk}/", {"password": GIVEN})
    refused(answer, 400, "own", "/password")
    assert User.objects.values().get(pk=cast.admin.pk) == before
    assert not AuditEvent.objects.filter(action="staff.password_reset").exists()


def test_a_weak_password_resets_nothing(cast: Cast) -> None:
    browser = signed_in(cast.np.email)
    answer = cast.desk("admin").patch(f"staff/{cast.np.pk}/", {"password": "password1234", "name": "Other"})
    refused(answer, 400, "weak", "/password")
    assert browser.get(f"{API}auth/me/").json()["name"] == cast.np.name
    assert not Outbox.objects.exists()


def test_a_first_password_is_changed_by_its_owner_before_anything_else(cast: Cast) -> None:
    wanted = {
        "email": "new@example.test",
        "name": "New",
        "roles": ["billing"],
        "locations": [],
        "password": GIVEN,
    }
    made = cast.desk("admin").must("staff/", wanted | {"kap_trained": False})
    assert "reason" not in made
    browser = Browser()
    assert _enter(browser, "new@example.test", GIVEN).json()["password_change_required"] is True
    refused(browser.get(f"{API}charges/"), 403, "password_change_required")
    assert _send(browser, "auth/password/", {"old_password": GIVEN, "new_password": OWN}).status_code == 204
    assert browser.get(f"{API}charges/").status_code == 200
    assert _enter(Browser(), "new@example.test", OWN).json()["password_change_required"] is False
    for action in ("staff.password_reset", "staff.private_notes_sealed"):  # it was nobody's before
        assert not AuditEvent.objects.filter(action=action).exists()
    assert not Outbox.objects.exists()


# --- roles, and the account itself ---------------------------------------------------------------------------


def test_other_roles_end_what_was_signed_in_and_the_same_ones_do_not(cast: Cast) -> None:
    browser, desk = signed_in(cast.np.email), cast.desk("np")
    _change(
        cast, "np", {"roles": ["nurse_practitioner"], "locations": [str(cast.north.pk), str(cast.south.pk)]}
    )
    assert (browser.get(f"{API}auth/me/").status_code, desk.get("auth/me/").status_code) == (200, 200)
    assert not AuditEvent.objects.filter(action="staff.roles_changed").exists()
    _change(cast, "np", {"roles": ["nurse_practitioner", "billing"]})
    assert (browser.get(f"{API}auth/me/").status_code, desk.get("auth/me/").status_code) == (401, 401)
    (event,) = AuditEvent.objects.filter(action="staff.roles_changed")
    assert event.detail == {"before": ["nurse_practitioner"], "after": ["billing", "nurse_practitioner"]}
    again = signed_in(cast.np.email)
    assert done(again.get(f"{API}auth/me/"), 200)["password_change_required"] is False


def test_a_role_from_the_director_ends_it_too(cast: Cast) -> None:
    browser, desk = signed_in(cast.admin.email), cast.desk("admin")
    give = f"staff/{cast.admin.pk}/clinical-roles/"
    cast.desk("director").must(give, {"roles": ["therapist"]})
    assert (browser.get(f"{API}auth/me/").status_code, desk.get("auth/me/").status_code) == (401, 401)
    again = cast.back("admin")
    cast.desk("director").must(give, {"roles": ["therapist"]})  # which they have
    assert again.get("auth/me/").status_code == 200


def test_an_account_that_is_opened_again_begins_anew(cast: Cast) -> None:
    browser, desk = signed_in(cast.therapist.email), cast.desk("therapist")
    feeds = [feed(cast, "therapist"), feed(cast, "therapist", room=str(cast.aspen.pk))]
    other = feed(cast, "np")
    _change(cast, "therapist", {"is_active": False})
    _change(cast, "therapist", {"is_active": True})
    assert (browser.get(f"{API}auth/me/").status_code, desk.get("auth/me/").status_code) == (401, 401)
    assert [fetch(made["url"]).status_code for made in (*feeds, other)] == [404, 404, 200]
    listed = cast.back("therapist").get("calendar-feeds/").json()["results"]
    assert {row["state"] for row in listed} == {"revoked"}
    assert [by for by, *_ in events("staff.closed") + events("staff.reopened")] == [cast.admin.pk] * 2
    assert signed_in(cast.therapist.email).get(f"{API}clients/").status_code == 200


def test_each_sign_in_has_a_session_of_its_own(cast: Cast) -> None:
    """Also that of the same person at the same browser: whoever saw the old id has nothing."""
    browser = signed_in(cast.np.email)
    first = browser.cookies["sessionid"].value
    assert _enter(browser, cast.np.email).status_code == 200
    second = browser.cookies["sessionid"].value
    assert first != second
    assert list(BrowserSession.objects.values_list("session_key", flat=True)) == [second]
    thief = Browser()
    thief.cookies["sessionid"] = first
    assert thief.get(f"{API}auth/me/").status_code == 401
    assert _enter(browser, cast.np.email, "wrong").status_code == 401
    assert browser.get(f"{API}auth/me/").status_code == 200  # somebody else's mistake signs nobody out


# --- guessing --------------------------------------------------------------------------------------------------


def _guess(where: str, email: str, password: str) -> bool:
    """Does a guess from this address open an account? As the login asks, without the cost of a request."""
    with coming_from(Origin(where, uuid7())):
        return ClinicBackend().authenticate(None, email=email, password=password) is not None


def test_ten_thousand_guesses_open_no_account_and_keep_nobody_from_their_work(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """60 addresses guess at 60 e-mails. Each account has its tries, whoever takes them; then its login is locked for a
    while, but to a passkey. Whoever is signed in says once more who they are, signs and witnesses meanwhile."""
    settings.LOGIN_ATTEMPTS = 5
    visit = people.completed_session(cast, people.opened_program(cast), starts_at=MONDAY)
    note, lot = people.written_note(visit, by=cast.therapist), people.lot_of(cast)
    at_work = cast.browser("therapist")
    passkey, codes = enrolled(at_work)
    emails = [user.email for user in cast.people.values()]
    emails += [f"nobody{n}@example.test" for n in range(60 - len(emails))]
    guesses = [
        (
            f"198.51.100.{n % 60 + 1}",
            emails[(n + n // 60) % 60],
            f"guess {n}" if n < 300 or n % 2 else PASSWORD,
        )
        for n in range(10_000)
    ]
    for n, (where, email, password) in enumerate(guesses[:360]):
        body = {"email": email, "password": password}
        answer = Browser(REMOTE_ADDR=where).post(f"{API}auth/login/", body, content_type="application/json")
        assert answer.status_code == (401 if n < 300 else 429)
    known = AuditEvent.objects.filter(action="auth.login", object_type="staff", outcome="refused")
    assert known.count() == 5 * len(cast.people)
    assert known.filter(detail__locked=True).count() == len(cast.people)
    with monkeypatch.context() as patch:
        patch.setattr(auth, "_whose", cache(auth._whose))  # nobody's e-mail changes meanwhile
        assert not any(starmap(_guess, guesses[360:]))
    assert LoginFailures.objects.count() == 60
    spelt = [
        f"{gap}{what}|{cast.therapist.pk}"
        for what in ("own", "second-factor")
        for gap in ("", " ", "\u200b ")
    ]
    for email in spelt * 6:  # the name under which her own tries are counted is nobody's e-mail
        assert not _guess("198.51.100.9", email, "x")

    hers = SignedOut(cast.therapist)
    asked = refused(hers.sign_in(PASSWORD), 429, "too_many_attempts")["passkey"]
    with clock.fixed(MONDAY + timedelta(minutes=6)):
        signing = f"notes/{note.pk}/sign/"
        refused(at_work.post(signing, {"password": PASSWORD}), 401, "step_up_required")
        asked = refused(at_work.post("auth/step-up/", {"password": PASSWORD}), 401, "second_factor_required")
        shown = {"password": PASSWORD, "credential": passkey.show(asked["passkey"])}
        assert at_work.post("auth/step-up/", shown).status_code == 204
        assert done(at_work.post(signing, {"password": PASSWORD}), 200)["status"] == "signed"
        waste = {"lot": str(lot.pk), "kind": "waste", "amount_mg": "5", "reason": "broken"}
        witness = {"user": str(cast.therapist.pk), "password": PASSWORD, "otp": codes[0]}
        cast.desk("np").must("drug-entries/", waste | {"witness": witness}, status=201)
        asked = refused(hers.sign_in(PASSWORD), 429, "too_many_attempts")["passkey"]
        assert hers.sign_in(PASSWORD, credential=passkey.show(asked)).status_code == 200
    with clock.fixed(MONDAY + timedelta(seconds=settings.LOGIN_LOCK_SECONDS)):
        assert _enter(Browser(), cast.np.email).status_code == 200
    assert doors.forget_old_tries(at=MONDAY + timedelta(hours=23)) == 0
    assert doors.forget_old_tries(at=MONDAY + timedelta(days=1, seconds=1)) == 60
    assert not LoginFailures.objects.exists()


def test_tries_within_a_session_and_those_at_the_login_are_counted_apart(cast: Cast, settings: Any) -> None:
    settings.LOGIN_ATTEMPTS, step = 3, "auth/step-up/"
    nurse = cast.browser("np")
    for _ in range(2):
        refused(nurse.post(step, {"password": "wrong"}), 400, "wrong", "/password")
    refused(nurse.post(step, {"password": "wrong"}), 429, "too_many_attempts")
    locked = nurse.post(step, {"password": PASSWORD})
    assert refused(locked, 429, "too_many_attempts")["retry_after"] == settings.LOGIN_LOCK_SECONDS
    second = cast.browser("np")  # the login is open, and opens nothing of this
    assert second.post(step, {"password": PASSWORD}).status_code == 429
    for _ in range(3):
        _enter(Browser(), cast.prescriber.email, "wrong")
    _change(cast, "np", {"password": GIVEN})  # whoever guessed, guessed at another password
    browser = signed_in(cast.np.email, GIVEN)
    assert _send(browser, "auth/password/", {"old_password": GIVEN, "new_password": OWN}).status_code == 204
    new = {"old_password": PASSWORD, "new_password": OWN}
    assert cast.desk("prescriber").post("auth/password/", new).status_code == 204


def test_a_try_is_taken_before_the_password_is_looked_at(cast: Cast, settings: Any) -> None:
    """Those who guess at once get no more tries than those who guess in turn."""
    settings.LOGIN_ATTEMPTS = 3
    taken = [doors.take_try(key=cast.np.email_key, at=MONDAY).value for _ in range(5)]
    assert taken == ["taken", "taken", "last", "locked", "locked"]
    doors.clear_tries(key=cast.np.email_key)
    assert doors.take_try(key=cast.np.email_key, at=MONDAY) is doors.Try.TAKEN
    settings.LOGIN_ATTEMPTS = 1
    assert doors.take_try(key="somebody@example.test", at=MONDAY) is doors.Try.LAST
    assert re.fullmatch("[0-9a-f]{64}", LoginFailures.objects.latest("tried_at").pk)


@pytest.mark.parametrize("path", sorted(OPEN))
def test_the_three_addresses_are_those_that_stay_open(cast: Cast, path: str) -> None:
    _change(cast, "np", {"password": GIVEN})
    browser = signed_in(cast.np.email, GIVEN)
    answer = browser.get(API + path) if path == "auth/me/" else _send(browser, path, {})
    assert answer.status_code in {200, 204, 400}
