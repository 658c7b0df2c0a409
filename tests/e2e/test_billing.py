"""Billing: from a day's sessions to issued superbills and a file that opens; what stops a charge, and bad days between."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from billing.codes.models import Fee, ServiceCode
from billing.documents.models import Superbill
from billing.jobs.models import Job
from billing.ledger.models import Charge
from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM, Client, User
from programs.models import Program
from sessions.booking.models import Session
from tests import cast as people
from tests.cast import PLAIN
from tests.e2e.screens import PATIENCE, Served, Tablet

NPI = "1245319599"
TAKEN = count(1)  # hours of the one room, in all tests


@dataclass
class Desk:
    """The biller's page about the sessions of one therapist, whom no other test knows."""

    clinic: Served
    tablet: Tablet
    therapist: str

    @property
    def page(self) -> Page:
        return self.tablet.page

    @property
    def address(self) -> str:
        return f"/billing?staff={self.clinic.cast.people[self.therapist].pk}"

    def start(self) -> datetime:
        """An hour of the days before, each a little earlier than the last."""
        return self.clinic.opened_at - timedelta(days=1, hours=2 * next(TAKEN))

    def who(self, first: str) -> Client:
        with clock.fixed(self.clinic.opened_at - timedelta(days=8)):
            return people.client(
                self.clinic.cast.north, by=self.clinic.cast.frontdesk, first=first, last="Ledger"
            )

    def session(self, who: Client, *, signed: bool = True) -> Session:
        """An hour with the therapist that took place, written up or not."""
        cast = self.clinic.cast
        with clock.fixed(self.clinic.opened_at - timedelta(days=7)):
            mine = {"therapist": cast.people[self.therapist].pk}
            program = Program.objects.filter(client=who).first() or people.opened_program(
                cast, who=who, **mine
            )
        when, seat = self.start(), (self.therapist,)
        if not signed:
            return people.completed_session(cast, program, starts_at=when, who=seat)
        return people.signed_session(cast, program, starts_at=when, who=seat)

    def opened(self, name: str = "billing", more: str = "") -> None:
        self.tablet.sign_in(name, at="/billing")
        self.page.goto(self.address + more)
        self.page.locator(".bl").wait_for()

    def row(self, who: Client) -> Locator:
        return self.page.locator("tr.r", has_text=who.legal_first_name)

    def sees(self, group: str, count: int) -> None:
        """So many rows stand under a heading of the worklist."""
        body = self.page.locator("tbody", has=self.page.locator(".grp", has_text=re.compile(f"^{group}")))
        expect(body.locator("tr.r")).to_have_count(count, timeout=PATIENCE)


@pytest.fixture
def desk(clinic: Served, tablet: Tablet, request: pytest.FixtureRequest) -> Iterator[Desk]:
    cast = clinic.cast
    if not ServiceCode.objects.filter(code=PLAIN).exists():
        people.service_codes()
    if not Fee.objects.filter(code__code="90837").exists():
        cast.desk("billing").must("fees/", {"code": "90837", "amount": "180.00", "valid_from": "2026-01-01"})
    name = f"biller_{len(cast.people)}"
    with clock.fixed(clinic.opened_at - timedelta(days=9)):
        people.colleague(cast, name, "therapist", kap_trained=True, credentials="LCSW", npi=NPI)
    yield Desk(clinic, tablet, name)
    gone = User.objects.get(pk=cast.people[name].pk)
    gone.is_active = False  # or other tests would be offered the hours of somebody whom they do not know
    gone.save_by(SYSTEM, at=clock.now())
    for word in (
        "Ledger",
        *(row.legal_first_name for row in Client.objects.filter(legal_last_name="Ledger")),
    ):
        assert word not in tablet.page.url
        assert word not in tablet.page.title()


