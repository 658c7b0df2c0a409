"""Second factors in a browser: setting them up, signing in by each, and saying once more who one is."""

from __future__ import annotations

import re
from contextlib import suppress
from decimal import Decimal
from typing import Any

from playwright.sync_api import CDPSession, Error, Locator, Page, expect

from kapclinic.core import clock
from kapclinic.practice.factor_models import SecondFactor
from kapclinic.practice.factors import rules
from kapclinic.practice.models import Role, User
from sessions.booking.models import Session
from sessions.dosing.models import Administration
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import PASSWORD
from tests.cast.ways import IM, lot_of
from tests.e2e.screens import Served, Tablet
from tests.e2e.test_dosing import ready


def _authenticator(page: Page) -> CDPSession:
    """A passkey of the device itself, whose owner is always there."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def _code(secret: str, ahead: int = 0) -> str:
    step = int(clock.now().timestamp()) // rules.STEP_SECONDS + ahead
    return rules.code_of(rules.secret_bytes(secret), step=step)


def _unused(secret: str, user: User) -> str:
    """A code that counts and was not shown before: the next one, when this one was."""
    last = SecondFactor.objects.get(user=user, kind="totp", removed_at__isnull=True).last_step or 0
    now = int(clock.now().timestamp()) // rules.STEP_SECONDS
    return _code(secret, max(0, last + 1 - now))


def _at_name(tablet: Tablet, base: str, user: User, *, at: str = "/") -> Locator:
    """By the host's name, without which no passkey works; the first step of the sign-in."""
    page = tablet.page
    page.goto(f"{base}/sign-in?next={at}")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("button.xl").click()
    return page.locator("#otp")


def _out(page: Page, base: str) -> None:
    page.goto(
        "about:blank"
    )  # a page that asks on would leave for the sign-in by itself, in the midst of this
    for _ in range(3):
        page.context.clear_cookies()
        with suppress(
            Error
        ):  # the last page's answer came since, with its cookie: who is signed in is led on
            page.goto(f"{base}/sign-in")
            return
    raise AssertionError("Somebody is still signed in.")


def _kept(page: Page) -> list[str]:
    """The recovery codes of the page, which are shown this once."""
    expect(page.locator(".codes li")).to_have_count(10)
    codes = page.locator(".codes li").all_inner_texts()
    page.get_by_role("button", name="I have kept them").click()
    return codes


def test_an_app_a_passkey_and_a_recovery_code(clinic: Served, tablet: Tablet) -> None:
    user, page = people.colleague(clinic.cast, "factored", Role.ADMIN), tablet.page
    base = clinic.base_url.replace("127.0.0.1", "localhost")
    device = _authenticator(page)
    _at_name(tablet, base, user, at="/people")
    page.wait_for_url(re.compile("/people$"))
    page.get_by_role("button", name="Your settings").click()
    page.get_by_role("link", name="Second factor").click()
    expect(page.get_by_text("You have none yet.")).to_be_visible()
    tablet.accessible()
    secret, codes = _sets_up_an_app(tablet)
    _signs_in_by_code(tablet, base, user, secret, codes)
    _adds_a_passkey(tablet, base, user)
    _says_once_more(tablet, base, user)
    device.detach()


def _sets_up_an_app(tablet: Tablet) -> tuple[str, list[str]]:
    page = tablet.page
    page.get_by_role("button", name="Set up an authenticator app").click()
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".errors")).to_contain_text("The password is wrong")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("img", name="Picture for the authenticator app")).to_be_visible()
    assert page.locator("img.qr").evaluate("picture => picture.naturalWidth") > 0
    tablet.accessible()
    secret = page.locator(".key").inner_text().replace(" ", "")
    page.get_by_label("Code of six digits").fill("000000")
    page.get_by_role("button", name="This code is right").click()
    expect(page.locator(".errors")).to_contain_text("not right")
    page.get_by_label("Code of six digits").fill(_code(secret))
    page.get_by_role("button", name="This code is right").click()
    expect(page.locator(".codes li")).to_have_count(10)
    tablet.accessible()
    return secret, _kept(page)


