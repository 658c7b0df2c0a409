"""The judge: keeps books of its own from what the API was told and what it answered, by the rules in docs/rules.md.

Plain Python. It knows no module of the clinic: a fault that the code and its tests share is no fault of these books.
Every rule that is held is counted in `checked`; what may not be is raised as a `Violation`, in words.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
Handler = Callable[["Judge", Any, "re.Match[str]"], None]

OPEN_STATES = ("held", "scheduled", "checked_in", "in_progress")
OWED = ("due", "booked")
# What a session may have become without an act of staff on itself: by a dose, or by the system's own hand.
ONWARD = {
    "held": {"held", "scheduled", "cancelled"},
    "scheduled": {"scheduled", "cancelled"},
    "checked_in": {"checked_in", "in_progress"},
    "in_progress": {"in_progress"},
    "completed": {"completed"},
    "cancelled": {"cancelled"},
    "no_show": {"no_show"},
}
SIGNS = ("systolic", "diastolic", "heart_rate", "spo2", "respiratory_rate", "sedation")
# What the simulated clients take, and whether a clinician has to weigh it for ketamine (facts of the label and of
# clinic policy: MAOI and benzodiazepines; what nobody knows is weighed too).
WEIGHTY = ("nardil", "lorazepam", "mystery pill")
CLINICAL_ROOMS = ("measures", "screenings", "notes", "medications", "clearances", "safety-alerts")
CLINICIANS = {"nurse_practitioner", "therapist", "prescriber", "medical_director"}
OF_THE_DAY = ("identifiers", "not_intoxicated", "equipment", "contraindications")
EARLY, LATE = timedelta(hours=3), timedelta(hours=12)


class Violation(AssertionError):
    """Something that may not be: which rule, and what was seen."""

    def __init__(self, rule: str, what: str) -> None:
        super().__init__(f"{rule}: {what}")
        self.rule, self.what = rule, what


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


@dataclass
class Reading:
    id: str
    session: str
    at: datetime
    written: datetime
    signs: Row
    voided: bool = False
    after_leaving: bool = False  # written down when the client was gone: one row to look through instead


@dataclass
class Dose:
    id: str
    session: str
    program: str
    client: str
    order: str
    mg: Decimal
    at: datetime
    written: datetime
    lot: str | None
    drawn: Decimal
    voided_at: datetime | None = None


@dataclass
class Clearance:
    program: str
    client: str
    first: str
    last: str
    decided: datetime
    weighed: frozenset[str]
    standing: bool = True
    reasons: list[str] = field(default_factory=list)


@dataclass
class Books:
    """All that the judge was told."""

    zones: dict[str, ZoneInfo] = field(default_factory=dict)
    people: dict[str, Row] = field(default_factory=dict)
    protocols: dict[str, Row] = field(default_factory=dict)
    clients: dict[str, Row] = field(default_factory=dict)
    programs: dict[str, Row] = field(default_factory=dict)
    sessions: dict[str, Row] = field(default_factory=dict)
    began: dict[str, datetime] = field(default_factory=dict)
    ended: dict[str, datetime] = field(default_factory=dict)
    said: dict[str, dict[str, tuple[bool, datetime]]] = field(default_factory=lambda: defaultdict(dict))
    fasting: dict[str, datetime] = field(default_factory=dict)
    escorts: dict[str, datetime] = field(default_factory=dict)
    weighed: dict[str, datetime] = field(default_factory=dict)
    orders: dict[str, Row] = field(default_factory=dict)
    overrides: dict[str, dict[str, datetime]] = field(default_factory=lambda: defaultdict(dict))
    readings: dict[str, Reading] = field(default_factory=dict)
    doses: dict[str, Dose] = field(default_factory=dict)
    owed: dict[str, Row] = field(default_factory=dict)
    waived: set[str] = field(default_factory=set)
    consents: dict[str, Row] = field(default_factory=dict)
    screenings: dict[str, Row] = field(default_factory=dict)
    clearances: dict[str, Clearance] = field(default_factory=dict)
    drugs: dict[str, list[tuple[str, datetime]]] = field(default_factory=lambda: defaultdict(list))
    cssrs: dict[str, list[tuple[datetime, str]]] = field(default_factory=lambda: defaultdict(list))
    alerts: dict[str, Row] = field(default_factory=dict)
    asks: dict[str, str] = field(default_factory=dict)  # measure that must have raised an alert -> client
    released: set[str] = field(default_factory=set)  # of these measures, somebody let doses go on
    alarms: dict[str, Row] = field(default_factory=dict)
    discharges: dict[str, Row] = field(default_factory=dict)
    notes: dict[str, Row] = field(default_factory=dict)
    lots: dict[str, Decimal] = field(default_factory=dict)
    charges: dict[str, Row] = field(default_factory=dict)
    payments: dict[str, Row] = field(default_factory=dict)
    shares: list[tuple[str, str, Decimal]] = field(default_factory=list)
    refunds: dict[str, list[Decimal]] = field(default_factory=lambda: defaultdict(list))
    numbers: set[str] = field(default_factory=set)
    hours: dict[str, list[Row]] = field(default_factory=dict)  # when a location is open
    mail: dict[str, bool] = field(default_factory=dict)  # address of a client -> whether they want messages


ROUTES: list[tuple[str, re.Pattern[str], Handler]] = []


def on(method: str, path: str) -> Callable[[Handler], Handler]:
    """What the judge does with an act that was taken: `{}` in the path is an id."""
    pattern = re.compile("^" + path.replace("{}", r"([0-9a-f-]{36})") + "$")

    def keep(handler: Handler) -> Handler:
        ROUTES.append((method, pattern, handler))
        return handler

    return keep


@dataclass
class Judge:
    """Told every call and every pass of the sweep; raises at the first thing that may not be."""

    books: Books = field(default_factory=Books)
    checked: Counter[str] = field(default_factory=Counter)
    swept_at: dict[str, datetime] = field(default_factory=dict)
    _answers: dict[str, Row] = field(default_factory=dict)

    def holds(self, rule: str, held: bool, what: str) -> None:
        self.checked[rule] += 1
        if not held:
            raise Violation(rule, what)

    # --- every call -------------------------------------------------------------------------------------------

    def heard(self, call: Any) -> None:
        if call.died:
            return
        self.holds("never an error of the server", call.status < 500, call.words())
        self.seen_by(call)
        if call.status >= 400:
            self.refused(call)
            return
        if call.replayed:
            return
        for method, pattern, handler in ROUTES:
            if method == call.method and (found := pattern.match(call.path)):
                handler(self, call, found)

    def repeated(self, path: str, first: Any, second: Any) -> None:
        """The same request with the same key acts once; a window that is behind changes nothing."""
        self.holds("R11 a key acts once", first == second, f"{path}: {first} / {second}")

    def same(self, name: str, row: Row, single: Row) -> None:
        """Every list agrees with the single rows."""
        differ = {key: (value, single.get(key)) for key, value in row.items() if single.get(key) != value}
        self.holds("a list agrees with its rows", not differ, f"{name} {row['id']}: {differ}")

    def refused(self, call: Any) -> None:
        body = call.answer or {}
        told = isinstance(body, dict) and bool(body.get("code")) and bool(body.get("detail"))
        self.holds("a refusal has a code and words", told, call.words())
        clean = not any(name in body for name in ("results", "id", "answers", "sections"))
        self.holds("a refusal holds no data", clean, call.words())

    def seen_by(self, call: Any) -> None:
        """No answer holds a field that the role may not see (R13)."""
        roles = set(call.who["roles"])
        if not roles or roles & CLINICIANS:
            return
        room = call.path.split("/")[0]
        if call.method == "GET" and room in CLINICAL_ROOMS:
            self.holds("R13 clinical rooms are closed", call.status >= 400, call.words())
        if call.status >= 400 or not isinstance(call.answer, dict):
            return
        for row in call.answer.get("results", [call.answer]):
            if room == "sessions" and isinstance(row, dict) and "fasting_since" in row:
                blank = row["fasting_since"] is None and row["weight_kg"] is None and not row["attestations"]
                self.holds("R13 a session shows nothing clinical", blank, f"{call.words()} {row}")
            if room == "programs" and "front_desk" in roles and isinstance(row, dict):
                hidden = not row.get("goals") and not row.get("diagnosis")
                self.holds("R13 the desk reads no diagnosis", hidden, f"{call.words()} {row}")

    # --- small questions --------------------------------------------------------------------------------------

    def zone_of(self, session: Row) -> ZoneInfo:
        return self.books.zones[session["location"]]

    def protocol_of(self, program: str) -> Row:
        return self.books.protocols[self.books.programs[program]["protocol"]]

    def limit(self, program: str, name: str) -> Any:
        return self.protocol_of(program)["limits"][name]

    def standing_doses(self, *, client: str | None = None, session: str | None = None) -> list[Dose]:
        rows = [dose for dose in self.books.doses.values() if dose.voided_at is None]
        if client is not None:
            rows = [dose for dose in rows if dose.client == client]
        if session is not None:
            rows = [dose for dose in rows if dose.session == session]
        return sorted(rows, key=lambda dose: dose.at)

    def is_kap(self, program: str) -> bool:
        return bool(self.protocol_of(program)["program_type"] == "kap")

    # --- the dose ---------------------------------------------------------------------------------------------

    def open_gates(self, session: Row, dose: Dose) -> Iterable[tuple[str, str]]:
        """Every gate that the books hold open for this dose, with why."""
        program, at = self.books.programs[session["program"]], dose.at
        if program["status"] != "active":
            yield "program_active", program["status"]
        yield from self._of_the_client(session, at)
        yield from self._of_the_day(session, at)
        yield from self._of_the_order(session, dose)
        yield from self._of_the_body(session, at)

    def _of_the_client(self, session: Row, at: datetime) -> Iterable[tuple[str, str]]:
        client, program = session["client"], session["program"]
        day = at.astimezone(self.zone_of(session)).date().isoformat()
        mine = [row for row in self.books.clearances.values() if row.program == program]
        if not any(
            row.standing and not row.reasons and when(row.first) <= at and day <= row.last for row in mine
        ):
            yield "clearance", str([(row.standing, row.reasons, row.first, row.last) for row in mine])
        signed = [row for row in self.books.consents.values() if row["program"] == program and row["signed"]]
        if not signed:
            yield "consent", "none is signed"
        answered = {row["measure"] for row in self.books.alerts.values() if not row["open"]}
        waiting = [key for key, whose in self.books.asks.items() if whose == client and key not in answered]
        if waiting:
            yield "safety_alert", str(waiting)
        held = [
            key
            for key, whose in self.books.asks.items()
            if whose == client and key not in self.books.released
        ]
        if held:
            yield "suicide_risk", f"nobody released {held}"
        if self.is_kap(program):
            yield from self._of_the_course(session, at)
        last = [dose.at for dose in self.standing_doses(client=client) if dose.session != session["id"]]
        gap = timedelta(hours=self.protocol_of(program)["min_gap_hours"])
        near = [other for other in last if abs(at - other) < gap]
        if near:
            yield "minimum_gap", f"another dose at {near}"

    def _of_the_course(self, session: Row, at: datetime) -> Iterable[tuple[str, str]]:
        program = session["program"]
        done = [
            row
            for row in self.books.sessions.values()
            if row["program"] == program and row["kind"] == "preparation" and row["status"] == "completed"
        ]
        if len(done) < self.protocol_of(program)["min_preparations"]:
            yield "preparation", f"{len(done)} are done"
        for row in self.books.owed.values():
            other = row["client"] == session["client"] and row["dosing_session"] != session["id"]
            if other and row["state"] in OWED and when(row["dosed_at"]) < at:
                yield "integration_done", f"{row['id']} is {row['state']}"

    def _of_the_day(self, session: Row, at: datetime) -> Iterable[tuple[str, str]]:
        zone, said = self.zone_of(session), self.books.said[session["id"]]
        day = at.astimezone(zone).date()
        gates = self.protocol_of(session["program"])["gates"]
        video = session["modality"] == "video"
        asked = [code for code in OF_THE_DAY if gates.get(code) == "required"]
        asked += ["chaperone_trained", "video_on"] if video else []
        for code in asked:
            if code == "equipment" and video:
                continue
            before = [dose for dose in self.standing_doses(client=session["client"]) if dose.at < at]
            first = not [dose for dose in before if dose.session != session["id"]]  # a booster is of one day
            if code == "contraindications" and first and code not in said:
                continue
            value, told = said.get(code, (False, at))
            if not value or told.astimezone(zone).date() != day:
                yield code, f"said {said.get(code)}"
        if gates.get("fasting") == "required":
            since, hours = (
                self.books.fasting.get(session["id"]),
                self.protocol_of(session["program"])["fasting_hours"],
            )
            start = when(session["starts_at"])
            if (
                since is None
                or at - since < timedelta(hours=hours["solid"])
                or since < start - timedelta(hours=24)
            ):
                yield "fasting", f"since {since}"
        if (gates.get("escort") == "required" or video) and session["id"] not in self.books.escorts:
            yield "escort", "nobody is named"
        if video:
            tiers = [
                tier
                for told, tier in self.books.cssrs[session["client"]]
                if told.astimezone(zone).date() == day
            ]
            if not tiers or tiers[-1] not in ("none", "low"):
                yield "home_risk", f"screened today: {tiers}"

    def _of_the_order(self, session: Row, dose: Dose) -> Iterable[tuple[str, str]]:
        order = self.books.orders.get(dose.order)
        if order is None or order["session"] != session["id"] or order["drug"] is None:
            yield "order", "it is not of this session"
            return
        if when(order["valid_until"]) < dose.at:
            yield "order", f"it was valid until {order['valid_until']}"
        total = sum(
            (row.mg for row in self.standing_doses(session=session["id"]) if row.id != dose.id), dose.mg
        )
        if total > Decimal(order["max_total_mg"]):
            yield "order", f"{total} mg are more than {order['max_total_mg']}"
        if order.get("dose_mg") and dose.mg > Decimal(order["dose_mg"]):
            yield "order", f"{dose.mg} mg are more than {order['dose_mg']}"

    def _of_the_body(self, session: Row, at: datetime) -> Iterable[tuple[str, str]]:
        first = [dose.at for dose in self.standing_doses(session=session["id"]) if dose.at < at]
        if first:
            return  # a booster has gates of its own
        rows = [
            row for row in self.books.readings.values() if row.session == session["id"] and not row.voided
        ]
        rows = [row for row in rows if row.at <= at]
        if not rows:
            yield "vitals", "nothing was measured"
            return
        latest = max(rows, key=lambda row: (row.at, row.written))
        age = at - latest.at
        if age > timedelta(minutes=self.limit(session["program"], "vitals_max_age_min")):
            yield "vitals", f"measured {age} before"
        if not _in_band(latest.signs, self.protocol_of(session["program"])["bands"]):
            yield "vitals", f"{latest.signs}"

    # --- the sweep --------------------------------------------------------------------------------------------

    def swept(self, at: datetime, done: frozenset[str]) -> None:
        for name in done:
            self.swept_at[name] = at

    # --- what is looked at every evening ----------------------------------------------------------------------

    def listed(self, at: datetime, name: str, location: str, rows: list[Row]) -> None:
        look = getattr(self, f"_{name.replace('-', '_')}", None)
        if look is not None:
            look(at, location, rows)

    def _sessions(self, at: datetime, location: str, rows: list[Row]) -> None:
        ours = {row["id"]: row for row in self.books.sessions.values() if row["location"] == location}
        seen = {row["id"] for row in rows}
        lost = [key for key in ours if key not in seen]
        self.holds("no session is lost from the list", not lost, str(lost))
        for row in rows:
            known = ours.get(row["id"])
            if known is not None and known["by_staff"]:
                on = row["status"] in ONWARD[known["status"]]
                self.holds("a session goes on from what was answered", on, f"{known['status']} / {row}")
            self._keep(row)
            old = row["status"] in OPEN_STATES and when(row["ends_at"]) < at - timedelta(hours=24)
            if old:
                self.holds("every state has a way out", bool(row["allowed_moves"]), str(row))
            if row["status"] in ("held", "scheduled") and not row["double_use"]:
                self.holds("nobody is booked out of hours", self.is_open(row), str(row))
        self._nobody_twice(rows)
        of_dose = Counter(row["for_dose"] for row in rows if row["for_dose"] and row["status"] in OPEN_STATES)
        self.holds(
            "R4 one integration is booked for a dose", not of_dose - Counter(list(of_dose)), str(of_dose)
        )

    def is_open(self, row: Row) -> bool:  # by the clock on the wall of its house
        start, end = (when(row[name]).astimezone(self.zone_of(row)) for name in ("starts_at", "ends_at"))
        spans = [span for span in self.books.hours[row["location"]] if span["weekday"] == start.weekday()]
        return any(span["from"][:5] <= f"{start:%H:%M}" < f"{end:%H:%M}" <= span["to"][:5] for span in spans)

    def mailed(self, at: datetime, address: str) -> None:
        self.holds(
            "nobody is written to who took it back", self.books.mail.get(address, True), f"{at} {address}"
        )

    def _nobody_twice(self, rows: list[Row]) -> None:
        """R1: rooms, clients and therapists by the sessions that stand; half-open."""
        held: dict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
        for row in rows:
            if row["status"] not in OPEN_STATES or row["double_use"]:
                continue
            span = (row["starts_at"], row["ends_at"], row["id"])
            held["client", row["client"]].append(span)
            if row["room"]:
                held["room", row["room"]].append(span)
            for person in row["staff"]:
                if person["role"] == "therapist":
                    held["therapist", person["user"]].append(span)
        for key, spans in held.items():
            spans.sort()
            for (_, end, first), (start, _, second) in pairwise(spans):
                self.holds(
                    "R1 nobody is held twice", when(end) <= when(start), f"{key}: {first} and {second}"
                )

    def _obligations(self, at: datetime, location: str, rows: list[Row]) -> None:
        by_dose = Counter(row["dosing_session"] for row in rows)
        twice = [key for key, number in by_dose.items() if number > 1]
        self.holds("R4 one obligation a dose", not twice, str(twice))
        for row in rows:
            before = self.books.owed.get(row["id"])
            self.books.owed[row["id"]] = row
            self._owed(row, before, at)
        for dose in self.standing_doses():
            session = self.books.sessions[dose.session]
            if session["location"] == location and self.is_kap(dose.program):
                self.holds("R4 every KAP dose owes one", by_dose[dose.session] == 1, str(dose))

    def _owed(self, row: Row, before: Row | None, at: datetime) -> None:
        """An obligation as it stands: met by what took place, and never silently open."""
        state, start, end = row["state"], when(row["window_start"]), when(row["window_end"])
        doses = self.standing_doses(session=row["dosing_session"])
        if state == "voided":
            self.holds("voided with its dose", not doses, str(row))
            return
        self.holds("an obligation has its dose", bool(doses), str(row))
        if doses:
            first = when(row["dosed_at"])
            self.holds(
                "the window is the dose's", first == doses[0].at or first in [d.at for d in doses], str(row)
            )
        rule = self.protocol_of(row["program"])["integration"]
        wide = start == when(row["dosed_at"]) + timedelta(hours=rule["from_hours"])
        self.holds("the window is the protocol's", wide, str(row))
        session = self.books.sessions.get((row["integration_session"] or {}).get("id", ""))
        if state in ("met", "met_late"):
            lived = (
                session is not None and session["status"] == "completed" and session["id"] in self.books.began
            )
            self.holds("met by a session that took place", lived, f"{row} {session}")
            if session is not None:
                began = self.books.began[session["id"]]
                self.holds("met not before its window", began >= start, f"{row} began {began}")
                self.holds("met late is said", (state == "met") == (began < end), f"{row} began {began}")
        if state == "booked":
            stands = session is None or session["status"] in (*OPEN_STATES, "completed")
            self.holds(
                "booked for a session that stands",
                row["integration_session"] is not None and stands,
                str(row),
            )
        if state == "missed":
            self.holds("missed only when the window is over", at >= end, str(row))
        if state == "waived":
            self.holds("waived by somebody", row["id"] in self.books.waived, str(row))
        swept = self.swept_at.get("obligations")
        if state == "due" and swept is not None and swept > end + timedelta(hours=1):
            self.holds("never due for ever", False, str(row))
        since = when(row["dosed_at"]) + timedelta(hours=25) if before and before["state"] == "due" else at
        if state == "due" and swept is not None and swept > since:
            self.holds("R4 what is not booked is told", "therapist" in str(row["escalations"]), str(row))

    def _alarms(self, at: datetime, location: str, rows: list[Row]) -> None:
        for row in rows:
            answered = self.books.alarms.get(row["id"], {"state": "open"})["state"] != "open"
            self.books.alarms[row["id"]] = row
            self.holds("R14 an alarm ends by a word", row["state"] == "open" or answered, str(row))
        of_readings = {row["reading"] for row in self.books.alarms.values() if row["reading"]}
        for reading in self.books.readings.values():
            session = self.books.sessions[reading.session]
            if session["location"] != location or reading.voided or not self._rings(reading):
                continue
            self.holds("R14 a red value rings", reading.id in of_readings, str(reading))

        self._overdue(location)

    def _overdue(self, location: str) -> None:
        """A check that nobody answered in time has an alarm, once the sweep has looked (R14)."""
        swept = self.swept_at.get("checks")
        with_check = {row["session"] for row in self.books.alarms.values() if row["check"]}
        for session in {dose.session for dose in self.standing_doses()}:
            row, first = self.books.sessions[session], self.standing_doses(session=session)[0]
            late = first.written - first.at > timedelta(minutes=5)
            if row["location"] != location or late or swept is None or session in self.books.discharges:
                continue
            taken = [reading.at for reading in self.books.readings.values() if reading.session == session]
            for minute in self.protocol_of(first.program)["checks_min"]:
                planned = first.at + timedelta(minutes=minute)
                wait = timedelta(minutes=self.limit(first.program, "missed_after_min") + 1)
                near = any(planned - wait <= at <= planned + wait for at in taken)
                if minute and not near and planned + wait < swept:
                    self.holds("R14 an overdue check rings", session in with_check, f"{session} {planned}")

    def _rings(self, reading: Reading) -> bool:
        """Red on its own after a dose, whatever came next (clinical policy 3.2)."""
        doses = self.standing_doses(session=reading.session)
        early = not doses or reading.at < doses[0].at or reading.written < doses[0].written
        if early or reading.after_leaving:
            return False
        signs = reading.signs
        high, low = signs["systolic"], signs["spo2"]
        return bool(high and high > 200) or bool(low is not None and low < 88)

    def _safety_alerts(self, at: datetime, location: str, rows: list[Row]) -> None:
        for row in rows:
            known = self.books.alerts.get(row["id"])
            if known is not None:
                self.holds(
                    "an alert is answered by somebody", known["open"] == (row["status"] == "open"), str(row)
                )
            self.books.alerts[row["id"]] = row | {"open": row["status"] == "open"}
        told = {row["measure"] for row in self.books.alerts.values()}
        for measure in self.books.asks:
            client = self.books.clients.get(self.books.asks[measure], {})
            if location in client.get("locations", []):
                self.holds("R14 an answer that points at suicide rings", measure in told, measure)

    def _drug_lots(self, at: datetime, location: str, rows: list[Row]) -> None:
        for row in rows:
            drawn = sum(
                (dose.drawn for dose in self.books.doses.values() if dose.lot == row["id"]), Decimal(0)
            )
            expected = self.books.lots.get(row["id"], Decimal(0)) - drawn
            self.holds(
                "R7 milligrams are conserved", Decimal(row["balance_mg"]) == expected, f"{row} != {expected}"
            )

    def _charges(self, at: datetime, location: str, rows: list[Row]) -> None:
        for row in rows:
            paid = sum((amount for charge, _, amount in self.books.shares if charge == row["id"]), Decimal(0))
            if row["status"] != "standing":
                continue
            right = Decimal(row["amount"]) - Decimal(row["paid"]) == Decimal(row["balance"])
            self.holds("R11 a charge adds up", right, str(row))
            self.holds("R11 no more is paid than was told", Decimal(row["paid"]) <= paid, f"{row} {paid}")
            self.holds("R11 nothing is paid twice", Decimal(row["paid"]) <= Decimal(row["amount"]), str(row))

    def _tasks(self, at: datetime, location: str, rows: list[Row]) -> None:
        subjects = {row["subject_id"] for row in rows if row["state"] == "open"}
        for row in self.books.alerts.values():
            if (
                row["open"]
                and row.get("location", location) == location
                and row["id"] in self._here(location)
            ):
                self.holds("R14 an alert has its row", row["id"] in subjects, str(row))

    def _here(self, location: str) -> set[str]:
        ours = {row["id"] for row in self.books.programs.values() if row["location"] == location}
        return {row["id"] for row in self.books.alerts.values() if row["program"] in ours}

    def day_ends(self, at: datetime) -> None:
        for session, row in self.books.discharges.items():
            self.holds("who went home had a dose or none", session in self.books.sessions, str(row))

    # --- keeping ----------------------------------------------------------------------------------------------

    def _keep(self, row: Row, *, by_staff: bool | None = None) -> None:
        known = self.books.sessions.get(row["id"], {"by_staff": False})
        self.books.sessions[row["id"]] = (
            known | row | {"by_staff": known["by_staff"] if by_staff is None else by_staff}
        )

    def suspend(self, client: str, reason: str, *, text: str = "") -> None:
        """Every standing clearance of the client hears what came after it."""
        for row in self.books.clearances.values():
            if row.client == client and row.standing and text not in row.weighed:
                row.reasons.append(reason)


def _in_band(signs: Row, bands: Row) -> bool:
    """GO: all that was measured lies where a dose may be given."""
    if signs["systolic"] is None or signs["diastolic"] is None or signs["heart_rate"] is None:
        return False
    high, low = bands["bp"]["go"]
    slow, fast = bands["hr"]["go"]
    good = signs["systolic"] <= high and signs["diastolic"] <= low and slow <= signs["heart_rate"] <= fast
    if signs.get("spo2") is not None:
        good = good and signs["spo2"] >= bands["spo2"]["go"]
    if signs.get("respiratory_rate") is not None:
        few, many = bands["rr"]["go"]
        good = good and few <= signs["respiratory_rate"] <= many
    if signs.get("sedation") is not None:
        good = good and signs["sedation"] >= bands["sedation"]["go"]
    return bool(good)


# --- what each act writes into the books --------------------------------------------------------------------------


@on("POST", "locations/")
def _location(judge: Judge, call: Any, _: re.Match[str]) -> None:
    judge.books.zones[call.answer["id"]] = ZoneInfo(call.answer["time_zone"])
    judge.books.hours[call.answer["id"]] = call.body["opening_hours"]


@on("POST", "protocols/{}/approve/")
def _protocol(judge: Judge, call: Any, _: re.Match[str]) -> None:
    judge.books.protocols[call.answer["id"]] = call.answer


@on("POST", "clients/")
def _client(judge: Judge, call: Any, _: re.Match[str]) -> None:
    judge.books.clients[call.answer["id"]] = call.answer


@on("POST", "programs/")
def _program(judge: Judge, call: Any, _: re.Match[str]) -> None:
    if call.body.get("continues"):  # takes the place of the first one, which is completed by it
        judge.books.programs[call.body["continues"]]["status"] = "completed"
    others = [
        row["id"]
        for row in judge.books.programs.values()
        if row["client"] == call.body["client"] and row["status"] in ("active", "on_hold")
    ]
    judge.holds("PR7 one course of a client goes on", not others, f"{call.words()} {others}")
    judge.books.programs[call.answer["id"]] = call.answer


@on("POST", "programs/{}/(?:hold|resume|complete|discontinue|end-dosing)/")
def _program_moved(judge: Judge, call: Any, found: re.Match[str]) -> None:
    judge.books.programs[found[1]] |= call.answer


@on("GET", "programs/{}/")
def _program_seen(judge: Judge, call: Any, found: re.Match[str]) -> None:
    known = judge.books.programs[found[1]]
    judge.holds("a program is as it was answered", known["status"] == call.answer["status"], call.words())


@on("POST", "medications/")
def _drug(judge: Judge, call: Any, _: re.Match[str]) -> None:
    text, client = call.body["text"].lower(), call.body["client"]
    judge.books.drugs[client].append((text, call.at))
    if any(name in text for name in WEIGHTY):
        judge.suspend(client, f"drug {text}", text=text)


@on("POST", "screenings/")
def _screening(judge: Judge, call: Any, _: re.Match[str]) -> None:
    client = judge.books.programs[call.body["program"]]["client"]
    judge.books.screenings[call.answer["id"]] = {
        "program": call.body["program"],
        "client": client,
        "weighed": (),
    }
    for row in call.body["medications"]:
        judge.books.drugs[client].append((row["text"].lower(), call.at))


@on("POST", "screenings/{}/submit/")
def _submitted(judge: Judge, call: Any, found: re.Match[str]) -> None:
    row = judge.books.screenings[found[1]]
    row["weighed"] = tuple(text for text, _ in judge.books.drugs[row["client"]])


@on("POST", "screenings/{}/decide/")
def _decided(judge: Judge, call: Any, found: re.Match[str]) -> None:
    row, clearance = judge.books.screenings[found[1]], call.answer.get("clearance")
    if call.body["decision"] != "cleared":
        if call.body["decision"] == "declined":
            judge.books.programs[row["program"]]["status"] = "discontinued"
        return
    later = [text for text, _ in judge.books.drugs[row["client"]] if text not in row["weighed"]]
    heavy = [text for text in later if any(name in text for name in WEIGHTY)]
    judge.holds("no clearance on what was not weighed", not heavy, f"{call.words()} {heavy}")
    judge.books.clearances[clearance["id"]] = Clearance(
        program=row["program"],
        client=row["client"],
        first=clearance["valid_from"],
        last=clearance["expires_on"],
        decided=call.at,
        weighed=frozenset(row["weighed"]),
    )


@on("POST", "clearances/{}/uphold/")
def _upheld(judge: Judge, call: Any, found: re.Match[str]) -> None:
    judge.books.clearances[found[1]].reasons.clear()


@on("POST", "clearances/{}/void/")
def _cleared_no_more(judge: Judge, call: Any, found: re.Match[str]) -> None:
    judge.books.clearances[found[1]].standing = False


@on("POST", "consents/")
def _consent(judge: Judge, call: Any, _: re.Match[str]) -> None:
    judge.books.consents[call.answer["id"]] = {"program": call.body["program"], "signed": False}


@on("POST", "consents/{}/(sign|revoke)/")
def _signed(judge: Judge, call: Any, found: re.Match[str]) -> None:
    judge.books.consents[found[1]]["signed"] = found[2] == "sign"


@on("POST", "measures/")
def _measure(judge: Judge, call: Any, _: re.Match[str]) -> None:
    if call.answer["instrument"] != "cssrs":
        return
    client, answers = call.answer["client"], [bool(value) for value in call.body["answers"]]
    tier = (
        "high"
        if answers[3] or answers[4] or answers[5]
        else "moderate"
        if answers[2]
        else "low"
        if any(answers[:2])
        else "none"
    )
    judge.books.cssrs[client].append((when(call.body["taken_at"]), tier))
    if tier in ("high", "moderate"):
        judge.books.asks[call.answer["id"]] = client
    if tier == "high":
        judge.suspend(client, f"C-SSRS {call.answer['id']}")


@on("POST", "safety-alerts/{}/acknowledge/")
def _answered(judge: Judge, call: Any, found: re.Match[str]) -> None:
    judge.books.alerts[found[1]] = call.answer | {"open": False}


@on("POST", "safety-alerts/{}/release/")
def _released(judge: Judge, call: Any, _: re.Match[str]) -> None:
    row = call.answer
    if row["cause"] == "cssrs_high":
        sure = bool(call.body.get("safety_plan")) and call.body.get("not_alone") is True
        judge.holds("6.2 the worst is released on a safety plan", sure, call.words())
        judge.holds("6.2 a prescriber releases the worst", "prescriber" in call.who["roles"], call.words())
    judge.holds("6.2 a release is in words", bool(call.body.get("rationale")), call.words())
    if row["measure"]:
        judge.books.released.add(row["measure"])


@on("POST", "sessions/{}/undo/")
def _undone(judge: Judge, call: Any, found: re.Match[str]) -> None:
    before = {"check_in": "scheduled", "start": "checked_in", "no_show": "scheduled"}
    now = before.get(call.body["move"], "in_progress or checked_in")
    judge.holds("an undone move was not", call.answer["status"] in now, call.words())
    if call.body["move"] == "check_in":
        judge.books.began.pop(found[1], None)
    judge._keep(call.answer, by_staff=True)


@on("POST", "sessions/")
def _booked(judge: Judge, call: Any, _: re.Match[str]) -> None:
    judge._keep(call.answer, by_staff=True)


@on("POST", "sessions/{}/(check-in|start|complete|cancel|no-show|reschedule|not-dosed|stage)/")
def _moved(judge: Judge, call: Any, found: re.Match[str]) -> None:
    session, move = judge.books.sessions.get(found[1], {}), found[2]
    said = when(call.body["at"]) if isinstance(call.body, dict) and call.body.get("at") else call.at
    if session and move in ("check-in", "start", "complete", "no-show", "not-dosed"):
        judge.holds("what is over stays over", session["status"] in OPEN_STATES, f"{call.words()} {session}")
        start, end = when(session["starts_at"]), when(session["ends_at"])
        near = start - EARLY <= said <= end + LATE
        judge.holds("PR6 a session is lived on its own day", near, call.words())
        if move == "no-show":
            judge.holds("PR6 nobody stays away before the start", said >= start, call.words())
    judge._keep(call.answer, by_staff=True)
    if move in ("check-in", "start"):
        judge.books.began.setdefault(found[1], said)
    if move == "complete":
        judge.holds("only who came can leave", found[1] in judge.books.began, call.words())
        judge.books.ended[found[1]] = said
    if move == "reschedule":
        judge.books.escorts.pop(found[1], None)


@on("GET", "sessions/{}/")
def _session_seen(judge: Judge, call: Any, found: re.Match[str]) -> None:
    if found[1] in judge.books.sessions:
        judge._keep(call.answer)


@on("PATCH", "sessions/{}/")
def _noted(judge: Judge, call: Any, found: re.Match[str]) -> None:
    key = found[1]
    for code, value in call.body.get("attestations", {}).items():
        judge.books.said[key][code] = (value, call.at)
        if code == "contraindications" and not value:
            judge.suspend(judge.books.sessions[key]["client"], "attested: a new condition")
    if call.body.get("fasting_since"):
        judge.books.fasting[key] = when(call.body["fasting_since"])
    if call.body.get("escort"):
        judge.books.escorts[key] = call.at
    if call.body.get("weight_kg"):
        judge.books.weighed[judge.books.sessions[key]["client"]] = call.at
    judge._keep(call.answer)


@on("POST", "sessions/{}/orders/")
def _ordered(judge: Judge, call: Any, found: re.Match[str]) -> None:
    judge.holds("R8 only a prescriber orders", "prescriber" in call.who["roles"], call.words())
    judge.books.orders[call.answer["id"]] = call.answer | {"session": found[1]}


@on("POST", "sessions/{}/override/")
def _overridden(judge: Judge, call: Any, found: re.Match[str]) -> None:
    judge.books.overrides[found[1]][call.body["gate"]] = call.at


@on("POST", "sessions/{}/readings/")
def _read(judge: Judge, call: Any, found: re.Match[str]) -> None:
    signs = {name: call.body.get(name) for name in SIGNS}
    reading = Reading(call.answer["id"], found[1], when(call.body["measured_at"]), call.at, signs)
    reading.after_leaving = found[1] in judge.books.discharges
    judge.books.readings[reading.id] = reading
    kept = all(call.answer.get(name) == value for name, value in signs.items())
    judge.holds("a reading is kept as it was taken", kept, call.words())


@on("POST", "sessions/{}/readings/{}/void/")
def _reading_voided(judge: Judge, call: Any, found: re.Match[str]) -> None:
    judge.books.readings[found[2]].voided = True


@on("POST", "sessions/{}/administrations/")
def _dosed(judge: Judge, call: Any, found: re.Match[str]) -> None:
    session, body = judge.books.sessions[found[1]], call.body
    dose = Dose(
        id=call.answer["id"],
        session=found[1],
        program=session["program"],
        client=session["client"],
        order=body["order"],
        mg=Decimal(body["dose_mg"]),
        at=when(body["administered_at"]),
        written=call.at,
        lot=body.get("drug_lot"),
        drawn=Decimal(body.get("drawn_mg") or 0),
    )
    nurse = {"nurse_practitioner", "prescriber"} & set(call.who["roles"])
    judge.holds("R8 a nurse or prescriber gives", bool(nurse), call.words())
    start, end = when(session["starts_at"]), when(session["ends_at"])
    judge.holds("PR6 a dose on its session's day", start - EARLY <= dose.at <= end + LATE, call.words())
    for gate, why in judge.open_gates(session, dose):
        decided = judge.books.overrides[found[1]].get(gate)
        judge.holds(f"R3 no dose while {gate} is open", decided is not None, f"{call.words()} — {why}")
    judge.checked["R3 a dose with every gate looked at"] += 1
    judge.books.doses[dose.id] = dose
    owed = call.answer["obligation"]
    judge.holds(
        "R4 a KAP dose owes an integration",
        (owed is not None) == judge.is_kap(session["program"]),
        call.words(),
    )
    judge._keep({"id": found[1]})


@on("POST", "sessions/{}/administrations/{}/void/")
def _dose_voided(judge: Judge, call: Any, found: re.Match[str]) -> None:
    judge.books.doses[found[2]].voided_at = call.at


@on("POST", "obligations/{}/waive/")
def _waived(judge: Judge, call: Any, found: re.Match[str]) -> None:
    judge.books.waived.add(found[1])
    judge.books.owed[found[1]] |= {"state": "waived"}


@on("GET", "obligations/")
def _owed_seen(judge: Judge, call: Any, _: re.Match[str]) -> None:
    for row in call.answer["results"]:
        judge.books.owed[row["id"]] = row
        booked = row["integration_session"]
        if booked and booked["id"] not in judge.books.sessions:
            location = judge.books.programs[row["program"]]["location"]
            judge._keep(
                booked
                | {
                    "kind": "integration",
                    "program": row["program"],
                    "client": row["client"],
                    "location": location,
                }
            )


@on("POST", "sessions/{}/discharge/")
def _left(judge: Judge, call: Any, found: re.Match[str]) -> None:
    judge.holds("a client goes home once", found[1] not in judge.books.discharges, call.words())
    judge.books.discharges[found[1]] = call.answer
    session, at = judge.books.sessions[found[1]], when(call.body["discharged_at"])
    doses = judge.standing_doses(session=found[1])
    if call.body.get("override_reason") or not doses:
        return
    stay = timedelta(minutes=judge.protocol_of(session["program"])["min_stay_min"])
    judge.holds("3.6 nobody goes before the minimum stay", at >= doses[-1].at + stay, call.words())
    rows = [row for row in judge.books.readings.values() if row.session == found[1] and not row.voided]
    after = [row for row in rows if doses[-1].at < row.at <= at]
    judge.holds("3.6 nobody goes unmeasured", bool(after), call.words())
    latest = max(after, key=lambda row: (row.at, row.written))
    awake = latest.signs["sedation"] is None or latest.signs["sedation"] == 5
    judge.holds("3.6 nobody goes sedated", awake, f"{call.words()} {latest}")


@on("POST", "alarms/{}/acknowledge/")
def _alarm_answered(judge: Judge, call: Any, found: re.Match[str]) -> None:
    judge.books.alarms[found[1]] = call.answer


@on("POST", "drug-lots/")
def _received(judge: Judge, call: Any, _: re.Match[str]) -> None:
    judge.books.lots[call.answer["id"]] = Decimal(call.body["quantity_mg"])


@on("POST", "notes/")
def _note(judge: Judge, call: Any, _: re.Match[str]) -> None:
    judge.books.notes[call.answer["id"]] = {"session": call.body["session"], "signed": False}


@on("POST", "notes/{}/sign/")
def _note_signed(judge: Judge, call: Any, found: re.Match[str]) -> None:
    note = judge.books.notes[found[1]]
    judge.holds("a note is signed once", not note["signed"], call.words())
    note["signed"] = True


@on("POST", "charges/")
def _charged(judge: Judge, call: Any, _: re.Match[str]) -> None:
    notes = [
        row for row in judge.books.notes.values() if row["session"] == call.body["session"] and row["signed"]
    ]
    judge.holds("R12 only a signed service is charged", bool(notes), call.words())
    session = judge.books.sessions[call.body["session"]]
    judge.holds(
        "R12 only what took place is charged", session["status"] == "completed", f"{call.words()} {session}"
    )
    judge.books.charges[call.answer["id"]] = call.answer


@on("POST", "payments/")
def _paid(judge: Judge, call: Any, _: re.Match[str]) -> None:
    judge.books.payments[call.answer["id"]] = call.answer
    total = sum((Decimal(row["amount"]) for row in call.body["allocations"]), Decimal(0))
    judge.holds("R11 no share exceeds its payment", total <= Decimal(call.body["amount"]), call.words())
    for row in call.body["allocations"]:
        judge.books.shares.append((row["charge"], call.answer["id"], Decimal(row["amount"])))
        of_charge = sum(
            (amount for charge, _, amount in judge.books.shares if charge == row["charge"]), Decimal(0)
        )
        known = judge.books.charges[row["charge"]]
        judge.holds("R11 no share exceeds its charge", of_charge <= Decimal(known["amount"]), call.words())


@on("POST", "refunds/")
def _refunded(judge: Judge, call: Any, _: re.Match[str]) -> None:
    rows = judge.books.refunds[call.body["payment"]]
    rows.append(Decimal(call.body["amount"]))
    paid = Decimal(judge.books.payments[call.body["payment"]]["amount"])
    judge.holds("R11 no more is refunded than was paid", sum(rows, Decimal(0)) <= paid, call.words())


@on("POST", "superbills/")
def _billed(judge: Judge, call: Any, _: re.Match[str]) -> None:
    number = call.answer["number"]
    judge.holds("R12 a number is given once", number not in judge.books.numbers, call.words())
    judge.books.numbers.add(number)
    totals = {name: Decimal(value) for name, value in call.answer["totals"].items()}
    right = totals["charges"] + totals["adjustments"] - totals["paid"] == totals["balance"]
    also = totals["charges"] - totals["adjustments"] - totals["paid"] == totals["balance"]
    judge.holds("R11 a superbill adds up", right or also, str(totals))


def today(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


# --- two at the same moment, and messages ---------------------------------------------------------------------------
@on("PATCH", "clients/{}/")
def _client_changed(judge: Judge, call: Any, found: re.Match[str]) -> None:
    judge.books.mail[call.answer["email"]] = call.answer["communication_consent"].get("email") is True