def test_a_days_sessions_become_superbills_and_a_file_that_opens(desk: Desk) -> None:
    page, tablet = desk.page, desk.tablet
    clients = [desk.who(first) for first in ("Amber", "Birk", "Cleo")]
    for who in clients:
        desk.session(who)
    desk.opened()
    desk.sees("To charge", 3)
    expect(page.get_by_role("tab", name=re.compile("^To bill"))).to_contain_text("3")
    tablet.accessible()
    page.locator("tr.r a.open").first.focus()
    page.keyboard.press(" ")
    for _ in range(2):
        page.keyboard.press("ArrowDown")
        page.keyboard.press(" ")
    expect(page.locator(".sel")).to_contain_text("3 chosen")
    expect(page.locator(".sel")).to_contain_text("$540.00")
    page.keyboard.press("c")
    desk.sees("Charged, and on no superbill", 3)
    desk.sees("To charge", 0)  # each list is asked anew by itself
    charges = Charge.objects.filter(client__in=clients)
    assert [row.amount for row in charges] == [Decimal(180)] * 3

    for who in clients:
        desk.row(who).get_by_role("checkbox").check()
    page.keyboard.press("i")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".names li")).to_have_count(3)
    tablet.accessible()
    dialog.get_by_role("button", name="Issue them").dblclick()
    expect(page.locator(".job").first).to_contain_text("3 in the file", timeout=PATIENCE)
    expect(page.locator("tr.r")).to_have_count(0, timeout=PATIENCE)
    assert Superbill.objects.filter(client__in=clients).count() == 3
    assert Job.objects.filter(kind="superbill_run").count() == 1
    page.reload()
    expect(page.locator(".job").first).to_contain_text("3 in the file", timeout=PATIENCE)

    page.keyboard.press("e")
    expect(dialog).to_be_visible()
    tablet.accessible()
    dialog.get_by_role("button", name="Export").dblclick()
    packed = page.locator(".job", has_text="in a ZIP")
    expect(packed.get_by_role("link", name="Download")).to_be_visible(timeout=PATIENCE)
    assert Job.objects.exclude(kind="superbill_run").count() == 1
    with page.expect_download() as download:
        packed.get_by_role("link", name="Download").click()
    _opens(download.value.path().read_bytes(), clients)
    _issued(desk, clients[0])
    _voided(desk, clients[0])


def _opens(content: bytes, clients: list[Client]) -> None:
    """The archive: a page for each superbill, and a manifest; no file is called after anybody."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        pages = [name for name in names if name.endswith(".pdf")]
        assert all(archive.read(name).startswith(b"%PDF-") for name in pages)
        manifest = archive.read("manifest.csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(manifest, newline="")))
    assert {str(who.pk) for who in clients} <= {row["client"] for row in rows}
    assert len(pages) == len([row for row in rows if row["file"]])
    assert not [name for name in names if "Ledger" in name]


def _issued(desk: Desk, who: Client) -> None:
    """Each superbill is there as it was printed, with the bytes of its PDF."""
    page = desk.page
    page.get_by_role("tab", name=re.compile("^Issued")).click()
    desk.row(who).get_by_role("link").click()
    paper = Superbill.objects.get(client=who)
    expect(page.locator(".paper")).to_contain_text(f"Number {paper.number}")
    expect(page.locator(".paper")).to_contain_text("$180.00")
    expect(page.locator(".pv")).to_contain_text(paper.sha256)
    assert page.url.endswith(f"row={paper.pk}")
    desk.tablet.accessible()
    link = page.get_by_role("link", name="Print the PDF").get_attribute("href")
    assert page.request.get(str(link)).body() == bytes(paper.pdf)
    page.emulate_media(media="print")
    expect(page.locator(".wk")).to_be_hidden()
    expect(page.locator(".paper")).to_be_visible()
    page.emulate_media(media="screen")


def _voided(desk: Desk, who: Client) -> None:
    """One that counts for nothing any more is voided on the client's account, and no page says that it agrees."""
    page, issued = desk.page, desk.page.url
    expect(desk.row(who)).to_contain_text("as the books")
    page.goto(f"/billing/clients/{who.pk}?tab=papers")
    page.get_by_role("button", name="Void it…").click()
    dialog = page.get_by_role("dialog")
    desk.tablet.accessible()
    dialog.get_by_label("Why?").fill("issued by mistake")
    dialog.get_by_role("button", name="Void the paper").click()
    expect(page.locator(".chip")).to_have_text("Voided")
    expect(page.get_by_role("button", name="Void it…")).to_have_count(0)
    page.goto(issued)
    expect(desk.row(who)).to_contain_text("was voided")
    expect(page.locator(".pv")).to_contain_text("counts for nothing: issued by mistake")
    desk.tablet.accessible()


def _charges_nothing_by_chance(page: Page, amount: Locator, sessions: list[Session]) -> None:
    """What is typed for the search is no key of the page, and an amount that cannot be read is none."""
    amount.wait_for()
    page.keyboard.type("/cyan")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    for unread in ("1e9", "-5"):
        amount.fill(unread)
        page.get_by_role("button", name="Charge 1 line").click()
        expect(amount).to_be_focused()
    assert not Charge.objects.filter(session__in=sessions).exists()


def _stays(desk: Desk, who: Client) -> None:
    """What was chosen and is done leaves the list and stays beside it: nobody is led to another row."""
    page = desk.page
    expect(desk.row(who)).to_have_count(0, timeout=PATIENCE)
    expect(page.locator(".pv")).to_contain_text("Done: it has left this list")
    expect(page.locator(".pv h2")).to_contain_text(who.legal_first_name)


