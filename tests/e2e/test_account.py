"""A client's account: who owes what, a payment that is taken once, allocated, given back and stated; and the desk that takes one."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from urllib.parse import quote

from playwright.sync_api import Locator, Page, Request, Route, expect

from billing.codes import services as codes
from billing.models import Payment, Refund
from kapclinic.core import clock, money
from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM, Client
from tests import cast as people
from tests.e2e.screens import PATIENCE, Served, Tablet

NO_SHOW = "KAP-NO-SHOW"


def _client(clinic: Served) -> Client:
    codes.ensure_codes(by=SYSTEM, at=clock.now())
    cast = clinic.cast
    return people.client(
        cast.north, by=cast.frontdesk, first=f"Ola{Client.objects.count():03}", last="Outline"
    )


def _day(clinic: Served, days: int = 0) -> str:
    return f"{clock.now().astimezone(clinic.cast.north.zone) + timedelta(days=days):%Y-%m-%d}"


def _owe(clinic: Served, who: Client, amount: str, days: int = 0) -> str:
    body = {"client": str(who.pk), "location": str(clinic.cast.north.pk), "code": NO_SHOW, "units": 1}
    more = {"amount": amount, "date_of_service": _day(clinic, days), "amount_reason": "as agreed"}
    return str(clinic.cast.desk("billing").must("charges/", body | more)["id"])


def _received(who: Client) -> list[Decimal]:
    return list(Payment.objects.filter(client=who).order_by("created_at").values_list("amount", flat=True))


def _figure(page: Page, label: str) -> Locator:
    return page.locator(".figs > div", has=page.get_by_text(label, exact=True)).locator("dd")


def _open(tablet: Tablet, who: Client, query: str = "", name: str = "billing") -> Page:
    tablet.sign_in(name, at=quote(f"/billing/clients/{who.pk}{query}"))
    tablet.page.get_by_role("heading", name=who.legal_name).wait_for()
    return tablet.page


def test_a_payment_is_taken_once_and_pays_the_oldest_first(clinic: Served, tablet: Tablet) -> None:
    who = _client(clinic)
    _owe(clinic, who, "75.00")
    _owe(clinic, who, "120.00", days=-40)
    tablet.sign_in("billing", at="/billing/clients")
    page = tablet.page
    row = page.get_by_role("row", name=re.compile(who.legal_name))
    expect(row).to_contain_text("195.00")
    tablet.accessible()
    page.get_by_role("searchbox").fill(who.mrn)
    expect(page.get_by_role("row", name=re.compile(who.mrn))).to_have_count(1)
    page.get_by_role("link", name=who.legal_name).click()
    page.wait_for_url(re.compile(rf"/billing/clients/{who.pk}$"))
    expect(_figure(page, "Owes")).to_have_text("$195.00")
    expect(_figure(page, "31 to 60")).to_have_text("$120.00")
    assert who.legal_last_name not in page.title()
    tablet.accessible()
    page.keyboard.press("n")
    dialog = page.get_by_role("dialog")
    shares = dialog.locator(".shares input")
    expect(shares).to_have_count(2)
    amount = dialog.get_by_label("Amount, $")
    amount.fill("much")
    dialog.get_by_role("button", name="Take it").click()
    expect(dialog.locator(".f.bad")).to_contain_text("Type an amount such as 120.00.")
    expect(amount).to_have_value("much")
    tablet.accessible()
    amount.fill("150")
    expect(shares.nth(0)).to_have_value("120.00")
    expect(shares.nth(1)).to_have_value("30.00")
    shares.nth(1).fill("80")
    dialog.get_by_role("button", name="Take it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("200.00 or more")
    amount.fill("200")
    dialog.get_by_role("button", name="Take it").click()
    expect(dialog.locator(".shares .f.bad")).to_contain_text("Allocate less")  # 75.00 is owed on it
    expect(shares.nth(1)).to_have_value("80")
    shares.nth(1).fill("30")
    amount.fill("150")
    dialog.get_by_role("button", name="Take it").dblclick()
    expect(dialog).to_have_count(0)
    expect(_figure(page, "Owes")).to_have_text("$45.00")
    assert _received(who) == [Decimal("150.00")]


def _lose(route: Route, request: Request) -> None:
    """The server acts, and nobody hears of it."""
    route.fetch()
    route.abort()


def _prepay(page: Page, amount: str) -> None:
    page.keyboard.press("n")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Amount, $").fill(amount)
    dialog.get_by_role("button", name="Nothing yet: keep it as credit").click()
    dialog.get_by_role("button", name="Take it").click()


def test_a_payment_whose_answer_was_lost_is_taken_once(clinic: Served, tablet: Tablet) -> None:
    """The form is closed in doubt, and filled in anew with the same."""
    who = _client(clinic)
    _owe(clinic, who, "60.00")
    page = _open(tablet, who)
    tablet.answer("/api/v1/payments/$", _lose)
    _prepay(page, "60.00")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("What you wrote is still here")
    tablet.heal()
    dialog.get_by_label("Reference").fill("4242")  # something else, while nobody knows
    dialog.get_by_role("button", name="Take it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("it may have acted")
    assert _received(who) == [Decimal("60.00")]
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    _prepay(page, "60.00")
    expect(dialog).to_have_count(0)
    expect(_figure(page, "Not allocated")).to_have_text("$60.00")
    expect(page.locator(".ac-h")).to_contain_text("Charges of $60.00 are open, and $60.00 that was paid")
    expect(page.get_by_text("was not written twice")).to_be_visible()
    assert _received(who) == [Decimal("60.00")]
    _prepay(page, "60.00")  # a second one is meant
    expect(_figure(page, "Not allocated")).to_have_text("$120.00")
    assert _received(who) == [Decimal("60.00"), Decimal("60.00")]


def _refuses_a_refund_of_what_moved_on(clinic: Served, page: Page, payment: str, charge: str) -> None:
    """Another desk gives money of the same payment back, and takes that back again, while this one fills in its form."""
    desk, dialog, pane = clinic.cast.desk("billing"), page.get_by_role("dialog"), page.locator(".ac-r")
    expect(pane.locator("dl")).to_contain_text("Not allocated0.00")
    pane.get_by_role("button", name="Refund…").click()
    back = desk.must("refunds/", {"payment": payment, "amount": "1.00", "reason": "too much"})
    dialog.get_by_label("Amount, $").fill("1")
    dialog.get_by_label("Why?").fill("too much")
    dialog.get_by_role("button", name="Refund it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Somebody changed this in the meantime")
    page.keyboard.press("Escape")
    assert Refund.objects.filter(payment=payment).count() == 1
    desk.must(f"refunds/{back['id']}/reverse/", {"reason": "not handed out"})
    share = [{"charge": charge, "amount": "1.00"}]
    desk.must(f"payments/{payment}/allocate/", {"allocations": share}, status=200)
    page.reload()
    expect(_figure(page, "Owes")).to_have_text("$10.00")


def test_money_goes_back_is_allocated_and_stands_on_a_statement(clinic: Served, tablet: Tablet) -> None:
    who = _client(clinic)
    charge = _owe(clinic, who, "100.00")
    desk = clinic.cast.desk("billing")
    paid = {"client": str(who.pk), "method": "card", "received_on": _day(clinic), "reference": "4242"}
    share = [{"charge": charge, "amount": "70.00"}]
    payment = desk.must("payments/", paid | {"amount": "90.00", "allocations": share})
    page = _open(tablet, who, f"?tab=payments&row={payment['id']}")
    dialog, pane = page.get_by_role("dialog"), page.locator(".ac-r")
    expect(pane).to_contain_text("20.00")
    tablet.accessible()
    pane.get_by_role("button", name="Allocate…").click()
    expect(dialog.locator(".shares input")).to_have_value("20.00")
    dialog.get_by_role("button", name="Allocate it").click()
    expect(dialog).to_have_count(0)
    expect(_figure(page, "Owes")).to_have_text("$10.00")
    _refuses_a_refund_of_what_moved_on(clinic, page, payment["id"], charge)
    pane.get_by_role("button", name="Refund…").click()
    dialog.get_by_label("Amount, $").fill("95")
    dialog.get_by_label("Why?").fill("early stop")
    tablet.accessible()
    dialog.get_by_role("button", name="Refund it").click()
    expect(dialog.locator(".f.bad")).to_contain_text("Refund less")
    dialog.get_by_label("Amount, $").fill("15")
    dialog.get_by_label("Goes back by").select_option("cash")
    expect(dialog.locator(".note.med")).to_contain_text("takes the medical director")
    dialog.get_by_role("button", name="Refund it").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("Goes back by").select_option("card")
    dialog.get_by_role("button", name="Refund it").dblclick()
    expect(dialog).to_have_count(0)
    expect(_figure(page, "Owes")).to_have_text("$25.00")
    expect(page.locator(".ac > .note")).to_contain_text("Done: $15.00 is refunded.")
    assert money.total(row.amount for row in Refund.objects.filter(payment=payment["id"])) == Decimal("15.00")
    page.get_by_role("tab", name="Papers").click()
    page.get_by_role("button", name="Make a statement").click()
    dialog.get_by_role("button", name="Make it").click()
    paper = page.get_by_role("link", name=re.compile("PDF S-"))
    expect(paper).to_be_visible(timeout=PATIENCE)
    answer = page.request.get(str(paper.get_attribute("href")))
    assert (answer.status, answer.body()[:5]) == (200, b"%PDF-")
    tablet.accessible()
    page.reload()
    expect(page.get_by_role("tab", name="Papers")).to_have_attribute("aria-selected", "true")
    page.get_by_role("tab", name="Papers").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", name="Payments")).to_be_focused()


def test_a_charge_is_adjusted_and_a_package_sold_and_cancelled(clinic: Served, tablet: Tablet) -> None:
    who = _client(clinic)
    charge = _owe(clinic, who, "100.00")
    item = {"code": NO_SHOW, "quantity": 2, "unit_amount": "50.00"}
    name = f"Beginning {who.mrn}"
    clinic.cast.desk("billing").must("packages/", {"name": name, "items": [item], "price": "100.00"})
    page = _open(tablet, who, f"?row={charge}", name="director")
    dialog, pane = page.get_by_role("dialog"), page.locator(".ac-r")
    pane.get_by_role("button", name="Adjust…").click()
    dialog.get_by_label("Amount, $").fill("40.00")
    dialog.get_by_label("For which reason").select_option("courtesy")
    tablet.accessible()
    dialog.get_by_role("button", name="Adjust it").click()
    expect(_figure(page, "Owes")).to_have_text("$60.00")
    expect(pane.locator(".lines")).to_contain_text("Courtesy")
    expect(page.locator(".ac > .note")).to_contain_text("Done: the charge is adjusted")
    page.get_by_role("tab", name="Packages").click()
    page.get_by_role("button", name="Sell a package").click()
    dialog.get_by_label("Package").select_option(label=f"{name}, 100.00")
    dialog.get_by_role("button", name="Take the payment first").click()
    expect(dialog.get_by_label("Amount, $")).to_have_value("100.00")
    dialog.get_by_role("button", name="Take it").click()
    expect(_figure(page, "Not allocated")).to_have_text("$100.00")
    page.get_by_role("button", name="Sell a package").click()
    dialog.get_by_label("Package").select_option(label=f"{name}, 100.00")
    dialog.get_by_label("Paid by").select_option(index=1)
    expect(_figure(page, "Charges still open")).to_have_text("$60.00")  # other credit would do for them
    dialog.get_by_role("button", name="Sell it").click()
    expect(_figure(page, "Owes")).to_have_text("$60.00")  # the money is kept now
    expect(page.locator(".ac-h")).not_to_contain_text("allocate it")
    page.get_by_role("button", name="Take a payment").first.click()
    dialog.get_by_role("button", name="All that is owed: 60.00").click()
    expect(dialog.get_by_label("Amount, $")).to_have_value("60.00")
    page.keyboard.press("Escape")
    pane.get_by_role("button", name="Cancel it…").click()
    expect(dialog).to_contain_text("Goes back to the client")
    expect(dialog.locator(".dl b")).to_have_text("100.00")
    dialog.get_by_label("Why?").fill("The client stops")
    dialog.get_by_role("button", name="Cancel the package").click()
    expect(pane).to_contain_text("The client stops", timeout=PATIENCE)
    tablet.accessible()


def test_an_estimate_is_made_of_the_course_and_handed_over(clinic: Served, tablet: Tablet) -> None:
    who = _client(clinic)
    people.opened_program(clinic.cast, who=who)
    page = _open(tablet, who, "?tab=estimates")
    dialog, pane = page.get_by_role("dialog"), page.locator(".ac-r")
    page.get_by_role("button", name="Make an estimate").click()
    often, each = dialog.get_by_label("How often"), dialog.get_by_label("Each, $")
    expect(often.first).to_be_visible()
    for nth in range(often.count()):
        each.nth(nth).fill("100")
        often.nth(nth).fill("0" if nth else "2")
    expect(dialog.get_by_role("status")).to_contain_text("$200.00")
    tablet.accessible()
    dialog.get_by_role("button", name="Make it").click()
    expect(pane).to_contain_text("200.00", timeout=PATIENCE)
    pane.get_by_role("button", name="Issue it…").click()
    dialog.get_by_label("How", exact=True).select_option("paper")
    dialog.get_by_role("button", name="Issue it").click()
    paper = pane.get_by_role("link", name="Open the PDF")
    answer = page.request.get(str(paper.get_attribute("href")))
    assert (answer.status, answer.body()[:5]) == (200, b"%PDF-")
    tablet.accessible()


def test_a_plan_of_payments_and_of_fees_is_agreed_on(clinic: Served, tablet: Tablet) -> None:
    who = _client(clinic)
    _owe(clinic, who, "100.00")
    page = _open(tablet, who, "?tab=plans")
    dialog = page.get_by_role("dialog")
    page.get_by_role("button", name="Agree on a plan").click()
    dialog.get_by_label("Total, $").fill("100.00")
    dialog.get_by_label("Parts", exact=True).select_option("3")
    dialog.get_by_role("button", name="Agree on it").click()
    expect(page.locator(".ac-r .lines li")).to_have_count(3)
    expect(page.locator(".ac-r .lines")).to_contain_text("33.34")
    tablet.accessible()
    page.get_by_role("tab", name="Plan and fees").click()
    page.get_by_role("button", name="New scale").click()
    dialog.get_by_label("What it is called").fill(f"Scale {who.mrn}")
    dialog.get_by_label("Tier 1").fill("Half")
    dialog.get_by_label("% of the fee that stays due").first.fill("50")
    dialog.get_by_role("button", name="Add it").click()
    page.get_by_role("button", name="Agree on fees").click()
    dialog.get_by_label("Scale").select_option(index=1)
    dialog.get_by_label("Tier").select_option("Half")
    dialog.get_by_role("button", name="Agree on it").click()
    expect(dialog.locator(".f.bad")).to_contain_text("Say what it rests on")
    dialog.get_by_label("What it rests on").fill("income was shown")
    dialog.get_by_role("button", name="Agree on it").click()
    expect(page.get_by_text("50 % of the fee")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Add a plan").click()
    dialog.get_by_label("What the client does with it").select_option("uninsured")
    dialog.get_by_role("button", name="Add it").click()
    expect(page.get_by_label("Plans", exact=True)).to_contain_text("Has no plan")
    tablet.accessible()


def _desk_takes(clinic: Served, take: bool) -> None:
    cast = clinic.cast
    values = {"desk_takes_payments": take}
    practice.save_location(location=cast.north, values=values, by=cast.admin, at=clock.now())


def test_the_desk_sees_what_is_owed_and_takes_it_where_it_may(clinic: Served, tablet: Tablet) -> None:
    cast, who = clinic.cast, _client(clinic)
    _owe(clinic, who, "120.00")
    program = people.opened_program(cast, who=who)
    ahead = (clock.now() + timedelta(days=120)).astimezone(cast.north.zone)
    session = people.booked(
        cast, program, "preparation", ahead.replace(hour=9, minute=0, second=0, microsecond=0)
    )
    address = (
        f"/desk/schedule?day={session.starts_at.astimezone(cast.north.zone):%Y-%m-%d}&session={session.pk}"
    )
    page = tablet.page
    tablet.sign_in("frontdesk", at=quote(address))
    expect(page.locator(".pick")).to_contain_text(who.display_name)
    page.wait_for_load_state("networkidle")
    expect(page.locator(".pick")).not_to_contain_text("Owes")
    try:
        _desk_takes(clinic, take=True)
        page.reload()
        expect(page.locator(".pick")).to_contain_text("Owes 120.00")
        tablet.accessible()
        page.get_by_role("button", name="Take a payment").click()
        dialog = page.get_by_role("dialog")
        amount = dialog.get_by_label("Amount, $")
        expect(dialog).to_contain_text("stays as credit until billing allocates it")
        amount.fill("12o")
        dialog.get_by_role("button", name="Take it").click()
        expect(dialog.locator(".f.bad")).to_contain_text("Type an amount")
        expect(amount).to_have_value("12o")
        dialog.get_by_role("button", name="All of it").click()
        dialog.get_by_label("Reference").fill("4111 1111 1111 1111")
        dialog.get_by_role("button", name="Take it").click()
        expect(dialog.locator(".f.bad")).to_contain_text("Never enter a card number")
        dialog.get_by_label("Reference").fill("1111")
        tablet.accessible()
        tablet.answer("/api/v1/payments/$", _lose)
        dialog.get_by_role("button", name="Take it").dblclick()
        expect(dialog.get_by_role("alert")).to_contain_text("What you wrote is still here")
        tablet.heal()
        dialog.get_by_role("button", name="Take it").click()
        expect(dialog).to_contain_text("was not written twice")
        page.keyboard.press("Escape")
        expect(page.locator(".pick")).to_contain_text("Owes nothing")
        assert _received(who) == [Decimal("120.00")]
    finally:
        _desk_takes(clinic, take=False)


def test_a_page_from_before_an_upgrade_says_that_it_is_to_be_reloaded(clinic: Served, tablet: Tablet) -> None:
    """The files of its parts are gone with the program that it came from, and no network brings them back."""
    who = _client(clinic)
    page = _open(tablet, who)
    page.route("**/static/ui/js/account/pay*.js", lambda route: route.fulfill(status=404))
    page.get_by_role("button", name="Take a payment").click()
    expect(page.get_by_role("dialog")).to_contain_text("Reload it.")
    tablet.accessible()
    page.unroute_all()
    page.reload()
    page.get_by_role("button", name="Take a payment").click()
    expect(page.get_by_label("Amount")).to_be_visible()
