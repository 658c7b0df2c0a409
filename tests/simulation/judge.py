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
    lots: dict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    charges: dict[str, Row] = field(default_factory=dict)
    payments: dict[str, Row] = field(default_factory=dict)
    shares: list[tuple[str, str, Decimal]] = field(default_factory=list)  # charge or refund, payment, cents
    gone: set[str] = field(default_factory=set)  # charges, payments and refunds that were taken back
    papers: dict[str, Row] = field(default_factory=dict)
    shelves: dict[str, Row] = field(default_factory=dict)  # of each lot, its location and number: `place`
    staff: dict[str, Row] = field(default_factory=dict)
    unsettled: dict[str, str] = field(default_factory=dict)  # dose whose draw is open -> session
    cases: dict[str, Row] = field(default_factory=dict)  # entry that left drug missing


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
        self.holds("a service refuses before the database", body.get("code") != "conflict", call.words())
        if body.get("code") == "over_refunded":
            key, books = call.body["payment"], self.books
            back = sum(share for of, paid, share in books.shares if paid == key and of not in books.charges)
            over = Decimal(call.body["amount"]) + back > Decimal(books.payments[key]["amount"])
            self.holds("R11 what is left can go back", over or key in books.gone, call.words())
        if body.get("code") == "insufficient_stock" and call.path == "drug-entries/":
            left = self.books.lots[self.books.shelves[call.body["lot"]]["place"]]
            self.holds("R7 what is there can go", Decimal(call.body["amount_mg"]) > left, call.words())

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
            first = not [dose for dose in self.standing_doses(client=session["client"]) if dose.at < at]
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
        self._nobody_twice(rows)

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

    def _alarms(self, at: datetime, location: str, rows: list[Row]) -> None:
        for row in rows:
            self.books.alarms[row["id"]] = row
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
        if not doses or reading.at < doses[0].at or reading.written < doses[0].written:
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
        rows = [row for row in rows if not row["voided"]]
        told = {(location, row["lot_number"]): Decimal(row["balance_mg"]) for row in rows}
        ours = {place: left for place, left in self.books.lots.items() if place[0] == location}
        self.holds("R7 milligrams are conserved", told == ours, f"{told} != {ours}")

    def _tasks(self, at: datetime, location: str, rows: list[Row]) -> None:
        subjects = {row["subject_id"] for row in rows if row["state"] == "open"}
        for row in self.books.alerts.values():
            if (
                row["open"]
                and row.get("location", location) == location
                and row["id"] in self._here(location)
            ):
                self.holds("R14 an alert has its row", row["id"] in subjects, str(row))
        for case in self.books.cases.values():
            if case["location"] == location and case["row"]:  # ticked off, it is back by the next evening
                late, case["unseen"] = case["unseen"], case["row"] not in subjects
                self.holds("missing drug has its row", not (late and case["unseen"]), str(case))

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

    def moves(self, call: Any, lot: str, delta: Decimal, told: str, *, case: str | None) -> None:
        place = self.books.shelves[lot]["place"]
        right = place in self.books.lots and Decimal(told) == self.books.lots[place] + delta >= 0
        self.holds("R7 from row to row", right, f"{call.words()} {self.books.lots[place]} {delta}")
        self.books.lots[place] += delta
        if case:
            self.books.cases[case] = {"location": place[0], "delta": delta, "row": "", "unseen": False}

    def witnessed(self, call: Any, location: str, *, owed: bool) -> None:
        named = call.body.get("witness") or {"user": ""}
        who = self.books.staff.get(named["user"], {"roles": (), "locations": (), "is_active": False})
        may = CLINICIANS & set(who["roles"]) and location in who["locations"] and who["is_active"]
        good = may and who["id"] != call.who["id"] and named["password"] == who["password"]
        self.holds("R7 a second person signs", bool(good) or not (owed or named["user"]), call.words())

    def _drug_discrepancies(self, at: datetime, location: str, rows: list[Row]) -> None:
        ours = {key for key, case in self.books.cases.items() if case["location"] == location}
        self.holds("what is missing is a case", {row["entry"] for row in rows} == ours, f"{rows} {ours}")
        for row in rows:
            case, due = self.books.cases[row["entry"]], when(row["notice_due_at"])
            soon = timedelta(0) < due - when(row["discovered_at"]) <= timedelta(hours=97)  # one business day
            right = soon and Decimal(row["difference_mg"]) == case["delta"]
            running, swept = row["state"] in ("open", "reported"), self.swept_at.get("drug_clocks", due)
            carried = not running or row["notified_at"] or row["notice_overdue_at"] or swept <= due
            self.holds("a case says what is missing, in time", right and bool(carried), f"{row} {case}")
            case["row"] = row["id"] if running and not (row["notified_at"] and row["filed_at"]) else ""

    def rendered(self, session: str) -> bool:
        signed = [note for note in self.books.notes.values() if note["session"] == session and note["signed"]]
        return bool(signed) and self.books.sessions[session]["status"] == "completed"

    def paid(self, key: str) -> Decimal:
        return sum((row[2] for row in self.books.shares if key in row[:2]), Decimal(0))

    def money_is(self, row: Row) -> None:
        gone, spent = row["id"] in self.books.gone, self.paid(row["id"])
        left = Decimal(0) if gone or row["reverses"] else Decimal(row["amount"]) - spent
        told = sum(Decimal(row[name]) for name in ("paid", "allocated", "refunded") if name in row)
        right = told == spent and Decimal(row.get("balance", row.get("unallocated"))) == left >= 0
        right = right and (row["status"] == "reversed") == gone
        self.holds("R11 no cent is lost, made or spent twice", right, f"{row} {spent} {left}")


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


