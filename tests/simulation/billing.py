"""The money of a client: what is charged, paid, owed, given back and taken back, and the papers that say so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.simulation.clinic import Practice
from tests.simulation.habits import Chance
from tests.simulation.life import Life, Row
from tests.simulation.schedule import Story
from tests.simulation.stack import Answer, Person

CENT, NONE = Decimal("0.01"), Decimal(0)
VISIT = ("90837", "180.00", "insurance")
SHORTER = ("90834", "90832")  # what a visit is charged with whose note has fewer minutes
# What else is charged, of the dosing session (first) or of the integration.
FURTHER = (
    (True, ("KAP-DOSE", "250.00", "hsa_eligible")),
    (True, ("0820T", "95.55", "insurance")),
    (False, ("KAP-SUPPORT", "40.00", "self_pay")),
    (False, ("KAP-INTEGRATION", "60.00", "hsa_eligible")),
)
PRICES = {"90837": "175.00", "KAP-DOSE": "260.10", "0820T": "99.99"}


# --- the price list -----------------------------------------------------------------------------------------------


def price_list(clinic: Practice, luck: Chance, first: date) -> Story:
    """Prices of the practice and one of a location; some days later they rise."""
    biller = clinic.houses[0].one("billing")
    since = first - timedelta(days=60)
    kept = [_fee(clinic, biller, code, price, since) for code, price in PRICES.items()]
    there = clinic.houses[1]
    _fee(clinic, there.one("billing"), "90837", "165.50", since, location=there.id)
    yield clinic.houses[0].clock(first + timedelta(days=luck.numbers.randint(3, 7)), 12.5)
    today = clinic.houses[0].local(clinic.stack.schedule.now).date()
    for (code, price), fee in zip(PRICES.items(), kept, strict=True):
        dearer, tomorrow = str(Decimal(price) + 10), today + timedelta(days=1)
        if fee.ok and not luck.does(
            "leaves it open"
        ):  # else the new one lies over the old one, and is refused
            clinic.stack.patch(biller, f"fees/{fee.data['id']}/", {"valid_to": today.isoformat()})
        _fee(clinic, biller, code, dearer, tomorrow)


def _fee(clinic: Practice, by: Person, code: str, price: str, since: date, **more: Any) -> Answer:
    body = {"code": code, "amount": price, "valid_from": since.isoformat()} | more
    return clinic.stack.post(by, "fees/", body)


# --- what was rendered --------------------------------------------------------------------------------------------


def biller(life: Life) -> Person:
    return life.house.one("billing")


def too_soon(life: Life, session: Row) -> None:
    """Somebody charges a session that is still to come."""
    if life.does("bills too soon"):
        charge(life, session, VISIT)


def charge(life: Life, session: Row, line: tuple[str, str, str]) -> Answer:
    """A line at the price that was told; the director looks at one that is dearer than the list."""
    code, price, kind = line
    body: Row = {
        "session": session["id"],
        "code": code,
        "units": life.chance.numbers.choice((1, 1, 1, 2)),
        "diagnoses": ["F33.2"],
        "modifiers": [],
        "line_kind": kind,
        "kind_reason": "As the client asked.",
    }
    if not life.does("leaves the price to the list"):
        body |= {"amount": price, "amount_reason": "As agreed."}
    answer = life.twice(biller(life), "charges/", body)
    if answer.ok and answer.data["status"] == "review":
        confirm = f"charges/{answer.data['id']}/confirm/"
        life.stack.post(biller(life), confirm, {"reason": "I may not."})
        if not life.does("leaves it open"):
            life.twice(life.director, confirm, {"reason": "It took longer."})
    return answer


def visited(life: Life, session: Row) -> Answer:
    """The visit by the longest code that the minutes of its note allow."""
    code, price, kind = VISIT
    for shorter in (code, *SHORTER):
        answer = charge(life, session, (shorter, price, kind))
        if answer.ok:
            break
    return answer


def billed(life: Life, session: Row, dosed: Row) -> Story:
    """What is charged for an integration and the dose before it; then the money, and the papers."""
    yield life.minutes(60, 300)
    made = [visited(life, session)]
    of_dose, line = life.chance.numbers.choice(FURTHER)
    if life.does("bills another line"):
        made.append(charge(life, dosed if of_dose else session, line))
    owed = [answer.data for answer in made if answer.ok]
    if not owed:
        return
    pays(life, owed)
    yield life.minutes(20, 200)
    spends_credit(life)
    papers(life)
    yield life.minutes(20, 200)
    if life.does("wants money back"):
        gives_back(life)
    if life.does("takes a row back"):
        takes_back(life)
    if life.does("wants the paper anew"):
        anew(life)
    if life.does("takes it back"):
        path = f"sessions/{session['id']}/"
        life.stack.post(life.therapist, f"{path}undo/", {"move": "complete", "reason": "It was another one."})
        papers(life)
        anew(life)
        yield life.minutes(5, 30)
        life.stack.post(life.therapist, f"{path}complete/")


# --- what came in -------------------------------------------------------------------------------------------------


def _shares(charges: Sequence[Row], money: Decimal) -> list[Row]:
    """The money on one charge after the other, as far as it goes."""
    found = []
    for row in charges:
        share = min(money, Decimal(row["balance"]))
        if share > 0:
            found.append({"charge": row["id"], "amount": f"{share:.2f}"})
            money -= share
    return found


def pays(life: Life, owed: Sequence[Row]) -> None:
    """All of it, a part, or more; on all the lines, or on none for now."""
    numbers = life.chance.numbers
    total = sum((Decimal(row["balance"]) for row in owed), NONE)
    if total <= CENT:
        return  # all of it waits for the director
    paid = numbers.choice((total, total, total - CENT, total / 2, total + 20)).quantize(CENT)
    body: Row = {
        "client": life.client["id"],
        "amount": f"{paid}",
        "method": numbers.choice(("card", "cash", "check")),
        "received_on": _today(life),
        "allocations": [] if life.does("keeps a credit") else _shares(owed, paid),
    }
    if life.does("pays with the wrong card"):
        answer = life.stack.post(biller(life), "payments/", body | {"method": "hsa_card"})
        if answer.ok:
            return
    life.twice(biller(life), "payments/", body)
    if life.does("pays twice at once"):
        life.stack.post(life.director, "payments/", body)


def _rows(life: Life, path: str, **query: Any) -> list[Row]:
    return life.stack.rows(biller(life), path, client=life.client["id"], **query)


def spends_credit(life: Life) -> None:
    """What is left of a payment pays what is owed; sometimes a cent more is asked for than there is."""
    with_credit = [row for row in _rows(life, "payments/", unallocated="true") if row["status"] == "standing"]
    owed = [row for row in _rows(life, "charges/", owed="true") if row["status"] == "standing"]
    if not with_credit or not owed:
        return
    payment = life.chance.numbers.choice(with_credit)
    shares = _shares(owed, Decimal(payment["unallocated"]))
    if life.does("asks for more than there is"):
        shares[0]["amount"] = f"{Decimal(shares[0]['amount']) + CENT:.2f}"
    life.twice(biller(life), f"payments/{payment['id']}/allocate/", {"allocations": shares})


# --- what goes back -----------------------------------------------------------------------------------------------


def gives_back(life: Life) -> None:
    """A part of a payment, all that is left of it, or a cent more than that; some ask for it twice."""
    paid = [row for row in _rows(life, "payments/") if row["status"] == "standing"]
    if not paid:
        return
    payment = life.chance.numbers.choice(paid)
    left = Decimal(payment["amount"]) - Decimal(payment["refunded"])
    back = life.chance.numbers.choice((Decimal("20.00"), left / 3, left, left + CENT)).quantize(CENT)
    body = {"payment": payment["id"], "amount": f"{max(back, CENT)}", "reason": "Charged too much."}
    life.twice(biller(life), "refunds/", body)
    if life.does("wants money back"):
        life.stack.post(biller(life), "refunds/", body | {"amount": "15.25"})


def takes_back(life: Life) -> None:
    """A row that was entered wrongly: a payment that bounced, a refund that came back, a charge of another price."""
    kind = life.chance.numbers.choice(("payments", "charges", "charges", "refunds"))
    rows = _rows(life, f"{kind}/")
    if not rows:
        return
    row = life.chance.numbers.choice(rows)
    back = life.twice(biller(life), f"{kind}/{row['id']}/reverse/", {"reason": "Entered wrongly."})
    if back.ok and kind == "charges":
        charge(life, {"id": row["session"]}, (row["code"], "150.00", row["line_kind"]))
        spends_credit(life)


# --- papers -------------------------------------------------------------------------------------------------------


def _period(life: Life) -> Row:
    long = life.chance.numbers.choice((0, 3, 30))
    return {"client": life.client["id"], "from_date": _today(life, -long), "to_date": _today(life)}


def papers(life: Life) -> None:
    life.stack.post(biller(life), "superbills/", _period(life))
    if life.does("wants a receipt"):
        life.stack.post(biller(life), "receipts/", _period(life))


def anew(life: Life) -> None:
    """A paper that says something else than the books by now is issued again; one that was replaced, in vain."""
    kind = life.chance.numbers.choice(("superbills", "superbills", "receipts"))
    rows = _rows(life, f"{kind}/")
    if rows:
        old = life.chance.numbers.choice([row for row in rows if row["outdated"]] or rows)
        same = {name: old[name] for name in ("client", "from_date", "to_date")}
        life.twice(biller(life), f"{kind}/", same | {"corrects": old["id"]})


def _today(life: Life, days: int = 0) -> str:
    return (life.house.local(life.now) + timedelta(days=days)).date().isoformat()
