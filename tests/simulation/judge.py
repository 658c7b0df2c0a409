"""The judge: keeps books of its own from what the API was told and what it answered, by the rules in docs/rules.md.

Plain Python. It knows no module of the clinic: a fault that the code and its tests share is no fault of these books.
Every rule that is held is counted in `checked`; what may not be is raised as a `Violation`, in words.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import chain, pairwise
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
Handler = Callable[["Judge", Any, "re.Match[str]"], None]

OPEN_STATES = ("held", "scheduled", "checked_in", "in_progress")
OWED, IS_ID = ("due", "booked"), re.compile("[0-9a-f]{8}-[0-9a-f-]{27}").fullmatch
# What a session may have become without an act of staff on itself: by a dose, or by the system's own hand.
ONWARD = {name: {name} for name in (*OPEN_STATES, "completed", "cancelled", "no_show")}
ONWARD |= {"held": {"held", "scheduled", "cancelled"}, "scheduled": {"scheduled", "cancelled"}}
ONWARD["checked_in"] |= {"in_progress"}
SIGNS = ("systolic", "diastolic", "heart_rate", "spo2", "respiratory_rate", "sedation")
# What the simulated clients take, and whether a clinician has to weigh it for ketamine (facts of the label and of
# clinic policy: MAOI and benzodiazepines; what nobody knows is weighed too).
WEIGHTY = ("nardil", "lorazepam", "mystery pill")
CLINICIANS = {"nurse_practitioner", "therapist", "prescriber", "medical_director"}
BOOKERS, READERS = CLINICIANS | {"front_desk"}, CLINICIANS | {"front_desk", "billing"}
# Who may read a room at all (R13, R9): for a nurse to check against docs/permissions.md.
ROOMS: dict[str, set[str]] = {
    name: roles
    for names, roles in (
        ("measures screenings conditions notes medications clearances safety-alerts alarms", CLINICIANS),
        ("safety-plans readings orders administrations checks adverse-events record evidence", CLINICIANS),
        ("charges payments refunds superbills receipts fees", {"billing", "medical_director"}),
        ("drug-lots drug-entries drug-counts drug-register drug-discrepancies", CLINICIANS - {"therapist"}),
        ("day-board monitoring-board readiness availability waitlist consents timeline plan", BOOKERS),
        ("clients programs sessions tasks", READERS),
        ("access-log", {"medical_director"}),
        ("psychotherapy-notes", READERS | {"admin"}),
    )
    for name in names.split()
}
# Fields that are blank in the rows of a room for everybody but these roles (R13).
HIDDEN: tuple[tuple[str, set[str], str], ...] = (
    ("sessions day-board", CLINICIANS, "fasting_since weight_kg weight_source attestations attested"),
    ("sessions", BOOKERS, "escort escort_confirmed_at client_location reason"),
    ("monitoring-board", CLINICIANS, "dosed_at discharged_at next_check last_reading trend alarms"),
    ("programs", CLINICIANS, "goals pathway_reason status_reason"),
    ("programs", CLINICIANS | {"billing"}, "diagnosis"),
    ("readiness", CLINICIANS, "detail cleared_by override"),
    ("obligations", READERS, "client_name client_mrn"),
)
# States in which nothing may stand without a move that somebody is offered, or a row on a worklist.
STANDING = {"active", "on_hold", "draft", "submitted", "open", "explained", "reported", "cosign_pending"}
# Clinical policy 3.1 and 3.2: what is no HOLD before a dose, what is not amber after it, what is not red at once.
PRESSURE = {"systolic": (80, 160), "diastolic": (40, 100)}
AWAKE, OF = {"sedation": (5, 5)}, {"note_unsigned": "session"}  # OF: a row that is not of its subject
HOLD = PRESSURE | AWAKE | {"heart_rate": (45, 110), "spo2": (92, 100), "respiratory_rate": (10, 24)}
CALM = PRESSURE | {"heart_rate": (50, 110), "spo2": (92, 100), "respiratory_rate": (10, 30)}
RED = {"systolic": (80, 200), "diastolic": (40, 120), "heart_rate": (50, 180), "spo2": (90, 100)}
RED |= {"respiratory_rate": (8, 30), "sedation": (3, 5)}
STATED = ("oriented", "walks_unaided", "symptoms_tolerable", "safety_addressed", "instructions_given")
# What nobody overrides: who is treated, on whose word, and what law or danger holds back (2.2, 6.2, 8.15, R5).
NEVER = "program_active adult clearance consent order integration_done in_person_visit safety_alert"
NEVER += " suicide_risk adverse_event_review red_alarm home_risk home_dosing hold"
OF_THE_DAY = ("identifiers", "not_intoxicated", "equipment", "contraindications")
GATE_OF = {"chaperone_trained": "home_chaperone", "video_on": "home_video"}
EARLY, LATE, LONG_AGO = timedelta(hours=3), timedelta(hours=12), timedelta(days=7)
LONG_PAST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
ABSOLUTE = {"CV_ANEURYSM_AVM", "NEURO_ICH", "ALLERGY_KET"}  # what the labels exclude, and no clinic may lower


class Violation(AssertionError):
    """Something that may not be: which rule, and what was seen."""

    def __init__(self, rule: str, what: str) -> None:
        super().__init__(f"{rule}: {what}")
        self.rule, self.what = rule, what


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def today(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def rows_of(answer: Any) -> list[Row]:
    """The rows of a list, of a board or of the gates, or the single one."""
    if not isinstance(answer, dict):
        return []
    lists = [answer[name] for name in ("results", "sessions", "gates") if isinstance(answer.get(name), list)]
    return [row for row in [*lists, [answer]][0] if isinstance(row, dict)]


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
    weighed: frozenset[str]
    standing: bool = True
    reasons: list[tuple[datetime, str]] = field(default_factory=list)  # since when


@dataclass
class Books:
    """All that the judge was told."""

    zones: dict[str, ZoneInfo] = field(default_factory=dict)
    protocols: dict[str, Row] = field(default_factory=dict)
    clients: dict[str, Row] = field(default_factory=dict)
    programs: dict[str, Row] = field(default_factory=dict)
    sessions: dict[str, Row] = field(default_factory=dict)
    began: dict[str, datetime] = field(default_factory=dict)
    said: dict[str, dict[str, tuple[bool, datetime]]] = field(default_factory=lambda: defaultdict(dict))
    fasting: dict[str, datetime] = field(default_factory=dict)
    escorts: dict[str, datetime] = field(default_factory=dict)
    weighed: dict[str, datetime] = field(default_factory=dict)
    orders: dict[str, Row] = field(default_factory=dict)
    overrides: dict[str, dict[str, date]] = field(default_factory=lambda: defaultdict(dict))  # for which day
    readings: dict[str, Reading] = field(default_factory=dict)
    doses: dict[str, Dose] = field(default_factory=dict)
    owed: dict[str, Row] = field(default_factory=dict)
    waived: set[str] = field(default_factory=set)
    consents: dict[str, Row] = field(default_factory=dict)
    screenings: dict[str, Row] = field(default_factory=dict)
    clearances: dict[str, Clearance] = field(default_factory=dict)
    drugs: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
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
    acts: dict[tuple[datetime, str], str] = field(default_factory=dict)  # when and by whom -> what was taken
    trail: dict[str, dict[tuple[datetime, str], str]] = field(default_factory=lambda: defaultdict(dict))
    ended_doses: dict[str, datetime] = field(default_factory=dict)
    private: dict[str, str] = field(default_factory=dict)  # a psychotherapy note -> its author
    rows: dict[str, list[Row]] = field(default_factory=dict)  # the worklist of a location
    kilos: dict[str, tuple[Decimal, bool]] = field(default_factory=dict)  # of a session or client; it counts
    items: dict[str, tuple[str, datetime]] = field(default_factory=dict)  # measures that ask for a C-SSRS
    events: dict[str, Row] = field(default_factory=dict)
    tasks: set[tuple[str, str]] = field(default_factory=set)  # kind, and subject or client, of every row
    away: dict[str, dict[str, tuple[datetime, datetime]]] = field(default_factory=lambda: defaultdict(dict))
    gone: dict[tuple[str, str], datetime] = field(default_factory=dict)  # a person (in a role), a room, a day
    left: set[str] = field(default_factory=set)  # sessions whose people, room or hours went
    dead: dict[str, datetime] = field(default_factory=dict)
    silent: dict[str, datetime] = field(default_factory=dict)
    alias: dict[str, str] = field(default_factory=dict)
    due: dict[str, datetime] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)  # charges, payments and refunds that were taken back
    papers: dict[str, Row] = field(default_factory=dict)
    shelves: dict[str, Row] = field(default_factory=dict)  # of each lot, its location and number: `place`
    staff: dict[str, Row] = field(default_factory=dict)
    unsettled: dict[str, str] = field(default_factory=dict)  # dose whose draw is open -> session
    cases: dict[str, Row] = field(default_factory=dict)  # entry that left drug missing
    hours: dict[str, list[Row]] = field(default_factory=dict)  # when a location is open
    facts: dict[str, tuple[str, datetime | None]] = field(default_factory=dict)  # of whom; answered when
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
    swept_before: dict[str, datetime] = field(default_factory=dict)
    acted_at: datetime | None = None  # when somebody last changed something

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
        self.remember(call)
        for method, pattern, handler in () if call.replayed else ROUTES:
            if method == call.method and (found := pattern.match(call.path)):
                handler(self, call, found)

    def repeated(self, path: str, first: Any, second: Any) -> None:
        self.holds("R11 a key acts once", first == second, f"{path}: {first} / {second}")

    def same(self, name: str, row: Row, single: Row) -> None:
        differ = {key: (value, single.get(key)) for key, value in row.items() if single.get(key) != value}
        self.holds("a list agrees with its rows", not differ, f"{name} {row['id']}: {differ}")

    def refused(self, call: Any) -> None:
        body = call.answer or {}
        told = isinstance(body, dict) and bool(body.get("code")) and bool(body.get("detail"))
        self.holds("a refusal has a code and words", told, call.words())
        clean = not any(name in body for name in ("results", "id", "answers", "sections"))
        self.holds("a refusal holds no data", clean, call.words())
        self.holds("a service refuses before the database", "constraint" not in body, call.words())
        if body.get("code") == "over_refunded":
            key, books = call.body["payment"], self.books
            back = sum(share for of, paid, share in books.shares if paid == key and of not in books.charges)
            over = Decimal(call.body["amount"]) + back > Decimal(books.payments[key]["amount"])
            self.holds("R11 what is left can go back", over or key in books.undone, call.words())
        if body.get("code") == "insufficient_stock" and call.path == "drug-entries/":
            left = self.books.lots[self.books.shelves[call.body["lot"]]["place"]]
            self.holds("R7 what is there can go", abs(Decimal(call.body["amount_mg"])) > left, call.words())
        if call.status in (403, 404) and (found := re.fullmatch("clients/([0-9a-f-]{36})/", call.path)):
            self.books.trail[found[1]][call.at, call.who["id"]] = "refused"

    def seen_by(self, call: Any) -> None:
        """No answer holds a row or a field that the role may not see (R13), nor anything of another location."""
        roles, here = set(call.who["roles"]), set(call.who["locations"])
        if not roles or call.status >= 400:
            return
        parts = [part for part in call.path.split("/") if part]
        room = [part for part in parts if not IS_ID(part)][-1]
        self.holds("R13 a closed room stays closed", bool(roles & ROOMS.get(room, roles)), call.words())
        rows, session = rows_of(call.answer), self.books.sessions.get(parts[1] if parts[1:] else "")
        if here and "admin" not in roles:
            places = {row["location"] for row in rows if isinstance(row.get("location"), str)}
            places |= {session["location"]} if session else set()
            self.holds("nothing of another location is seen", places <= here, f"{call.words()} {places}")
            clients = [self.books.clients.get(str(row.get("client"))) for row in rows]
            strange = [row["id"] for row in clients if row and not here & set(row["locations"])]
            self.holds("nobody of another location is seen", not strange, f"{call.words()} {strange}")
        for nouns, readers, names in HIDDEN:
            if {parts[0], room} & set(nouns.split()) and not roles & readers:
                told = {name: row[name] for row in rows for name in names.split() if row.get(name)}
                self.holds(f"R13 {nouns}: {names.split()[0]} is hidden", not told, f"{call.words()} {told}")

    def remember(self, call: Any) -> None:
        """R10: an act that was taken stands in the trail of everybody whose data it read or wrote."""
        key, parts = (call.at, call.who["id"]), call.path.split("/")
        self.books.acts[key] = call.path
        if call.path == "alarms/":
            for row in rows_of(call.answer):
                known = self.books.alarms.get(row["id"], {"state": "open"})["state"]
                self.holds("R14 an alarm ends by a word", known != "open" or row["state"] == "open", str(row))
                self.books.alarms[row["id"]] = row
        if call.path.endswith("/finish/"):
            self.books.ended_doses[parts[3]] = when(call.body["ended_at"])
        self.acted_at = self.acted_at if call.method == "GET" else call.at
        if call.replayed or call.query.get("preview"):
            return
        whose = {row["client"] for row in rows_of(call.answer) if isinstance(row.get("client"), str)}
        if parts[0] == "clients":
            whose |= {row["id"] for row in rows_of(call.answer) if "mrn" in row} | set(filter(IS_ID, parts))
        of = {"sessions": self.books.sessions, "programs": self.books.programs}.get(parts[0], {})
        whose |= {of[name]["client"] for name in parts[1:2] if name in of}
        for client in sorted(whose):
            self.books.trail[client][key] = f"{call.method} {call.path}"

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
            rows = [row for row in rows if self.one(row.client) == self.one(client)]
        rows = [row for row in rows if session in (None, row.session)]
        return sorted(rows, key=lambda dose: dose.at)

    def is_kap(self, program: str) -> bool:
        return bool(self.protocol_of(program)["program_type"] == "kap")

    def taken(self, session: str) -> list[Reading]:
        """The readings of a session that stand, in the order in which they were taken."""
        rows = [row for row in self.books.readings.values() if row.session == session and not row.voided]
        return sorted(rows, key=lambda row: (row.at, row.written))

    def asked(self, client: str) -> list[str]:
        """Answers of the client that must have raised an alert."""
        return [key for key, whose in self.books.asks.items() if self.one(whose) == self.one(client)]

    def prepared(self, program: str) -> int:
        rows = [row for row in self.books.sessions.values() if row["program"] == program]
        return sum(row["kind"] == "preparation" and row["status"] == "completed" for row in rows)

    # --- the dose ---------------------------------------------------------------------------------------------

    def overridden(self, session: Row, gate: str) -> bool:
        """Somebody decided otherwise, for the day that the session has (clinical policy 2.2)."""
        day = self.books.overrides[session["id"]].get(gate)
        return day == today(when(session["starts_at"]), self.zone_of(session))

    def open_gates(self, session: Row, dose: Dose) -> Iterable[tuple[str, str]]:
        """Every gate that the books hold open for this dose, with why."""
        program, at = self.books.programs[session["program"]], dose.at
        if program["status"] != "active" and program.get("moved", at) <= at:  # not one that was held since
            yield "program_active", program["status"]
        yield from self._of_the_client(session, dose)
        yield from self._of_the_day(session, at)
        yield from self._of_the_order(session, dose)
        yield from self._of_the_body(session, at)
        yield from ((gate, str(why)) for gate, why in self._of_the_treatment(session, dose).items() if why)

    def _of_the_client(self, session: Row, dose: Dose) -> Iterable[tuple[str, str]]:
        client, program, at = session["client"], session["program"], dose.at
        day = today(at, self.zone_of(session)).isoformat()
        mine = [row for row in self.books.clearances.values() if row.program == program and row.standing]
        late = dose.written - at > timedelta(hours=1)  # then a paper may be made afterwards as well (R3)
        good = [row for row in mine if day <= row.last and (late or when(row.first) <= at)]
        if all(any(since <= at for since, _ in row.reasons) for row in good):
            yield "clearance", str([(row.standing, row.reasons, row.first, row.last) for row in mine])
        if program not in {row["program"] for row in self.books.consents.values() if row["signed"]}:
            yield "consent", "none is signed"
        alerts = [row for row in self.books.alerts.values() if not row["open"]]
        answered = {row["measure"] or row["screening"] for row in alerts}
        if waiting := [key for key in self.asked(client) if key not in answered]:
            yield "safety_alert", str(waiting)
        if held := [key for key in self.asked(client) if key not in self.books.released]:
            yield "suicide_risk", f"nobody released {held}"
        yield from self._of_the_course(session, at)
        last = [dose.at for dose in self.standing_doses(client=client) if dose.session != session["id"]]
        gap = timedelta(hours=self.protocol_of(program)["min_gap_hours"])
        if near := [other for other in last if abs(at - other) < gap]:
            yield "minimum_gap", f"another dose at {near}"

    def _of_the_course(self, session: Row, at: datetime) -> Iterable[tuple[str, str]]:
        whose = self.one(session["client"])
        done = self.prepared(session["program"])
        if done < self.protocol_of(session["program"])["min_preparations"]:
            yield "preparation", f"{done} are done"
        for row in self.books.owed.values():
            other = self.one(row["client"]) == whose and row["dosing_session"] != session["id"]
            if other and row["state"] in OWED and when(row["dosed_at"]) < at:
                yield "integration_done", f"{row['id']} is {row['state']}"

    def _of_the_day(self, session: Row, at: datetime) -> Iterable[tuple[str, str]]:
        zone, said = self.zone_of(session), self.books.said[session["id"]]
        day = at.astimezone(zone).date()
        protocol = self.protocol_of(session["program"])
        gates = protocol["gates"]
        video = session["modality"] == "video"
        asked = [code for code in OF_THE_DAY if gates.get(code) == "required"]
        asked += ["chaperone_trained", "video_on"] if video else []
        before = self.standing_doses(client=session["client"])
        dosed = [dose.at for dose in before if dose.session != session["id"] and dose.at < at]
        rows = [row for row in self.books.screenings.values() if row["program"] == session["program"]]
        again = not dosed or max([*[row["at"] for row in rows], dosed[-1]]) > dosed[-1]
        free = {"equipment": video, "contraindications": again and said.get("contraindications", (True,))[0]}
        for code in [code for code in asked if not free.get(code)]:
            value, told = said.get(code, (False, at))
            if not value or told.astimezone(zone).date() != day:
                yield GATE_OF.get(code, code), f"said {said.get(code)}"
        if gates.get("fasting") == "required":
            since, hours = self.books.fasting.get(session["id"]), protocol["fasting_hours"]["solid"]
            first_said = when(session["starts_at"]) - timedelta(hours=24)
            if since is None or at - since < timedelta(hours=hours) or since < first_said:
                yield "fasting", f"since {since}"
        if protocol["dose"]["unit"] == "mg/kg":
            weighed, days = self.books.weighed.get(session["client"]), protocol["limits"]["weight_days"]
            if weighed is None or at - weighed > timedelta(days=days):
                yield "weight", f"weighed at {weighed}"
        if (gates.get("escort") == "required" or video) and session["id"] not in self.books.escorts:
            yield "escort", "nobody is named"
        if video:
            taken = self.books.cssrs[session["client"]]
            tiers = [tier for told, tier in taken if told.astimezone(zone).date() == day]
            if not tiers or tiers[-1] not in ("none", "low"):
                yield "home_risk", f"screened today: {tiers}"

    def _of_the_order(self, session: Row, dose: Dose) -> Iterable[tuple[str, str]]:
        order = self.books.orders.get(dose.order)
        if order is None or order["session"] != session["id"] or order["drug"] is None:
            yield "order", "it is not of this session"
            return
        if when(order["valid_until"]) < dose.at:
            yield "order", f"it was valid until {order['valid_until']}"
        others = [row.mg for row in self.standing_doses(session=session["id"]) if row.id != dose.id]
        total = sum(others, dose.mg)
        if total > Decimal(order["max_total_mg"]):
            yield "order", f"{total} mg are more than {order['max_total_mg']}"
        if order.get("dose_mg") and dose.mg > Decimal(order["dose_mg"]):
            yield "order", f"{dose.mg} mg are more than {order['dose_mg']}"

    def _of_the_body(self, session: Row, at: datetime) -> Iterable[tuple[str, str]]:
        if [dose for dose in self.standing_doses(session=session["id"]) if dose.at < at]:
            return  # a booster has gates of its own
        rows = [row for row in self.taken(session["id"]) if row.at <= at]
        if not rows:
            yield "vitals", "nothing was measured"
            return
        latest, age = rows[-1], at - rows[-1].at
        if age > timedelta(minutes=self.limit(session["program"], "vitals_max_age_min")):
            yield "vitals", f"measured {age} before"
        if _out(latest.signs, HOLD):
            yield "hold", f"{latest.signs}"
        if not _in_band(latest.signs, self.protocol_of(session["program"])["bands"]):
            yield "vitals", f"{latest.signs}"

    def keeps(self, session: Row, at: datetime, body: Row) -> Iterable[tuple[str, str]]:
        """What keeps the client here, by the books (clinical policy 3.6)."""
        key, program, doses = session["id"], session["program"], self.standing_doses(session=session["id"])
        if not doses:
            return
        infused = self.protocol_of(program)["route"] == "intravenous"
        runs = timedelta(minutes=self.limit(program, "infusion_min") if infused else 0)
        over = max(self.books.ended_doses.get(dose.id, dose.at + runs) for dose in doses)
        drugs = {self.books.orders[dose.order]["drug"] for dose in doses}
        if "esketamine" in drugs and at < doses[0].at + timedelta(hours=2):
            yield "in the hours of esketamine", str(doses[0])
        if "ketamine" in drugs and at < over + timedelta(minutes=self.protocol_of(program)["min_stay_min"]):
            yield "before the minimum stay", f"the dose was over at {over}"
        rows = [row for row in self.taken(key) if row.at <= at]
        after = [row for row in rows if row.at > doses[-1].at]
        before = next((row.signs for row in reversed(rows) if row.at <= doses[0].at), {})
        if not after or at - after[-1].at > timedelta(minutes=self.limit(program, "leaving_vitals_min")):
            yield "unmeasured", f"measured at {[row.at for row in after]}"
        elif (far := _far(after[-1].signs, before)) is not None:
            yield "out of band", f"{far}: {after[-1].signs}, before {before}"
        awake = [row.signs["sedation"] for row in after if row.signs["sedation"] is not None]
        if awake and awake[-1] != 5:
            yield "sedated", str(after[-1])
        seen = {row["reading"] for row in self.books.alarms.values() if row["state"] == "acknowledged"}
        if red := [row for row in rows if self._rings(row) and row.id not in seen]:
            yield "while a red value waits", str(red)
        if not body["escort_present"] or not (body.get("escort") or key in self.books.escorts):
            yield "without an escort", str(body)
        if unsaid := [name for name in STATED if body["checklist"].get(name) is not True]:
            yield "unasked", str(unsaid)
        if unsafe := [key for key in self.asked(session["client"]) if key not in self.books.released]:
            yield "with a concern for their safety", str(unsafe)

    def swept(self, at: datetime, done: frozenset[str]) -> None:
        self.swept_before |= {name: self.swept_at[name] for name in done if name in self.swept_at}
        self.swept_at |= dict.fromkeys(done, at)

    def settled(self, step: str) -> bool:
        """This step of the sweep has looked since somebody last changed something."""
        return step in self.swept_at and (self.acted_at is None or self.swept_at[step] > self.acted_at)

    # --- what is looked at every evening ----------------------------------------------------------------------

    def listed(self, at: datetime, name: str, location: str, rows: list[Row]) -> None:
        look = getattr(self, f"_{name.replace('-', '_')}", None)
        if look is not None:
            look(at, location, rows)
        listed = {row["subject_id"] for row in self.books.rows.get(location, []) if row["state"] == "open"}
        for row in rows:
            if row.get("status", row.get("state")) in STANDING and name != "tasks":
                ways = row["allowed_moves"] or {row["id"], row.get("session")} & listed
                self.holds("every state has a way out", bool(ways), f"{name} {row}")

    def _sessions(self, at: datetime, location: str, rows: list[Row]) -> None:
        ours = {row["id"]: row for row in self.books.sessions.values() if row["location"] == location}
        seen = {row["id"] for row in rows}
        lost = [key for key in ours if key not in seen]
        self.holds("no session is lost from the list", not lost, str(lost))
        for row in rows:
            if (known := ours.get(row["id"])) is not None and known["by_staff"]:
                on = row["status"] in ONWARD[known["status"]]
                self.holds("a session goes on from what was answered", on, f"{known['status']} / {row}")
            self._keep(row)
            old = row["status"] in OPEN_STATES and when(row["ends_at"]) < at - timedelta(hours=24)
            if old:
                self.holds("every state has a way out", bool(row["allowed_moves"]), str(row))
            if row["status"] in ("held", "scheduled") and not row["double_use"]:
                self.holds("nobody is booked out of hours", self.is_open(row), str(row))
        self._nobody_twice(rows)
        self._somebody_there(rows)
        booked = Counter(row["for_dose"] for row in rows if row["for_dose"] and row["status"] in OPEN_STATES)
        twice = [key for key, number in booked.items() if number > 1]
        self.holds("R4 one integration is booked for a dose", not twice, str(twice))

    def is_open(self, row: Row) -> bool:  # by the clock on the wall of its house
        start, end = (when(row[name]).astimezone(self.zone_of(row)) for name in ("starts_at", "ends_at"))
        spans = [span for span in self.books.hours[row["location"]] if span["weekday"] == start.weekday()]
        return any(span["from"][:5] <= f"{start:%H:%M}" < f"{end:%H:%M}" <= span["to"][:5] for span in spans)

    def mailed(self, at: datetime, address: str) -> None:
        wanted = self.books.mail.get(address, True)
        self.holds("nobody is written to who took it back", wanted, f"{at} {address}")

    def _nobody_twice(self, rows: list[Row]) -> None:
        """R1: rooms, clients and therapists by the sessions that stand; half-open."""
        held: dict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
        for row in rows:
            if row["status"] not in OPEN_STATES or row["double_use"]:
                continue
            span = (row["starts_at"], row["ends_at"], row["id"])
            held["client", self.one(row["client"])].append(span)
            if row["room"]:
                held["room", row["room"]].append(span)
            for person in row["staff"]:
                if person["role"] == "therapist":
                    held["therapist", person["user"]].append(span)
        for key, spans in held.items():
            spans.sort()
            for (_, end, first), (start, _, second) in pairwise(spans):
                apart = when(end) <= when(start)
                self.holds("R1 nobody is held twice", apart, f"{key}: {first} and {second}")

    def _obligations(self, at: datetime, location: str, rows: list[Row]) -> None:
        by_dose = Counter(row["dosing_session"] for row in rows)
        twice = [key for key, number in by_dose.items() if number > 1]
        self.holds("R4 one obligation a dose", not twice, str(twice))
        for row in rows:
            self.books.owed[row["id"]] = row
            self._owed(row, at)
        for dose in self.standing_doses():
            session = self.books.sessions[dose.session]
            if session["location"] == location and self.is_kap(dose.program):
                self.holds("R4 every KAP dose owes one", by_dose[dose.session] == 1, str(dose))

    def _owed(self, row: Row, at: datetime) -> None:
        """An obligation as it stands: met by what took place, and never silently open."""
        state, start, end = row["state"], when(row["window_start"]), when(row["window_end"])
        doses = self.standing_doses(session=row["dosing_session"])
        if state == "voided":
            self.holds("voided with its dose", not doses or row["client"] in self.books.dead, str(row))
            return
        self.holds("an obligation has its dose", bool(doses), str(row))
        self.holds("the window is the dose's", when(row["dosed_at"]) in [d.at for d in doses], str(row))
        rule = self.protocol_of(row["program"])["integration"]
        hours = [timedelta(hours=rule[name]) + when(row["dosed_at"]) for name in ("from_hours", "to_hours")]
        self.holds("the window is the protocol's", [start, end] == hours, str(row))
        session = self.books.sessions.get((row["integration_session"] or {}).get("id", ""))
        if state in ("met", "met_late"):
            lived = session["id"] if session and session["status"] == "completed" else ""
            began = self.books.began.get(lived)
            self.holds("met by a session that took place", began is not None, f"{row} {session}")
            if began is not None:
                self.holds("met not before its window", began >= start, f"{row} began {began}")
                self.holds("met late is said", (state == "met") == (began < end), f"{row} began {began}")
        if state == "booked":
            stands = session is None or session["status"] in (*OPEN_STATES, "completed")
            self.holds("booked for a session", row["integration_session"] is not None, str(row))
            self.holds("booked for a session that stands", stands, str(row))
        if state == "missed":
            self.holds("missed only when the window is over", at >= end, str(row))
        if state == "waived":
            self.holds("waived by somebody", row["id"] in self.books.waived, str(row))
        swept = self.swept_at.get("obligations")
        if state == "due" and swept is not None and swept > end + timedelta(hours=1):
            self.holds("never due for ever", False, str(row))

    def _alarms(self, at: datetime, location: str, rows: list[Row]) -> None:
        of_readings = {row["reading"] for row in self.books.alarms.values() if row["reading"]}
        for reading in self.books.readings.values():
            session = self.books.sessions[reading.session]
            if session["location"] != location or reading.voided or not self._rings(reading):
                continue
            self.holds("R14 a red value rings", reading.id in of_readings, str(reading))
        self._overdue(location)

    def _overdue(self, location: str) -> None:
        """Each check that nobody answered in time has an alarm, once the sweep has looked (R14)."""
        alarms = {row["check"]: row["session"] for row in self.books.alarms.values() if row["check"]}
        rang = Counter(alarms.values())
        for session in {dose.session for dose in self.standing_doses()}:
            row, first = self.books.sessions[session], self.standing_doses(session=session)[0]
            late = first.written - first.at > timedelta(minutes=5)
            swept = self.books.discharges.get(session, self.swept_at).get("checks")
            if row["location"] != location or late or swept is None:
                continue
            taken = [reading.at for reading in self.books.readings.values() if reading.session == session]
            minutes = (40,) if self.is_esketamine(first) else self.protocol_of(first.program)["checks_min"]
            wait = timedelta(minutes=self.limit(first.program, "missed_after_min") + 1)
            planned = [first.at + timedelta(minutes=minute) for minute in minutes if minute]
            took = [at for at in planned if any(abs(at - one) <= wait for one in taken)]
            missed = [at for at in planned if at not in took and at + wait < swept]
            self.holds("R14 an overdue check rings", len(missed) <= rang[session], f"{session} {missed}")

    def _rings(self, reading: Reading, *, late: bool = False) -> bool:
        """Red on its own after a dose, whatever came next (clinical policy 3.2)."""
        doses = self.standing_doses(session=reading.session)
        if not doses or reading.at < doses[0].at or reading.written < doses[0].written:
            return False
        row, gone = self.books.sessions[reading.session], self.books.discharges.get(reading.session)
        over = when(row["ends_at"]) + LATE
        if (reading.written > (min(over, gone["told"]) if gone else over)) != late:
            return False  # what is written afterwards is looked through instead (R14)
        return bool(_out(reading.signs, RED))

    def _safety_alerts(self, at: datetime, location: str, rows: list[Row]) -> None:
        for row in rows:
            known = self.books.alerts.get(row["id"])
            still = row["status"] == "open"
            if known is not None:
                self.holds("an alert is answered by somebody", known["open"] == still, str(row))
            self.books.alerts[row["id"]] = row | {"open": still}
        told = {row["measure"] or row["screening"] for row in self.books.alerts.values()}
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
        """Whatever waits has a row that somebody must answer, and what waits no more has none (R14)."""
        self._worklist(at, location, rows)
        self.books.rows[location] = rows
        self.books.tasks |= {(row["kind"], row[name]) for row in rows for name in ("subject_id", "client")}
        listed = {(k := one["kind"], one[OF.get(k, "subject_id")]) for one in rows if one["state"] == "open"}
        for row in rows:
            said = row["state"] == "open" or bool(row["done_at"] and row["done_by"])
            self.holds("a row is answered by somebody", said, str(row))
            alert = self.books.alerts.get(row["subject_id"], {})
            if row["state"] == "open" and alert.get("open"):
                late = when(alert["acknowledge_by"]) < self.swept_at.get("alerts", when(alert["created_at"]))
                self.holds("R14 an alert is carried up", not late or row["escalation"] > 0, str(row))
        for kind, step, subject, waits in self._waiting(at, location):
            if waits and (step is None or self.settled(step)):
                self.holds(f"R14 {kind} has its row", (kind, subject) in listed, subject)
            if waits is False:
                self.holds(f"a row of {kind} goes with its cause", (kind, subject) not in listed, subject)
        told = {row["subject_id"] for row in rows if row["kind"] == "integration_missed"}
        for row in self.books.owed.values():
            if row["state"] == "missed" and self.books.programs[row["program"]]["location"] == location:
                self.holds("R4 a missed integration is told", row["id"] in told, str(row))
        subjects = {row["subject_id"] for row in rows if row["state"] == "open"}
        for case in self.books.cases.values():
            if case["location"] == location and case["row"]:  # ticked off, it is back by the next evening
                late, case["unseen"] = case["unseen"], case["row"] not in subjects
                self.holds("missing drug has its row", not (late and case["unseen"]), str(case))

    def _waiting(self, at: datetime, location: str) -> Iterable[tuple[str, str | None, str, bool | None]]:
        """Kind of row, step of the sweep that opens it, subject, and whether it waits (None: who knows)."""
        books, zone = self.books, self.books.zones[location]
        here = {key: row for key, row in books.sessions.items() if row["location"] == location}
        ours = {key: row for key, row in books.programs.items() if row["location"] == location}
        for row in books.alerts.values():
            if row["program"] in ours:
                yield "safety_alert", None, row["id"], row["open"]
        for row in books.alarms.values():
            if row["session"] in here:
                wait = timedelta(minutes=self.limit(here[row["session"]]["program"], "alarm_minutes"))
                rang, waits = when(row["created_at"]), row["state"] == "open"
                due = int(rang + wait <= self.swept_at.get("alarms", rang))
                due += rang + 2 * wait <= self.swept_before.get("alarms", rang)
                carried = not waits or row["escalation"] >= due
                self.holds("R14 an alarm is carried up", carried, f"{row} {due}")
                yield "alarm", None, row["id"], waits and (row["escalation"] > 0 or None)
        for row in books.owed.values():
            if row["program"] in ours:
                yield "integration_unbooked", "obligations", row["id"], row["state"] == "due"
        signed = {row["session"] for row in books.notes.values() if row["signed"] or "by" in row}
        drafts = {row["session"] for row in books.notes.values() if row["session"] not in signed}
        for key, row in here.items():
            over = False if row["status"] in ("completed", "cancelled", "no_show") else None
            day = self.swept_at.get("left_open", when(row["ends_at"])) > when(row["ends_at"]) + LATE
            yield "session_left_open", "left_open", key, (row["status"] in OPEN_STATES[2:] and day) or over
            over = False if signed - drafts >= {key} and len(row["staff"]) < 2 else None
            waits = row["status"] == "completed" and key not in signed
            yield "note_unsigned", "unsigned", key, waits or over
        for key, cleared in books.clearances.items():
            if cleared.program in ours and cleared.standing:
                asked = ours[cleared.program]["status"] == "active" and str(today(at, zone)) < cleared.last
                waits = asked and any(since <= at for since, _ in cleared.reasons)
                waits = waits or (None if cleared.reasons else False)
                yield "clearance_review", "clearances", key, waits

    def worklist(self, who: Row, location: str, rows: list[Row]) -> None:
        """A role reads of the worklist what names it or them, no more and no less than the director."""
        waiting = [row for row in self.books.rows[location] if row["state"] == "open"]
        named = [row for row in waiting if {*row["roles"], row["assignee"]} & {*who["roles"], who["id"]}]
        missed = {row["id"] for row in named} ^ {row["id"] for row in rows}
        self.holds("a worklist is the director's part", not missed, f"{who} {missed}")

    def agree(self, name: str, rows: list[Row], others: list[Row]) -> None:
        """Two views of the same moment hold the same rows, and each says the same of them."""
        left, right = ({row["id"]: row for row in found} for found in (rows, others))
        lost = left.keys() ^ right.keys()
        self.holds(f"{name} holds the same rows", not lost, str(lost))
        for key, row in left.items():
            shared = sorted((row.keys() & right[key].keys()) - {"allowed_moves", "warnings"})
            differ = [(word, row[word], right[key][word]) for word in shared if row[word] != right[key][word]]
            self.holds(f"{name} says the same", not differ, f"{key} {differ}")

    def _keep(self, row: Row, *, by_staff: bool | None = None) -> None:
        known = self.books.sessions.get(row["id"], {"by_staff": False})
        self.books.sessions[row["id"]] = known | row | ({} if by_staff is None else {"by_staff": by_staff})

    def suspend(self, client: str, reason: str, *, text: str = "") -> None:
        """Every standing clearance of the client hears what came after it."""
        for row in self.books.clearances.values():
            if self.one(row.client) == self.one(client) and row.standing and text not in row.weighed:
                row.reasons.append((self.acted_at or LONG_PAST, reason))
        self.books.facts |= {} if text or not client else {reason: (client, None)}

    def newest(self, session: str, at: datetime) -> str:
        """The order that counts at that moment: the latest by then, else the latest of all."""
        rows = [row for row in self.books.orders.values() if row["session"] == session]
        told = [(when(row["created_at"]), row["id"]) for row in rows]
        return max([row for row in told if row[0] <= at] or told, default=(at, ""))[1]

    def is_esketamine(self, dose: Dose) -> bool:
        return "esketamine" in self.books.orders[dose.order]["drug"]

    def _of_the_treatment(self, session: Row, dose: Dose) -> dict[str, Any]:
        books, client, limits = self.books, dose.client, self.protocol_of(dose.program)["dose"]
        given, zone = self.standing_doses(session=dose.session), self.zone_of(session)
        newest = self.newest(dose.session, dose.at)
        kilos, counts = books.kilos.get(dose.session, (Decimal(0), False))
        by_weight, total = limits["unit"] == "mg/kg", sum((row.mg for row in given), dose.mg)
        cap = Decimal(limits["cap"]) * (kilos if by_weight else 1) + Decimal("0.001")
        severe = [row for row in books.events.values() if self.one(row["client"]) == self.one(client)]
        severe = [row for row in severe if row["severe"]]
        first, day = "" if given else dose.session, today(dose.at, zone)
        asked = [at for whose, at in books.items.values() if whose == client and today(at, zone) == day]
        found = {
            "order": newest != dose.order and f"{newest} is the newest one",
            "weight": by_weight and not counts and f"{kilos} kg",
            "cap": total > cap and f"{total} mg are more than {cap}",
            "reaction": [row for row in severe if not row["released"] and row["session"] != first],
            "home_dosing": session["modality"] == "video" and severe,
            "suicide_screen": asked and not [1 for at, _ in books.cssrs[client] if at >= max(asked)],
        }
        if not self.is_esketamine(dose):
            return found
        said, last, team = books.said, given[-1] if given else None, [row["role"] for row in session["staff"]]
        words = {code for code, (yes, at) in said[dose.session].items() if yes and today(at, zone) == day}
        ours = [key for key, row in books.sessions.items() if self.one(row["client"]) == self.one(client)]
        return found | {
            "devices": dose.mg % 28 != 0 or dose.lot is None or session["modality"] == "video",
            "rest": last and dose.at < last.at + timedelta(minutes=5) * int(last.mg / 28),
            "rems_enrolment": not [1 for key in ours if said[key].get("rems_enrolment", (False,))[0]],
            "fasting": {"no_fluids", "no_nasal_spray"} - words,
            "prescriber_on_site": "prescriber" not in team and "prescriber_on_site" not in words,
        }

    def day_ends(self, at: datetime) -> None:
        missing = {pair for row in self.books.events.values() for pair in row["asks"]} - self.books.tasks
        self.holds("11.3 somebody has each bad reaction to do", not missing, str(missing))
        for dose in self.standing_doses():
            told = {("rems_record", dose.client), ("sent", dose.session)} & self.books.tasks
            owed = self.is_esketamine(dose) and dose.at < self.swept_at.get("rems", at) - timedelta(days=3)
            self.holds("REMS a form is sent, or somebody has it to do", bool(told) or not owed, str(dose))
        for row in self.books.sessions.values():
            program, waits = self.books.programs[row["program"]], row["status"] in OPEN_STATES[:2]
            over = program["status"] in ("completed", "discontinued") and row["kind"] != "integration"
            if over and self.swept_at.get("ended", at) > program.get("moved", at):
                self.holds("a course that ended holds nothing", not waits, str(row))

    # --- the desk: staff, paper, deaths and doubles -----------------------------------------------------------

    def one(self, client: str) -> str:
        return self.books.alias.get(client, client)  # two registrations that were joined are one person

    def drugs_of(self, client: str) -> list[list[str]]:
        return [rows for key, rows in self.books.drugs.items() if self.one(key) == self.one(client)]

    def _somebody_there(self, rows: list[Row]) -> None:
        """Nothing to come is booked on who is away or gone, in a closed room, or for who has died."""
        for row in rows:
            start, end, books = when(row["starts_at"]), when(row["ends_at"]), self.books
            if row["status"] not in ("held", "scheduled") or row["override_reason"]:
                continue
            self.holds("a death ends what is booked", start < books.dead.get(row["client"], end), str(row))
            day = today(start, self.zone_of(row)).isoformat() if row["staff"] else ""
            keys = [(row["room"] or "", ""), (row["location"], day)]
            keys += [(one["user"], what) for one in row["staff"] for what in ("", one["role"])]
            spans = [span for one in row["staff"] for span in books.away[one["user"]].values()]
            lost: list[Any] = [key for key in keys if key in books.gone and start > books.gone[key]]
            lost += [span for span in spans if span[0] <= start and end <= span[1]]
            self.holds("R1 nothing is booked on who is away or gone", not lost, f"{row} {lost}")

    def _worklist(self, at: datetime, location: str, rows: list[Row]) -> None:
        """What was left, is due, was entered late or waits for a second signature is somebody's row."""
        ever = {(row["kind"], row["subject_id"]) for row in rows}
        waiting = {(row["kind"], row["subject_id"]) for row in rows if row["state"] == "open"}
        here = {key: row for key, row in self.books.sessions.items() if row["location"] == location}
        for key in sorted(self.books.left & set(here)):
            over = here[key]["status"] not in OPEN_STATES or when(here[key]["ends_at"]) < at
            self.holds("what was left is somebody's", over or ("session_unstaffed", key) in waiting, key)
        for row in [row for row in self.books.owed.values() if row["dosing_session"] in here]:
            dead = row["client"] in self.books.dead and row["state"] in OWED
            self.holds("after a death nothing is owed", not dead, str(row))
            since = self.books.due.setdefault(row["id"], at)
            if row["state"] != "due":
                del self.books.due[row["id"]]
            elif since < self.swept_at.get("obligations", since):
                told = ("integration_unbooked", row["id"]) in waiting
                self.holds("R4 what is due is booked or told", told, f"{row} since {since}")
        for dose in [dose for dose in self.standing_doses() if dose.session in here]:
            made = when(self.books.orders[dose.order]["created_at"]).replace(second=0, microsecond=0)
            told = ("late_paper", dose.id) in ever and dose.written - dose.at > timedelta(hours=1)
            self.holds("R3 a paper of later is told, for a late entry", made <= dose.at or told, str(dose))
        for reading in [row for row in self.books.readings.values() if row.session in here]:
            red = not reading.voided and self._rings(reading, late=True)
            seen = not red or ("recorded_late", reading.session) in ever
            self.holds("R14 what is entered late is looked through", seen, str(reading))
        for key, note in self.books.notes.items():
            asked = note["signed"] or "by" not in note or ("note_cosign", key) in waiting
            self.holds("a student's note waits", asked or note["session"] not in here, str(note))

    # --- the safe and the money -------------------------------------------------------------------------------

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
        """A charge or a payment is as the books have it: what was paid, spent or given back, and what is left."""
        gone, spent = row["id"] in self.books.undone, self.paid(row["id"])
        left = (Decimal(row["amount"]) - spent) * (not (gone or row["reverses"] or row["status"] == "review"))
        told = sum(Decimal(row[name]) for name in ("paid", "allocated", "refunded") if name in row)
        right = told == spent and Decimal(row.get("balance", row.get("unallocated"))) == left >= 0
        right = right and (row["status"] == "reversed") == gone
        self.holds("R11 no cent is lost, made or spent twice", right, f"{row} {spent} {left}")