def _signs_in_by_code(tablet: Tablet, base: str, user: User, secret: str, codes: list[str]) -> None:
    page = tablet.page
    expect(page.get_by_text("10 recovery codes are left")).to_be_visible()
    _out(page, base)
    field = _at_name(tablet, base, user, at="/people")
    expect(field).to_be_focused()
    tablet.accessible()
    field.fill("123")
    field.press("Enter")
    expect(page.locator(".errors")).to_contain_text("Try the next code")
    field.fill(_unused(secret, user))
    field.press("Enter")
    page.wait_for_url(re.compile("/people$"))
    _out(page, base)
    field = _at_name(tablet, base, user, at="/second-factors")
    field.fill(codes[0])
    field.press("Enter")
    page.wait_for_url(re.compile("/second-factors$"))
    expect(page.get_by_text("9 recovery codes are left")).to_be_visible()
    _out(page, base)
    field = _at_name(tablet, base, user, at="/second-factors")
    field.fill(codes[0])
    field.press("Enter")
    expect(page.locator(".errors")).to_contain_text("counted before")
    field.fill(codes[1])
    field.press("Enter")
    page.wait_for_url(re.compile("/second-factors$"))


def _adds_a_passkey(tablet: Tablet, base: str, user: User) -> None:
    page = tablet.page
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_label("What do you call it?").fill("This tablet")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    _kept(page)
    expect(page.locator(".own-l li")).to_have_count(2)
    _out(page, base)
    _at_name(tablet, base, user, at="/people")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(re.compile("/people$"))
    assert SecondFactor.objects.get(user=user, kind="passkey").sign_count > 0


def _stale(page: Page) -> None:
    """The proof of this browser is older than five minutes, as far as the server knows."""
    from django.contrib.sessions.backends.db import SessionStore

    (cookie,) = [one["value"] for one in page.context.cookies() if one["name"] == "sessionid"]
    session: Any = SessionStore(session_key=cookie)
    session["kap_proven"] -= 301
    session.save()


def _says_once_more(tablet: Tablet, base: str, user: User) -> None:
    """Opening an account asks for it, over the form; given up, the form keeps its words; proven, it goes on."""
    page, dialog = tablet.page, tablet.page.get_by_role("dialog", name="Is it still you?")
    expect(page.locator(".il button").first).to_be_visible()
    page.keyboard.press("n")
    form = page.get_by_role("dialog").first
    form.get_by_label("Name", exact=True).fill("Robin Late")
    form.get_by_label("E-mail").fill("robin.late@example.test")
    form.get_by_label("Therapist").check()
    form.get_by_label("North").check()
    form.get_by_label("First password").fill("violet lantern harbour")
    _stale(page)
    form.get_by_role("button", name="Open this account").click()
    expect(dialog).to_be_visible()
    tablet.accessible()
    dialog.get_by_role("button", name="Close").click()
    expect(form.get_by_role("alert")).to_contain_text("Give your password once more")
    assert not User.objects.filter(email="robin.late@example.test").exists()
    form.get_by_role("button", name="Open this account").click()
    dialog.get_by_label("Password", exact=True).fill("wrong")
    dialog.get_by_role("button", name="Go on").click()
    expect(dialog.get_by_role("alert")).to_contain_text("The password is wrong")
    dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    dialog.get_by_role("button", name="Go on").click()
    dialog.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("#object")).to_have_text("Robin Late")
    assert User.objects.filter(email="robin.late@example.test").count() == 1


def test_a_witness_shows_their_passkey_at_a_colleagues_page(clinic: Served, tablet: Tablet) -> None:
    witness, page = people.colleague(clinic.cast, "keyed", Role.PRESCRIBER), tablet.page
    lot = lot_of(clinic.cast, lot_number=f"K-{Session.objects.count()}")
    session = ready(clinic, **IM)
    visits.change(session=session, values={"weight_kg": Decimal(80)}, by=clinic.cast.np, at=clock.now())
    base = clinic.base_url.replace("127.0.0.1", "localhost")
    device = _authenticator(page)
    _at_name(tablet, base, witness, at="/second-factors")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_label("What do you call it?").fill("My key")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    _kept(page)
    _out(page, base)
    _at_name(tablet, base, clinic.cast.np, at=f"/bedside/sessions/{session.pk}")
    page.get_by_role("button", name="Dose", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Lot").select_option(str(lot.pk))
    dialog.get_by_label("Drawn, mg").fill("105")
    dialog.get_by_label("Witness").select_option(str(witness.pk))
    secret = dialog.get_by_label(re.compile("^Password of"))
    record = dialog.get_by_role("button", name="Record 100 mg given, 5 mg wasted")
    secret.fill(PASSWORD)
    record.click()
    expect(dialog.get_by_role("alert").first).to_contain_text("passkey")
    dialog.get_by_role("button", name="Use their passkey").click()
    expect(dialog.get_by_role("status").filter(has_text="Answered")).to_be_visible()
    secret.fill(PASSWORD)
    record.click()
    expect(dialog).to_have_count(0)
    assert Administration.objects.get(session=session).wasted_mg == Decimal(5)
    assert SecondFactor.objects.get(user=witness).sign_count > 0
    device.detach()