def test_what_is_cheaper_or_dearer_says_why_and_nothing_is_charged_twice(desk: Desk) -> None:
    page, tablet = desk.page, desk.tablet
    less, more = desk.who("Dana"), desk.who("Egon")
    cheap, dear = desk.session(less), desk.session(more)
    desk.opened(more=f"&row={cheap.pk}")
    amount = page.get_by_label("Amount of 90837")
    _charges_nothing_by_chance(page, amount, [cheap, dear])
    amount.fill("150.00")
    page.get_by_label(re.compile("^Why is it less")).fill("Came late, by our fault")
    tablet.accessible()
    button = page.get_by_role("button", name="Charge 1 line")
    tablet.offline()
    button.click()
    expect(page.locator("#refused")).to_contain_text("No answer from the server")
    expect(amount).to_have_value("150.00")
    tablet.offline(away=False)
    button.dblclick()
    expect(page.locator(".paper")).to_contain_text("$150.00", timeout=PATIENCE)
    charge = Charge.objects.get(session=cheap)
    assert (charge.amount, charge.amount_reason) == (Decimal(150), "Came late, by our fault")

    desk.row(more).get_by_role("link").click()
    amount.fill("200.00")
    page.get_by_label(re.compile("^Why is it more")).fill("It ran long")
    tablet.forgive += "|401"
    desk.tablet.context.clear_cookies(name="sessionid")
    button.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("E-mail").wait_for()
    tablet.fill_sign_in("billing")
    expect(page.locator(".pv")).to_contain_text("1 waits for the medical director", timeout=PATIENCE)
    assert Charge.objects.filter(session=dear).count() == 1
    tablet.forgive += "|409"
    page.get_by_role("tab", name=re.compile("^Blocked")).click()
    desk.row(more).get_by_role("link").click()
    expect(page.locator(".pv")).to_contain_text("It ran long")
    expect(page.get_by_role("button", name="Confirm the amount")).to_have_count(0)
    expect(page.get_by_role("link", name=re.compile("^Remind Director"))).to_be_visible()
    tablet.accessible()

    desk.opened("director", more="&tab=blocked")
    desk.row(more).get_by_role("link").click()
    page.get_by_role("button", name="Confirm the amount").click()
    expect(page.locator("#review-why")).to_be_focused()
    page.locator("#review-why").fill("Agreed with the client")
    page.get_by_role("button", name="Confirm the amount").click()
    _stays(desk, more)
    page.get_by_role("tab", name=re.compile("^To bill")).click()
    desk.row(more).get_by_role("link").click()
    expect(page.locator(".paper")).to_contain_text("$200.00", timeout=PATIENCE)
    page.keyboard.press("i")
    expect(page.locator(".pv")).to_contain_text("Issued: superbill", timeout=PATIENCE)
    assert Superbill.objects.filter(client=more).count() == 1


def test_what_stops_a_charge_names_who_clears_it_and_the_paper_says_what_it_leaves_out(desk: Desk) -> None:
    page, tablet = desk.page, desk.tablet
    who = desk.who("Fenn")
    signed, open_ = desk.session(who), desk.session(who, signed=False)
    people.charged(desk.clinic.cast, signed, "180.00", code="90837")
    desk.opened()
    desk.row(who).get_by_role("link").click()
    expect(page.locator(".paper")).to_contain_text("Not issued yet")
    expect(page.locator(".under")).to_contain_text("is not on this superbill: the note is not signed")
    tablet.accessible()
    page.get_by_role("link", name="See who clears it").click()
    assert f"row={open_.pk}" in page.url
    expect(page.locator(".stops")).to_contain_text("has not signed a note of this session")
    name = desk.clinic.cast.people[desk.therapist].name
    letter = page.get_by_role("link", name=f"Remind {name} by e-mail").get_attribute("href")
    assert str(letter).startswith("mailto:")
    assert "Fenn" not in str(letter)
    tablet.accessible()
    page.go_back()
    expect(page.locator(".paper")).to_be_visible()

    def lost(route: Route, _: object) -> None:
        """The superbill is issued, and its answer never comes."""
        if "preview" in route.request.url:
            route.fallback()
            return
        route.fetch()
        route.abort()

    tablet.answer(r"/superbills/", lost)
    issue = page.locator(".pvh").get_by_role("button", name="Issue")
    issue.click()
    expect(page.locator("#refused")).to_contain_text("No answer from the server")
    tablet.heal()
    issue.click()
    expect(page.locator(".pv")).to_contain_text("Issued: superbill", timeout=PATIENCE)
    assert Superbill.objects.filter(client=who).count() == 1
    page.get_by_role("link", name="Open it").click()
    expect(page.locator(".paper")).to_contain_text("Number")
    page.get_by_role("button", name="Yesterday").click()
    assert "period=yesterday" in page.url
    page.get_by_role("tab", name=re.compile("^Payments")).click()
    expect(page.get_by_role("tab", name=re.compile("^Payments"))).to_have_attribute("aria-selected", "true")
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    tablet.accessible()