def _out(signs: Row, limits: dict[str, tuple[int, int]]) -> list[str]:
    """Which of the signs that were taken lie outside of their limits."""
    taken = {name: signs[name] for name in limits if signs.get(name) is not None}
    return [name for name, value in taken.items() if not limits[name][0] <= value <= limits[name][1]]


def _far(signs: Row, before: Row) -> str | None:
    """The sign that lets nobody go home: amber or red, and no pressure or heart rate near the one before (3.6)."""
    for name in _out(signs, CALM):
        known = before.get(name) if name in ("systolic", "diastolic", "heart_rate") else None
        if known is None or abs(signs[name] - known) * 5 > known:
            return name
    return None


def _in_band(signs: Row, bands: Row) -> bool:
    """GO: all that was measured lies where a dose may be given."""
    if any(signs[name] is None for name in ("systolic", "diastolic", "heart_rate")):
        return False
    (high, low), pulse, breaths = bands["bp"]["go"], bands["hr"]["go"], bands["rr"]["go"]
    go = {"systolic": (0, high), "diastolic": (0, low), "heart_rate": pulse, "respiratory_rate": breaths}
    return not _out(signs, go | {name: (bands[name]["go"], 100) for name in ("spo2", "sedation")})


# --- what each act writes into the books --------------------------------------------------------------------------