@on("POST", "protocols/{}/approve/")
def _protocol(judge: Judge, call: Any, _: re.Match[str]) -> None:
    judge.books.protocols[call.answer["id"]] = call.answer


@on("POST", "clients/")
def _client(judge: Judge, call: Any, _: re.Match[str]) -> None:
    judge.books.clients[call.answer["id"]] = call.answer


@on("POST", "programs/")
def _program(judge: Judge, call: Any, _: re.Match[str]) -> None:
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
    judge.holds("R7 a draw is settled first", found[1] not in judge.books.unsettled.values(), call.words())
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


@on("POST", "notes/")
def _note(judge: Judge, call: Any, _: re.Match[str]) -> None:
    judge.books.notes[call.answer["id"]] = {"session": call.body["session"], "signed": False}


@on("POST", "notes/{}/sign/")
def _note_signed(judge: Judge, call: Any, found: re.Match[str]) -> None:
    note = judge.books.notes[found[1]]
    judge.holds("a note is signed once", not note["signed"], call.words())
    note["signed"] = True


def today(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


# --- the safe and the money ---------------------------------------------------------------------------------------


@on("POST", "staff/")
@on("PATCH", "staff/{}/")
def _employed(judge: Judge, call: Any, _: re.Match[str]) -> None:
    judge.books.staff.setdefault(call.answer["id"], {"password": ""}).update(call.body | call.answer)


@on("POST", "drug-lots/")
@on("GET", "drug-lots/")
def _shelved(judge: Judge, call: Any, _: re.Match[str]) -> None:
    for row in call.answer.get("results", [call.answer]):
        place, books, new = (row["location"], row["lot_number"]), judge.books, call.method == "POST"
        if row["id"] not in books.shelves:
            judge.holds("R7 a lot comes once, and from somewhere", (place in books.lots) != new, str(row))
            books.shelves[row["id"]] = row | {"place": place}
            books.lots[place] += Decimal(row["quantity_mg"]) if new else 0


@on("POST", "drug-entries/")
@on("POST", "drug-lots/{}/void/")
def _entered(judge: Judge, call: Any, found: re.Match[str]) -> None:
    body, books, kind, to = call.body, judge.books, call.body.get("kind"), call.body.get("to_location")
    lot, amount = body.get("lot") or found[1], Decimal(body.get("amount_mg", 0))
    place = books.shelves[lot]["place"]
    judge.witnessed(call, place[0], owed=kind in ("waste", None))
    delta = amount if kind == "correct" else -amount if kind else -books.lots[place]
    case = call.answer["id"] if kind == "loss" or (kind == "correct" and not 0 < delta <= 100) else None
    judge.moves(call, lot, delta, call.answer["balance_mg"], case=case)
    if not kind:
        del books.lots[place]
    if to:
        judge.holds("R7 a transfer goes elsewhere", to in books.zones and to != place[0], call.words())
        books.lots[to, place[1]] += amount


@on("POST", "drug-counts/")
def _counted(judge: Judge, call: Any, _: re.Match[str]) -> None:
    judge.witnessed(call, call.body["location"], owed=True)
    for line in call.answer["lines"]:
        delta = Decimal(line["counted_mg"]) - judge.books.lots[judge.books.shelves[line["lot"]]["place"]]
        judge.moves(call, line["lot"], delta, line["counted_mg"], case=line["entry"])


@on("POST", "sessions/{}/administrations/(?:{}/finish/)?")
def _drew(judge: Judge, call: Any, found: re.Match[str]) -> None:
    dose, session = judge.books.doses[call.answer["id"]], judge.books.sessions[found[1]]
    given, wasted = call.body.get("given_mg"), Decimal(call.body.get("wasted_mg") or 0)
    if dose.lot is None:
        return
    shelf, on = judge.books.shelves[dose.lot], str(today(dose.at, judge.zone_of(session)))
    judge.witnessed(call, session["location"], owed=wasted > 0)
    judge.books.unsettled[dose.id] = found[1]
    if given is not None:
        judge.holds("R7 all is given or wasted", Decimal(given) + wasted == dose.drawn, call.words())
        del judge.books.unsettled[dose.id]
    if found[2] is None:
        judge.books.lots[shelf["place"]] -= dose.drawn
        fit = shelf["location"] == session["location"] and judge.books.lots[shelf["place"]] >= 0
        fit = fit and on <= shelf["expires_on"]
        judge.holds("R7 a dose is of what its place holds, in date", fit, f"{call.words()} {shelf}")


@on("POST", "charges/")
def _charged(judge: Judge, call: Any, _: re.Match[str]) -> None:
    judge.holds("R12 only what is rendered and signed", judge.rendered(call.body["session"]), call.words())
    judge.books.charges[call.answer["id"]] = call.answer


@on("POST", "(charges|payments|refunds)/{}/reverse/")
def _taken_back(judge: Judge, call: Any, found: re.Match[str]) -> None:
    key, books = found[2], judge.books
    back = [of for of, payment, _ in books.shares if payment == key and of not in books.charges]
    judge.holds("R11 a row is taken back once, and whole", key not in books.gone and not back, call.words())
    books.shares[:] = [row for row in books.shares if key not in row[:2]]
    books.gone.add(key)


@on("POST", "payments/(?:{}/allocate/)?")
def _paid(judge: Judge, call: Any, _: re.Match[str]) -> None:
    key, books, shares = call.answer["id"], judge.books, call.body.get("allocations", ())
    books.payments.setdefault(key, call.answer)
    order = [share["charge"] for share in call.answer["allocations"]]  # those of one moment, as they are kept
    given = {share["charge"]: Decimal(share["amount"]) for share in shares}
    books.shares += [(charge, key, given[charge]) for charge in order[-len(given) :] if charge in given]
    judge.money_is(call.answer)
    for charge in given:
        owed = Decimal(0) if charge in books.gone else Decimal(books.charges[charge]["amount"])
        judge.holds("R11 no share exceeds its charge", judge.paid(charge) <= owed, call.words())


@on("POST", "refunds/")
def _refunded(judge: Judge, call: Any, _: re.Match[str]) -> None:
    books, key = judge.books, call.body["payment"]
    books.shares.append((call.answer["id"], key, Decimal(call.body["amount"])))
    short = judge.paid(key) - Decimal(books.payments[key]["amount"])  # beyond the credit: what was paid last
    for number, (of, payment, share) in reversed(list(enumerate(books.shares))):
        if payment == key and of in books.charges and short > 0:
            books.shares[number] = (of, key, max(share - short, Decimal(0)))
            short -= share
    judge.holds("R11 no more goes back than is left", key not in books.gone and short <= 0, call.words())


@on("POST", "(superbills|receipts)/")
def _issued(judge: Judge, call: Any, found: re.Match[str]) -> None:
    row, books, asked, ours = call.answer, judge.books, call.body, set()
    for key, charge in books.charges.items():
        lived = judge.rendered(charge["session"])
        near = asked["from_date"] <= charge["date_of_service"] <= asked["to_date"] and key not in books.gone
        mine = charge["client"] == asked["client"] and charge["location"] in call.who["locations"]
        paid, public = judge.paid(key), not charge["code"].startswith("KAP-")
        fits = public if found[1] == "superbills" else paid > 0 and charge["line_kind"] != "self_pay"
        ours |= {(key, Decimal(charge["amount"]), paid)} if lived and near and mine and fits else set()
    told = {(line["charge"], Decimal(line["amount"]), Decimal(line["paid"])) for line in row["lines"]}
    judge.holds("R12 a paper holds what was rendered and signed", told == ours, f"{row} {ours}")
    due, paid, left = (Decimal(row["totals"][name]) for name in ("charges", "paid", "balance"))
    sums = [sum(line[number] for line in ours) for number in (1, 2)]
    judge.holds("R11 a paper adds up", [due, paid] == sums and left == due - paid, str(row))
    before = [other for other in books.papers.values() if other["number"][:-6] == row["number"][:-6]]
    judge.holds("R12 numbers have no gap", int(row["number"][-6:]) == len(before) + 1, row["number"])
    books.papers[row["id"]] = row


@on("GET", "(?:payments|charges|superbills|receipts)/(?:{}/)?")
def _money_seen(judge: Judge, call: Any, _: re.Match[str]) -> None:
    for row in call.answer.get("results", [call.answer]):
        if "lines" not in row:
            judge.money_is(row)
        told = {line["charge"]: Decimal(line["paid"]) for line in row.get("lines", ())}
        gone = [key for key in told if not judge.rendered(judge.books.charges[key]["session"])]
        gone += [key for key in told if key in judge.books.gone or judge.paid(key) != told[key]]
        judge.holds("R12 a paper that was overtaken says so", not gone or row["outdated"], f"{row} {gone}")
