"""The safe of a location, day by day: what comes and goes, what two people count, what is missing and who answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.simulation.clinic import House, Practice
from tests.simulation.habits import Chance
from tests.simulation.life import Life, Row
from tests.simulation.schedule import Story
from tests.simulation.stack import PASSWORD, Answer, Person, moment

if TYPE_CHECKING:
    from tests.simulation.dosing import DosingDay

LEAST = Decimal("0.001")
ENOUGH = Decimal(400)  # mg that a location wants to have in reach
WORDS = {
    "loss": "A vial fell.",
    "return": "Sent back.",
    "waste": "No longer usable.",
    "correct": "Recounted.",
}


def named(luck: Chance, house: House, by: Person, *, others: tuple[str, ...] = ()) -> Row:
    """The second person, who types a password; sometimes the wrong one, or it is somebody who may not."""
    nurses = house.team["nurse_practitioner"]
    second = next(person for person in nurses if person.id != by.id)
    wrong = luck.numbers.choice(("password", "self", "other", "desk"))
    if not luck.does("witness goes wrong"):
        return {"user": second.id, "password": PASSWORD}
    if wrong == "password":
        return {"user": second.id, "password": "not my password"}
    if wrong == "other" and others:
        return {"user": luck.numbers.choice(others), "password": PASSWORD}
    return {"user": by.id if wrong == "self" else house.one("front_desk").id, "password": PASSWORD}


@dataclass
class Safe:
    """What those who keep drug at one location do with it. `other` is the location that they lend to."""

    clinic: Practice
    house: House
    other: House
    luck: Chance
    others: tuple[
        str, ...
    ] = ()  # people who may not witness here: somebody who left, and one of the other location
    made: int = 0
    rows: list[Row] = field(default_factory=list)

    # --- short names ------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return self.clinic.stack.schedule.now

    @property
    def nurse(self) -> Person:
        return self.house.one("nurse_practitioner", self.made)

    @property
    def director(self) -> Person:
        return self.house.one("medical_director")

    def post(self, path: str, body: Any = None, *, by: Person | None = None) -> Answer:
        return self.clinic.stack.post(by or self.nurse, path, body)

    def today(self) -> date:
        return self.house.local(self.now).date()

    # --- a day ------------------------------------------------------------------------------------------------

    def lived(self, first: date, days: int) -> Story:
        self._one_leaves()
        for number in range(days):
            day = first + timedelta(days=number)
            if day.weekday() == 6:
                continue
            self.made = number
            yield self.house.clock(day, self.luck.numbers.uniform(7.3, 8))
            self.opens()
            self.answers()
            yield self.house.clock(day, self.luck.numbers.uniform(9, 17))
            self.moves()
            yield self.house.clock(day, self.luck.numbers.uniform(19.1, 19.8))
            if number == 0 or not self.luck.does("skips the count"):
                self.counts(
                    "inventory" if number == 0 or self.luck.does("takes the inventory") else "closing"
                )

    def _one_leaves(self) -> None:
        """Somebody who worked here once, and whose word no longer counts."""
        body = {
            "email": f"left.{self.house.zone.key.lower().replace('/', '.')}@sim.test",
            "name": "Somebody Gone",
            "roles": ["nurse_practitioner"],
            "locations": [self.house.id],
            "password": PASSWORD,
        }
        gone = self.clinic.must(self.clinic.admin, "staff/", body)
        self.clinic.stack.patch(self.clinic.admin, f"staff/{gone['id']}/", {"is_active": False})
        self.others = (gone["id"], self.other.one("nurse_practitioner").id)

    def look(self) -> list[Row]:
        """The lots that hold something, the one that expires first before the others."""
        found = self.clinic.stack.rows(self.nurse, "drug-lots/", location=self.house.id)
        self.rows = [row for row in found if Decimal(row["balance_mg"]) > 0]
        return self.rows

    def opens(self) -> None:
        """What ran out of date goes back, what is short is received; the bedside knows which lots there are."""
        today = self.today().isoformat()
        for row in self.look():
            if row["expires_on"] < today and not self.luck.does("leaves the case open"):
                kind = self.luck.numbers.choice(("return", "waste", "transfer"))
                self.enter(kind, row, Decimal(row["balance_mg"]))
        usable = [row for row in self.rows if row["expires_on"] >= today]
        if sum((Decimal(row["balance_mg"]) for row in usable), Decimal(0)) < ENOUGH:
            usable += self.receive()
        stale = [lot for lot in self.house.lots if lot["id"] not in {row["id"] for row in usable}]
        over = [lot for lot in stale if lot["expires_on"] < today]
        self.house.lots[:] = usable + (over or stale)[-1:]

    # --- what comes -------------------------------------------------------------------------------------------

    def receive(self) -> list[Row]:
        """A delivery; some enter it wrong first, some a second time."""
        days = self.luck.numbers.choice((1, 4, 200))
        strength = self.luck.numbers.choice(("50", "100"))
        body: Row = {
            "location": self.house.id,
            "drug": "ketamine",
            "form": "vial",
            "concentration_mg_per_ml": strength,
            "lot_number": f"{self.house.zone.key[8]}{strength}-{self.made}",
            "expires_on": (self.today() + timedelta(days=days)).isoformat(),
            "quantity_mg": str(self.luck.numbers.choice((180, 500, 1000))),
            "container_mg": "50",
            "supplier": "Supply Co",
            "invoice": f"INV-{self.made}",
        }
        if self.luck.does("enters a lot wrong"):
            wrong = self.post("drug-lots/", body | {"quantity_mg": "5000"})
            if not wrong.ok or not self.void(wrong.data):
                return [wrong.data] if wrong.ok else []
        came = self.post("drug-lots/", body)
        if self.luck.does("receives it twice"):
            self.post("drug-lots/", body)
        return [came.data] if came.ok else []

    def void(self, lot: Row) -> bool:
        body = {"reason": "Entered in error.", "witness": named(self.luck, self.house, self.nurse)}
        return self.post(f"drug-lots/{lot['id']}/void/", body).ok

    # --- what goes --------------------------------------------------------------------------------------------

    def moves(self) -> None:
        """What happens to a lot between two doses."""
        numbers = self.luck.numbers
        acts = {
            "lends to the other safe": ("transfer", numbers.choice((20, 60, 150))),
            "corrects the books": ("correct", numbers.choice((7, 100, 101, -4, -40))),
            "drops a vial": ("loss", 50),
            "sends drug back": ("return", numbers.choice((10, 100))),
            "wastes what is left": ("waste", numbers.choice((3, 12))),
        }
        for habit, (kind, amount) in acts.items():
            if not self.luck.does(habit) or not self.look():
                continue
            lot = numbers.choice(self.rows)
            if kind == "transfer" and not self.luck.does("sends it elsewhere"):
                self.enter(kind, lot, Decimal(amount), to_location=self._where())
            else:
                self.enter(kind, lot, Decimal(amount))
        if self.rows and self.luck.does("enters a lot wrong"):
            self.void(numbers.choice(self.rows))

    def _where(self) -> str:
        """The other location; by a slip this one, or none at all."""
        slip = self.luck.numbers.choice((self.house.id, self.house.rooms[0]["id"]))
        return slip if self.luck.does("takes the wrong client") else self.other.id

    def enter(self, kind: str, lot: Row, amount: Decimal, **more: Any) -> Answer:
        """An entry by hand: all that is there, or a little more, as well as the amount that was meant."""
        holds = Decimal(lot["balance_mg"])
        if kind != "correct" and self.luck.does("asks for more than there is"):
            amount = self.luck.numbers.choice((holds, holds + LEAST))
        body = {"lot": lot["id"], "kind": kind, "amount_mg": f"{amount}"}
        body |= {"reason": WORDS.get(kind, "Needed there."), **more}
        if not self.luck.does("is alone at the safe"):
            body["witness"] = named(self.luck, self.house, self.nurse, others=self.others)
        answer = self.post("drug-entries/", body)
        if self.luck.does("clicks twice"):
            self.post("drug-entries/", body)
        return answer

    # --- the count --------------------------------------------------------------------------------------------

    def counts(self, kind: str) -> None:
        """Two people take the sheet along, which says no amount, and write what they found."""
        sheet = self.clinic.stack.rows(self.nurse, "drug-counts/sheet/", location=self.house.id)
        held = {row["id"]: Decimal(row["balance_mg"]) for row in self.look()}
        lines = [{"lot": row["lot"], "counted_mg": str(held.get(row["lot"], Decimal(0)))} for row in sheet]
        if lines and self.luck.does("counts wrong"):
            line = self.luck.numbers.choice(lines)
            found = Decimal(line["counted_mg"]) + self.luck.numbers.choice((-50, -1, 5))
            line["counted_mg"] = str(max(Decimal(0), found))
        if len(lines) > 1 and self.luck.does("overlooks a lot"):
            lines.pop()
        if not lines:
            return
        body: Row = {"location": self.house.id, "kind": kind, "lines": lines}
        body["witness"] = named(self.luck, self.house, self.nurse, others=self.others)
        if kind == "inventory":
            body["business"] = "close"
        if self.luck.does("writes it down later"):
            body["counted_at"] = moment(self.now - timedelta(hours=self.luck.numbers.choice((2, 12, 30))))
        answer = self.post("drug-counts/", body)
        if not answer.ok and answer.code != "incomplete":  # once more, and now as it should be
            body.pop("counted_at", None)
            second = self.house.one("nurse_practitioner", self.made + 1)
            self.post("drug-counts/", body | {"witness": {"user": second.id, "password": PASSWORD}})

    # --- what is missing --------------------------------------------------------------------------------------

    def answers(self) -> None:
        """The director goes through what is missing: explained, or told to the DEA; then closed."""
        for row in self.clinic.stack.rows(self.director, "drug-discrepancies/", location=self.house.id):
            if not row["allowed_moves"] or self.luck.does("leaves the case open"):
                continue
            path = f"drug-discrepancies/{row['id']}/"
            if self.luck.does("asks what is not theirs"):
                self.post(f"{path}explain/", {"reason": "It was me."})
            move = self.luck.numbers.choice(row["allowed_moves"])
            self.post(f"{path}{move}/", self._words(move), by=self.director)

    def _words(self, move: str) -> Row:
        if move == "notify":
            return {"reference": "Letter of today", "notified_at": moment(self.now)}
        if move == "file":
            return {"form_106_number": f"F-{self.made}", "filed_at": moment(self.now)}
        return {"reason": "Looked into."}


# --- at the bedside -----------------------------------------------------------------------------------------------


def drawn(life: Life, body: Row) -> Row:
    """A draw as it was meant, or from the wrong safe, with the wrong witness, or left open for now."""
    other = next(house for house in life.clinic.houses if house.id != life.house.id)
    lot = life.chance.numbers.choice(other.lots)["id"]
    if life.does("reaches into the wrong safe"):
        body = body | {"drug_lot": lot}
    body = body | {"witness": named(life.chance, life.house, life.nurse)}
    if life.does("settles the draw later"):
        body = {name: body[name] for name in body if name not in ("given_mg", "wasted_mg", "witness")}
    return body


def settle(day: DosingDay) -> None:
    """Say of each open draw what was given and what was wasted; a slip of the pen is asked again."""
    life, numbers = day.life, day.life.chance.numbers
    runs = timedelta(minutes=life.protocol["limits"]["infusion_min"] if day.route == "intravenous" else 0)
    for dose in list(day.open_draws):
        ended = datetime.fromisoformat(dose["administered_at"]) + runs
        if ended > life.now:
            continue
        given, left = Decimal(dose["dose_mg"]), Decimal(dose["drawn_mg"]) - Decimal(dose["dose_mg"])
        slip = numbers.choice((LEAST, -LEAST)) if life.does("types it wrong") else Decimal(0)
        body: Row = {"ended_at": moment(ended), "given_mg": str(given), "wasted_mg": str(left + slip)}
        body["witness"] = named(life.chance, life.house, life.nurse)
        if life.twice(life.nurse, f"{day.path}administrations/{dose['id']}/finish/", body).ok:
            day.open_draws.remove(dose)


def put_back(life: Life, dose: Row) -> None:
    """A dose that never was left its draw in the books: what is still in the safe is corrected by hand."""
    if dose["drug_lot"] and not life.does("leaves it open"):
        body: Row = {"lot": dose["drug_lot"], "kind": "correct", "amount_mg": dose["drawn_mg"]}
        body |= {
            "reason": "Never drawn: the dose is void.",
            "witness": named(life.chance, life.house, life.nurse),
        }
        life.stack.post(life.nurse, "drug-entries/", body)