def filed(book: str, kept: Callable[[Any], Any]) -> Handler:
    """An act that only fills a book, by the id that it answered with."""
    return lambda judge, call, _: getattr(judge.books, book).update({call.answer["id"]: kept(call)})


on("POST", "locations/")(filed("hours", lambda call: call.body["opening_hours"]))
on("POST", "locations/")(filed("zones", lambda call: ZoneInfo(call.answer["time_zone"])))
on("POST", "protocols/{}/approve/")(filed("protocols", lambda call: call.answer))
on("POST", "clients/")(filed("clients", lambda call: call.answer))
on("POST", "consents/")(filed("consents", lambda call: {"program": call.body["program"], "signed": False}))
on("POST", "safety-alerts/{}/acknowledge/")(filed("alerts", lambda call: call.answer | {"open": False}))
on("POST", "notes/")(filed("notes", lambda call: {"session": call.body["session"], "signed": False}))
on("POST", "consents/{}/(?:sign|revoke)/")(
    filed("consents", lambda call: call.answer | {"signed": call.answer["status"] == "signed"})
)
on("POST", "alarms/{}/acknowledge/")(filed("alarms", lambda call: call.answer))
on("POST", "psychotherapy-notes/")(filed("private", lambda call: call.who["id"]))


@on("POST", "programs/")
def _program(judge: Judge, call: Any, _: re.Match[str]) -> None:
    rows = [row for row in judge.books.programs.values() if row["client"] == call.body["client"]]
    others = [row["id"] for row in rows if row["status"] in ("active", "on_hold")]
    if call.body.get("continues") in others:  # the next course takes its place
        judge.books.programs[call.body["continues"]] |= {"status": "completed", "moved": call.at}
        others.remove(call.body["continues"])
    judge.holds("PR7 one course of a client goes on", not others, f"{call.words()} {others}")
    judge.books.programs[call.answer["id"]] = call.answer


@on("POST", "programs/{}/(?:hold|resume|complete|discontinue|end-dosing)/")
def _program_moved(judge: Judge, call: Any, found: re.Match[str]) -> None:
    judge.books.programs[found[1]] |= call.answer | {"moved": call.at}


@on("GET", "programs/{}/")
def _program_seen(judge: Judge, call: Any, found: re.Match[str]) -> None:
    known = judge.books.programs[found[1]]
    judge.holds("a program is as it was answered", known["status"] == call.answer["status"], call.words())
    told, doses = call.answer["progress"], judge.standing_doses(client=known["client"])
    dosed = {dose.session for dose in doses if dose.program == found[1]}
    right = told["preparation"]["done"] == judge.prepared(found[1]) and told["dosing"]["done"] == len(dosed)
    judge.holds("progress is what took place", right, f"{call.words()} {told}")


@on("POST", "medications/")
@on("PATCH", "medications/{}/")
def _drug(judge: Judge, call: Any, _: re.Match[str]) -> None:
    text, client = call.answer["text"].lower(), call.answer["client"]
    if call.answer["ended_at"]:  # what is taken no more is weighed by no later screening
        next((rows.remove(text) for rows in judge.drugs_of(client) if text in rows), None)
        return
    judge.books.drugs[client].append(text)
    if any(name in text for name in WEIGHTY):
        judge.suspend(client, f"drug {text}", text=text)


@on("POST", "screenings/")
def _screening(judge: Judge, call: Any, _: re.Match[str]) -> None:
    client = judge.books.programs[program := call.body["program"]]["client"]
    told = {"answers": call.body["answers"], "weighed": (), "at": LONG_PAST, "began": call.at}
    judge.books.screenings[call.answer["id"]] = told | {"program": program, "client": client}
    judge.books.drugs[client] += [row["text"].lower() for row in call.body["medications"]]


@on("POST", "screenings/{}/submit/")
def _submitted(judge: Judge, call: Any, found: re.Match[str]) -> None:
    row = judge.books.screenings[found[1]]
    judge.books.asks |= {found[1]: row["client"]} if row["answers"].get("PSY_SI") is True else {}
    row["at"], row["weighed"] = call.at, tuple(chain(*judge.drugs_of(row["client"])))


@on("POST", "screenings/{}/decide/")
def _decided(judge: Judge, call: Any, found: re.Match[str]) -> None:
    row, clearance = judge.books.screenings[found[1]], call.answer.get("clearance")
    if call.body["decision"] != "cleared":
        if call.body["decision"] == "declined":
            judge.books.programs[row["program"]]["status"] = "discontinued"
        return
    later = [text for text in chain(*judge.drugs_of(row["client"])) if text not in row["weighed"]]
    heavy = [text for text in later if any(name in text for name in WEIGHTY)]
    judge.holds("no clearance on what was not weighed", not heavy, f"{call.words()} {heavy}")
    home = {"PSY_SI"} if judge.protocol_of(row["program"])["home_dosing"] else set()
    never = [code for code in sorted(ABSOLUTE | home) if row["answers"].get(code) is True]
    judge.holds("5.1 nobody clears what is absolute", not never, f"{call.words()} {never}")
    whose, days = (row["program"], row["client"]), (clearance["valid_from"], clearance["expires_on"])
    new = judge.books.clearances[clearance["id"]] = Clearance(*whose, *days, frozenset(row["weighed"]))
    for why, (client, said) in judge.books.facts.items():
        if judge.one(client) == judge.one(new.client) and (said is None or said > row["began"]):
            doubt = why.startswith("C-SSRS")  # its screening may have weighed it; else nobody answered
            new.reasons.append((LATEST if doubt else call.at, why))


@on("POST", "clearances/{}/(uphold|void)/")
def _weighed_again(judge: Judge, call: Any, found: re.Match[str]) -> None:
    row = judge.books.clearances[found[1]]
    row.weighed |= {reason.split(" ", 1)[1] for _, reason in row.reasons}
    said = call.at if found[2] == "void" else LONG_PAST  # a voiding answers for what begins after it
    judge.books.facts |= {why: (row.client, said) for _, why in row.reasons if why in judge.books.facts}
    row.reasons, row.standing = [], row.standing and found[2] == "uphold"


@on("POST", "measures/")
def _measure(judge: Judge, call: Any, _: re.Match[str]) -> None:
    _asked_further(judge, call)
    if call.answer["instrument"] != "cssrs":
        return
    client, answers = call.answer["client"], [bool(value) for value in call.body["answers"]]
    worst = "high" if any(answers[3:6]) else "moderate" if answers[2] else "low"
    tier = worst if any(answers) else "none"
    judge.books.cssrs[client].append((when(call.body["taken_at"]), tier))
    if tier in ("high", "moderate"):
        judge.books.asks[call.answer["id"]] = client
    judge.suspend(client if tier == "high" else "", f"C-SSRS {call.answer['id']}")


@on("POST", "safety-alerts/{}/release/")
def _released(judge: Judge, call: Any, _: re.Match[str]) -> None:
    row = call.answer
    if row["cause"] == "cssrs_high":
        sure = bool(call.body.get("safety_plan")) and call.body.get("not_alone") is True
        judge.holds("6.2 the worst is released on a safety plan", sure, call.words())
        judge.holds("6.2 a prescriber releases the worst", "prescriber" in call.who["roles"], call.words())
    judge.holds("6.2 a release is in words", bool(call.body.get("rationale")), call.words())
    judge.books.released.add(row["measure"] or row["screening"])


@on("POST", "sessions/{}/undo/")
def _undone(judge: Judge, call: Any, found: re.Match[str]) -> None:
    before = {"check_in": "scheduled", "start": "checked_in", "no_show": "scheduled"}
    now = before.get(call.body["move"], "in_progress or checked_in")
    judge.holds("an undone move was not", call.answer["status"] in now, call.words())
    if call.body["move"] == "check_in":
        judge.books.began.pop(found[1], None)
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
    if move == "reschedule":
        judge.books.escorts.pop(found[1], None)
        judge.books.left.discard(found[1])


@on("POST", "sessions/")
@on("GET", "sessions/{}/")
def _session_seen(judge: Judge, call: Any, _: re.Match[str]) -> None:
    judge._keep(call.answer, by_staff=True if call.method == "POST" else None)


@on("PATCH", "sessions/{}/")
def _noted(judge: Judge, call: Any, found: re.Match[str]) -> None:
    for code, value in call.body.get("attestations", {}).items():
        judge.books.said[found[1]][code] = (value, call.at)
        if code == "contraindications" and not value:
            judge.suspend(judge.books.sessions[found[1]]["client"], f"attested: {found[1]}")
    if call.body.get("fasting_since"):
        judge.books.fasting[found[1]] = when(call.body["fasting_since"])
    judge.books.escorts |= {found[1]: call.at} if call.body.get("escort") else {}
    if call.body.get("weight_kg"):
        kilos, client = Decimal(call.body["weight_kg"]), call.answer["client"]
        if call.body.get("weight_source") != "reported":
            judge.books.weighed[client] = call.at
        last = judge.books.kilos.get(client, (kilos, True))
        near = abs(kilos - last[0]) * 10 <= last[0]
        judge.books.kilos[found[1]] = kilos, near or call.body.get("confirm_weight") is True
        judge.books.kilos[client] = judge.books.kilos[found[1]] if judge.books.kilos[found[1]][1] else last
    judge._keep(call.answer)


@on("POST", "sessions/{}/orders/")
def _ordered(judge: Judge, call: Any, found: re.Match[str]) -> None:
    judge.holds("R8 only a prescriber orders", "prescriber" in call.who["roles"], call.words())
    judge.books.orders[call.answer["id"]] = call.answer | {"session": found[1]}


@on("POST", "sessions/{}/override/")
def _overridden(judge: Judge, call: Any, found: re.Match[str]) -> None:
    session, gate = judge.books.sessions[found[1]], call.body["gate"]
    judge.holds("R3 nobody overrides this", gate not in NEVER.split(), call.words())
    by = "prescriber" in call.who["roles"] and bool(call.body.get("reason"))
    judge.holds("R3 a prescriber overrides, with a reason", by, call.words())
    judge.books.overrides[found[1]][gate] = today(when(session["starts_at"]), judge.zone_of(session))


@on("POST", "sessions/{}/readings/")
def _read(judge: Judge, call: Any, found: re.Match[str]) -> None:
    signs = {name: call.body.get(name) for name in SIGNS}
    reading = Reading(call.answer["id"], found[1], when(call.body["measured_at"]), call.at, signs)
    judge.books.readings[reading.id] = reading
    kept = all(call.answer.get(name) == value for name, value in signs.items())
    judge.holds("a reading is kept as it was taken", kept, call.words())


@on("POST", "sessions/{}/administrations/")
def _dosed(judge: Judge, call: Any, found: re.Match[str]) -> None:
    session, body = judge.books.sessions[found[1]], call.body
    whose = (call.answer["id"], found[1], session["program"], session["client"], body["order"])
    at, drawn = when(body["administered_at"]), Decimal(body.get("drawn_mg") or 0)
    dose = Dose(*whose, Decimal(body["dose_mg"]), at, call.at, body.get("drug_lot"), drawn)
    late = {"medical_director"} if call.at - dose.at > LONG_AGO else set()  # PR6
    nurse = ({"nurse_practitioner", "prescriber"} | late) & set(call.who["roles"])
    judge.holds("R8 a nurse or prescriber gives", bool(nurse), call.words())
    start, end = when(session["starts_at"]), when(session["ends_at"])
    judge.holds("PR6 a dose on its session's day", start - EARLY <= dose.at <= end + LATE, call.words())
    for gate, why in judge.open_gates(session, dose):
        decided = judge.overridden(session, gate)
        judge.holds(f"R3 no dose while {gate} is open", decided, f"{call.words()} — {why}")
    judge.checked["R3 a dose with every gate looked at"] += 1
    judge.books.doses[dose.id] = dose
    owes = (call.answer["obligation"] is not None) == judge.is_kap(session["program"])
    judge.holds("R4 a KAP dose owes an integration", owes, call.words())
    judge._keep({"id": found[1]})


@on("POST", "sessions/{}/(?:administrations|readings)/{}/void/")
def _voided(judge: Judge, call: Any, found: re.Match[str]) -> None:
    if found[2] in judge.books.doses:
        judge.books.doses[found[2]].voided_at = call.at
    else:
        judge.books.readings[found[2]].voided = True


@on("POST", "obligations/{}/waive/")
def _waived(judge: Judge, call: Any, found: re.Match[str]) -> None:
    judge.books.waived.add(found[1])
    judge.books.owed[found[1]] |= {"state": "waived"}


@on("GET", "obligations/")
def _owed_seen(judge: Judge, call: Any, _: re.Match[str]) -> None:
    for row in call.answer["results"]:
        judge.books.owed[row["id"]] = row
        if (booked := row["integration_session"]) and booked["id"] not in judge.books.sessions:
            about = {name: row[name] for name in ("program", "client")} | {"kind": "integration"}
            judge._keep(booked | about | {"location": judge.books.programs[row["program"]]["location"]})


@on("POST", "sessions/{}/discharge/")
def _left(judge: Judge, call: Any, found: re.Match[str]) -> None:
    judge.holds("a client goes home once", found[1] not in judge.books.discharges, call.words())
    judge.holds("R7 a draw is settled first", found[1] not in judge.books.unsettled.values(), call.words())
    judge.books.discharges[found[1]] = call.answer | {"told": call.at, "checks": judge.swept_at.get("checks")}
    session, at = judge.books.sessions[found[1]], when(call.body["discharged_at"])
    judge.checked["3.6 who went home was looked at"] += 1
    decided = "prescriber" in call.who["roles"] or call.at - at > timedelta(days=7)
    decided = decided and bool(call.body.get("override_reason"))
    for criterion, why in judge.keeps(session, at, call.body):
        free = decided and criterion != "in the hours of esketamine"
        judge.holds(f"3.6 nobody goes {criterion}", free, f"{call.words()} — {why}")


@on("POST", "notes/{}/(sign|cosign)/")
def _note_signed(judge: Judge, call: Any, found: re.Match[str]) -> None:
    note = judge.books.notes[found[1]]
    judge.holds("a note is signed once", not note["signed"], call.words())
    judge.holds("another one cosigns", found[2] == "sign" or call.who["id"] != note["by"], call.words())
    note |= {"signed": call.answer["status"] == "signed", "by": call.who["id"]}


# --- the safe and the money ---------------------------------------------------------------------------------------


@on("POST", "auth/password/")
@on("POST", "staff/")
@on("PATCH", "staff/{}/")
def _employed(judge: Judge, call: Any, _: re.Match[str]) -> None:
    told = call.answer or {"id": call.who["id"], "password": call.body["new_password"]}
    judge.books.staff.setdefault(told["id"], {"password": ""}).update(call.body | told)


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


@on("POST", "charges/(?:{}/confirm/)?")
def _charged(judge: Judge, call: Any, _: re.Match[str]) -> None:
    judge.holds("R12 only what is rendered and signed", judge.rendered(call.answer["session"]), call.words())
    judge.books.charges[call.answer["id"]] = call.answer


@on("POST", "(charges|payments|refunds)/{}/reverse/")
def _taken_back(judge: Judge, call: Any, found: re.Match[str]) -> None:
    key, books = found[2], judge.books
    back = [of for of, payment, _ in books.shares if payment == key and of not in books.charges]
    judge.holds("R11 a row is taken back once, and whole", key not in books.undone and not back, call.words())
    books.shares[:] = [row for row in books.shares if key not in row[:2]]
    books.undone.add(key)


@on("POST", "payments/(?:{}/allocate/)?")
def _paid(judge: Judge, call: Any, _: re.Match[str]) -> None:
    key, books, shares = call.answer["id"], judge.books, call.body.get("allocations", ())
    books.payments.setdefault(key, call.answer)
    order = [share["charge"] for share in call.answer["allocations"]]  # those of one moment, as they are kept
    given = {share["charge"]: Decimal(share["amount"]) for share in shares}
    books.shares += [(charge, key, given[charge]) for charge in order[-len(given) :] if charge in given]
    judge.money_is(call.answer)
    for charge in given:
        owed = Decimal(0) if charge in books.undone else Decimal(books.charges[charge]["amount"])
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
    judge.holds("R11 no more goes back than is left", key not in books.undone and short <= 0, call.words())


# --- what is read beside the acts ---------------------------------------------------------------------------------


@on("GET", "clients/{}/access-log/")
def _access(judge: Judge, call: Any, found: re.Match[str]) -> None:
    """R10: whatever was read, written or refused of this client, by whom and when; nothing that nobody did."""
    told = {(when(row["at"]), row["by"]): row for row in call.answer["results"]}
    since = min(told)[0] if call.answer["next"] else LONG_PAST
    trail = judge.books.trail[found[1]]
    lost = {key: what for key, what in trail.items() if since < key[0] < call.at and key not in told}
    judge.holds("R10 every read and write is in the trail", not lost, str(lost))
    for key, row in told.items():
        tried = key in judge.books.acts if row["outcome"] == "ok" else trail.get(key) == "refused"
        judge.holds("R10 the trail names what somebody did", tried, str(row))


@on("GET", "sessions/{}/readiness/")
def _ready(judge: Judge, call: Any, found: re.Match[str]) -> None:
    """No all-clear while the books hold a gate open that nobody decided on for today."""
    session, ready = judge.books.sessions.get(found[1], {}), call.answer["ready"]
    still = [gate["code"] for gate in call.answer["gates"] if gate["state"] == "open"]
    judge.holds("ready is when no gate is open", ready == (not still), f"{call.words()} {ready} {still}")
    if not session or not ready or judge.standing_doses(session=found[1]):
        return
    end, zone, none = when(session["ends_at"]), judge.zone_of(session), Decimal(0)
    at = end if today(end, zone) < today(call.at, zone) else call.at  # what is written up late
    whose = (session["program"], session["client"], judge.newest(found[1], at))
    for gate, why in judge.open_gates(session, Dose("", found[1], *whose, none, at, call.at, "lot", none)):
        aged = end < call.at and why.startswith("measured")  # afterwards a dose asks for its own moment
        held = aged or judge.overridden(session, gate)
        judge.holds(f"no all-clear while {gate} waits", held, call.words() + why)


@on("GET", "monitoring-board/")
def _watched(judge: Judge, call: Any, _: re.Match[str]) -> None:
    books, cards = judge.books, {row["id"]: row for row in call.answer["sessions"]}
    here = {key: row for key, row in books.sessions.items() if row["location"] == call.answer["location"]}
    came = [key for key, row in here.items() if row["status"] in ("checked_in", "in_progress")]
    lost = cards.keys() ^ {key for key in came if here[key]["kind"] == "dosing"}
    judge.holds("the board shows who is watched", not lost, f"{call.words()} {lost}")
    for key, card in cards.items() if CLINICIANS & set(call.who["roles"]) else ():
        readings, doses = judge.taken(key), judge.standing_doses(session=key)
        known = [doses[0].at if doses else None, readings[-1].at if readings else None]
        told = [card["dosed_at"], (card["last_reading"] or {}).get("measured_at")]
        right = [moment and when(moment) for moment in told] == known
        judge.holds("the board shows the first dose and the last reading", right, f"{card} {known}")
        alarms = {row["id"]: row["state"] for row in books.alarms.values() if row["session"] == key}
        ringing = {row["id"] for row in card["alarms"]}
        right = all((state == "open") == (name in ringing) for name, state in alarms.items())
        judge.holds("the board shows what rings", right, f"{card} {alarms}")


@on("GET", "psychotherapy-notes/(?:{}/)?")
def _private(judge: Judge, call: Any, _: re.Match[str]) -> None:
    rows = rows_of(call.answer)
    others = [row["id"] for row in rows if judge.books.private.get(row["id"]) != call.who["id"]]
    judge.holds("R9 a psychotherapy note is its author's alone", not others, f"{call.words()} {others}")


def _asked_further(judge: Judge, call: Any) -> None:
    books, row, answers, taken = judge.books, call.answer, call.body["answers"], when(call.body["taken_at"])
    zone = books.zones[books.programs[row["program"]]["location"]]
    told = row["instrument"] == "phq9" and answers[8]
    if told or (row["instrument"] == "cssrs" and answers[1] and None in answers[2:5]):
        books.asks[row["id"]], books.items[row["id"]] = row["client"], (row["client"], taken)
        books.released.add(row["id"] if told else "")  # the one holds no dose by itself
    elif row["instrument"] == "cssrs" and None not in answers:
        mine = [(key, at) for key, (client, at) in books.items.items() if client == row["client"]]
        books.released |= {key for key, at in mine if at <= taken and today(at, zone) == today(taken, zone)}


@on("POST", "sessions/{}/administrations/{}/finish/")
def _finished(judge: Judge, call: Any, found: re.Match[str]) -> None:
    dose = judge.books.doses[found[2]]
    judge.books.ended_doses[dose.id], dose.mg = when(call.body["ended_at"]), Decimal(call.body["given_mg"])


@on("POST", "sessions/{}/adverse-events/(?:{}/review/)?")
def _reacted(judge: Judge, call: Any, found: re.Match[str]) -> None:
    if found[2]:
        judge.holds("11.3 the director reviews", "medical_director" in call.who["roles"], call.words())
        judge.books.events[found[2]]["released"] = call.body["hold_released"]
        return
    session, grade, serious = judge.books.sessions[found[1]], call.body["grade"], call.body["serious"]
    key, severe = call.answer["id"], serious or grade >= judge.limit(session["program"], "severe_grade")
    asks = {"follow_up": grade > 1 or severe, "review": severe, "root_cause": serious}
    row = {"client": session["client"], "session": found[1], "severe": severe, "released": False}
    judge.books.events[key] = row | {"asks": [(f"adverse_event_{kind}", key) for kind in asks if asks[kind]]}
    judge.suspend(session["client"] if serious else "", f"a serious event {key}")


@on("POST", "sessions/{}/rems/submit/")
def _form_sent(judge: Judge, call: Any, found: re.Match[str]) -> None:
    doses, form = judge.standing_doses(session=found[1]), call.answer["form"]
    right = when(call.answer["due_at"]) == doses[0].at + timedelta(days=7) and form["total_minutes"] >= 120
    right = right and Decimal(form["dose_mg"]) == sum(dose.mg for dose in doses)
    judge.holds("REMS a form tells what was given, in time", right, f"{call.words()} {form} {doses}")
    judge.books.tasks.add(("sent", found[1]))


# --- the desk: staff, paper, deaths and doubles -------------------------------------------------------------------


@on("POST", "(?:absences/|staff/{}/time-off/(?:{}/cancel/)?)")
def _away(judge: Judge, call: Any, found: re.Match[str]) -> None:
    off = judge.books.away[call.answer["user"]]
    off[call.answer["id"]] = (max(when(call.answer["starts_at"]), call.at), when(call.answer["ends_at"]))
    if found[2]:
        del off[found[2]]
    for row in call.answer.get("sessions", ()):
        if row["starts_at"] != judge.books.sessions.get(row["id"], row)["starts_at"]:
            judge.books.escorts.pop(row["id"], None)  # named for that start alone
        judge.books.left.discard(row["id"])
        judge._keep(row, by_staff=True)


@on("PUT", "staff/{}/working-hours/")
@on("PATCH", "(?:staff|rooms|locations|clients)/{}/")
def _goes(judge: Judge, call: Any, found: re.Match[str]) -> None:
    """Somebody or something goes, or comes back; what is left behind is written down."""
    body, gone = call.body if isinstance(call.body, dict) else {}, judge.books.gone
    for key in [key for key in gone if key[0] == found[1] and body.keys() & {"roles", "is_active"}]:
        del gone[key]
    lost = [""] if body.get("is_active") is False else list(body.get("closed_dates", ()))
    lost += [role for role in CLINICIANS if role not in body["roles"]] if "roles" in body else []
    for what in lost:
        gone.setdefault((found[1], what), call.at)
    judge.books.left |= {row["id"] for row in (call.answer.get("unresolved", ()) if body else ())}
    if not any(body.get("communication_consent", {"": True}).values()):
        judge.books.silent[found[1]] = call.at
    if "communication_consent" in body:
        judge.books.mail[call.answer["email"]] = body["communication_consent"].get("email") is True


@on("POST", "clients/{}/(deceased/|deceased/void/|merge/|unmerge/)")
def _of_the_person(judge: Judge, call: Any, found: re.Match[str]) -> None:
    """A death ends every course; two who are joined hear what was known of either."""
    books, client, into = judge.books, found[1], call.body.get("into", "")
    died, book = found[2] == "deceased/", books.dead if "deceased" in found[2] else books.alias
    for row in [books.programs[key] for key in call.answer.get("programs", ())]:
        row.update({"was": row["status"], "status": "discontinued"} if died else {"status": row["was"]})
    book.pop(client, None)
    book |= {client: into or call.at} if died or into else {}
    for text in [*books.drugs[client], *books.drugs[into]] if into else ():
        if any(name in text for name in WEIGHTY):
            judge.suspend(client, f"joined: {text}", text=text)


@on("GET", "(?:messages|sessions|clients|programs)/(?:{}/)?")
def _shown(judge: Judge, call: Any, _: re.Match[str]) -> None:
    silent, here = judge.books.dead | judge.books.silent, {*call.who["locations"]}
    for row in call.answer.get("results", [call.answer]):
        late = row.get("sent_at") and when(row["sent_at"]) > silent.get(row["recipient"], call.at)
        judge.holds("nothing is sent to the dead, nor against the client's word", not late, str(row))
        places = {*row.get("locations", [row.get("location")])} - {None}
        judge.holds("R13 another house's row is not there", not places or bool(places & here), call.words())


@on("POST", "(superbills|receipts)/")
def _issued(judge: Judge, call: Any, found: re.Match[str]) -> None:
    row, books, asked, ours = call.answer, judge.books, call.body, set()
    for key, charge in books.charges.items():
        lived = judge.rendered(charge["session"]) and charge["status"] != "review"
        near = asked["from_date"] <= charge["date_of_service"] <= asked["to_date"] and key not in books.undone
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
        gone += [key for key in told if key in judge.books.undone or judge.paid(key) != told[key]]
        judge.holds("R12 a paper that was overtaken says so", not gone or row["outdated"], f"{row} {gone}")
