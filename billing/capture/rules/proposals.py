"""Which lines a session is to be charged with: for each kind of service the lowest code that the record bears out.

Nothing is proposed that `POST charges/` would refuse: each line is judged by `ledger.rules.record`, beside those before
it. Where several codes fit the same minutes, those that the clinic has priced go first, and then the lowest; only a
medical clinician who *said* how long the visit took has the code of that time (CPT: total time on the day).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.capture.rules import blockers
from billing.capture.rules.blockers import Blocker
from billing.capture.rules.drugs import drug_of
from billing.capture.rules.facts import Case, Drug, Priced, Seat
from billing.codes.models import LineKind, ServiceCode
from billing.codes.rules import RENDERING, Family, family_of, requirements
from billing.codes.rules.catalogue import ESKETAMINES, IN_THERAPY, KNOWN, NASAL_VISITS, NEW, THERAPIES, VISITS
from billing.ledger.rules import record as record_rules
from billing.ledger.rules import whole_fee
from billing.ledger.rules.record import Record, Standing
from kapclinic.practice.models import Role, SessionKind

NURSES_FIRST = (Role.NURSE_PRACTITIONER, Role.PRESCRIBER)  # who watches a dose
ANY_SIGNER = (*NURSES_FIRST, Role.THERAPIST)
INFUSIONS = ("96365", "96374")
FURTHER_HOURS = ("96366",)
INJECTIONS = ("96372",)
STOCK_DRUGS = ("J3490", "J8499", *ESKETAMINES)
WATCHED = ("0820T",)
INTERNAL = ServiceCode.System.INTERNAL


@dataclass(frozen=True)
class Line:
    """One proposed charge; `minutes` where its code goes by them, `rule` why it is this code, in words."""

    code: ServiceCode
    units: int
    minutes: int | None
    rule: str
    amount: Decimal
    seat: Seat
    diagnoses: tuple[str, ...]
    drug: Drug | None = None


@dataclass(frozen=True)
class Proposal:
    lines: tuple[Line, ...] = ()
    blockers: tuple[Blocker, ...] = ()


@dataclass(frozen=True)
class Fit:
    """So many units of a code that the record bears out."""

    priced: Priced
    units: int


def propose(case: Case) -> Proposal:
    """The lines of a session in the order therapy, medical, drug, monitoring, non-covered; and what holds others back.

    What is charged already is not proposed again, and nothing of a session that was not held.
    """
    if not case.is_over:
        return Proposal(blockers=(blockers.not_discharged(case),) if case.is_begun else ())
    draft = Draft(case)
    draft.block(*(blockers.not_in_record(row) for row in case.overtaken))
    draft.therapy()
    if case.kind == SessionKind.DOSING:
        draft.dose()
    else:
        draft.visit(case.seated(RENDERING[Family.MEDICAL]))
    return Proposal(tuple(draft.lines), tuple(draft.blockers))


class Draft:
    """A proposal while it is put together."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.lines: list[Line] = []
        self.blockers: dict[Blocker, None] = {}  # each once, in the order in which they were met

    # --- kinds of service ---------------------------------------------------------------------------------------

    def therapy(self) -> None:
        """By the therapist who signed, and once: a second therapist's hour of the same session is no second service."""
        if self.case.kind in IN_THERAPY.kinds and not self.has(Family.THERAPY):
            self.timed(self.case.seated([Role.THERAPIST]), THERAPIES, medical=False)

    def visit(self, seats: Sequence[Seat]) -> None:
        """One visit a day; beside therapy only where a medical clinician signed."""
        case = self.case
        if any(row.code.code in VISITS for row in case.standing) or self.has(Family.MEDICAL):
            return
        signed = [seat for seat in seats if seat.medical]
        therapy = case.kind != SessionKind.MEDICAL and bool(case.seated([Role.THERAPIST]))
        if case.kind in {SessionKind.PREPARATION, SessionKind.INTEGRATION} or (therapy and not signed):
            return
        self.timed(signed or seats, KNOWN if case.seen_before else NEW, medical=True)

    def dose(self) -> None:
        """What was done with the drug, the drug, the watch over the client, and the clinic's own price for it all."""
        case = self.case
        medics = case.seated(RENDERING[Family.MEDICAL])
        bundled = self.nasal_visit(medics)
        if not bundled:
            done = [self.put_signed(medics, codes) for codes in (INJECTIONS, INFUSIONS, FURTHER_HOURS)]
            watcher = self.watched()
            if not any(done):
                free = [seat for seat in medics if seat.user != watcher]
                self.visit_beside(free, is_watched=watcher is not None)
            self.drug()
        self.own()
        self.lines.sort(key=_place)

    def nasal_visit(self, seats: Sequence[Seat]) -> bool:
        """The code that holds visit, drug and watch, unless the clinic prices only the drug apart."""
        prices = self.case.prices
        apart = any(code in prices and prices[code].fee is not None for code in ESKETAMINES)
        fits = self.fitting(seats[0], NASAL_VISITS) if seats else []
        if not fits or (apart and all(fit.priced.fee is None for fit in fits)):
            return any(row.code.code in NASAL_VISITS for row in self.case.standing)
        return self.put_signed(seats, NASAL_VISITS)

    def visit_beside(self, seats: Sequence[Seat], *, is_watched: bool) -> None:
        """A medical clinician's own visit on the day of a dose that they neither gave nor watched, where the clinic has
        priced one. Who is dosed was cleared by a prescriber: nobody is new that day.
        """
        if self.has(Family.MEDICAL) or any(row.code.code in VISITS for row in self.case.standing):
            return
        priced = [row.code.code for row in self.offered(KNOWN) if row.fee is not None]
        signed = [seat for seat in seats if seat.medical]
        if priced and (signed or not is_watched):
            self.timed(signed or seats, priced, medical=True)

    def drug(self) -> None:
        """Stands on order and administration: whoever may order is named, signed or not."""
        seats = self.case.seated(RENDERING[Family.DRUG])
        fits = self.fitting(seats[0], STOCK_DRUGS) if seats and self.case.is_dosed else []
        if fits:
            self.put(seats[0], fits)

    def watched(self) -> object:
        """Monitoring by the hour, where the clinic has priced it; returns who watched. Nobody's hour counts twice: not
        by whoever gave therapy.
        """
        told = [(line.code, line.seat.user) for line in self.lines]
        told += [(row.code, row.rendering) for row in self.case.standing if row.rendering is not None]
        busy = {user for code, user in told if family_of(code.code) == Family.THERAPY}
        seats = [seat for seat in self.case.seated(NURSES_FIRST) if seat.user not in busy]
        offered = [row for row in self.offered(WATCHED) if row.fee is not None]
        if not seats or not offered or self.has(Family.MONITORING):
            return None
        signed = [seat for seat in seats if seat.medical]
        if not signed:
            self.wait(seats[0], WATCHED)
            return seats[0].user
        fits = self.fitting(signed[0], WATCHED)
        if fits:
            self.put(signed[0], fits)
        return signed[0].user if fits else None

    def own(self) -> None:
        """The clinic's own codes that a dose bears out once, where it has priced them."""
        signed = [seat for seat in self.case.seated(ANY_SIGNER) if seat.medical]
        for code, priced in sorted(self.case.prices.items()):
            asked = requirements.read(priced.code.requires).a_dose and priced.code.units_max is not None
            if priced.code.system == INTERNAL and asked and priced.fee is not None and signed:
                fits = self.fitting(signed[0], (code,))
                if fits:
                    self.put(signed[0], fits)

    # --- putting a line -----------------------------------------------------------------------------------------

    def timed(self, seats: Sequence[Seat], codes: Sequence[str], *, medical: bool) -> None:
        """The code of a clinician's minutes: of the first who signed."""
        if not seats:
            return
        seat = next((seat for seat in seats if seat.note(medical=medical)), None)
        if seat is None:
            self.wait(seats[0], codes)
            return
        fits = self.fitting(seat, codes)
        note = seat.note(medical=medical)
        if medical and note is not None and note.said:
            fits.reverse()
        if fits:
            self.put(seat, fits)
            return
        lowest = next(iter(self.offered(codes)), None)
        if lowest is not None and self.faults(seat, lowest.code, 1) == {"minutes_too_short"}:
            minutes = self.minutes(seat, lowest.code) or 0
            self.block(blockers.minutes_too_short(self.case, lowest.code, seat, minutes))

    def put_signed(self, seats: Sequence[Seat], codes: Sequence[str]) -> bool:
        """A line that one of them must have signed for; returns whether the record bears one of the codes out."""
        if not seats:
            return False
        seat = next((seat for seat in seats if seat.medical), seats[0])
        fits = self.fitting(seat, codes)
        if fits and seat.medical:
            self.put(seat, fits)
        elif fits:
            self.wait(seat, codes)
        return bool(fits)

    def put(self, seat: Seat, fits: Sequence[Fit]) -> None:
        """The first of the fitting codes that has a price, else the first; or what holds it back."""
        fit = next((fit for fit in fits if fit.priced.fee is not None), fits[0])
        code, fee = fit.priced.code, fit.priced.fee
        held = self.holds(seat, code)
        drug = None
        if code.requires_ndc:
            needs = requirements.read(code.requires)
            given = [row for row in self.case.given if record_rules.fitting_doses(needs, [row.dose])]
            drug = drug_of(given)
            if drug is None:
                held.append(blockers.ndc_missing(self.case, code, given[0].lot if given else None))
        amount = whole_fee(fee, units=fit.units)
        if amount is None:
            held.append(blockers.missing_fee(code))
        if held or amount is None:
            self.block(*held)
            return
        minutes = self.minutes(seat, code)
        self.lines.append(
            Line(
                code=code,
                units=fit.units,
                minutes=minutes,
                rule=_rule(code, fit.units, minutes),
                amount=amount,
                seat=seat,
                diagnoses=(self.case.diagnosis,) if self.case.diagnosis else (),
                drug=drug,
            )
        )

    def wait(self, seat: Seat, codes: Sequence[str]) -> None:
        """A line that waits for a signature, and what else would hold it back."""
        offered = next(iter(self.offered(codes)), None)
        if offered is not None:
            self.block(blockers.unsigned(self.case, seat), *self.holds(seat, offered.code))

    def holds(self, seat: Seat, code: ServiceCode) -> list[Blocker]:
        """What is wrong with the clinician and the diagnosis of a line."""
        case = self.case
        found: tuple[tuple[bool, Callable[[], Blocker]], ...] = (
            (not seat.has_npi, lambda: blockers.no_npi(seat)),
            (
                not case.diagnosis and code.line_kind == LineKind.INSURANCE,
                lambda: blockers.no_diagnosis(case),
            ),
            (
                bool(case.diagnosis) and not case.diagnosis_fits,
                lambda: blockers.diagnosis_not_billable(case),
            ),
        )
        return [made() for wrong, made in found if wrong]

    def block(self, *found: Blocker) -> None:
        self.blockers |= dict.fromkeys(found)

    # --- asking the record --------------------------------------------------------------------------------------

    def has(self, family: Family) -> bool:
        """Is a line of this family charged on the session already?"""
        return any(row.here and family_of(row.code.code) == family for row in self.case.standing)

    def offered(self, codes: Sequence[str]) -> list[Priced]:
        """Those of the codes that are in force on the day, in their order."""
        return [self.case.prices[code] for code in codes if code in self.case.prices]

    def fitting(self, seat: Seat, codes: Sequence[str]) -> list[Fit]:
        """Those of the codes that the record bears out for this clinician, each with the most units of it."""
        found = []
        for priced in self.offered(codes):
            most = self.most_units(seat, priced.code)
            units = next((n for n in range(most, 0, -1) if not self.faults(seat, priced.code, n)), 0)
            if units:
                found.append(Fit(priced, units))
        return found

    def most_units(self, seat: Seat, code: ServiceCode) -> int:
        """As many units as the minutes, milligrams or doses have; 1 where the code goes by none of them."""
        if code.unit_minutes:
            over = (self.minutes(seat, code) or 0) - (code.minutes_min or 0)
            return 1 + max(over, 0) // code.unit_minutes
        fitting = record_rules.fitting_doses(requirements.read(code.requires), self.doses)
        if code.units_by == ServiceCode.UnitsBy.MG:
            return int(sum((dose.mg for dose in fitting), Decimal(0)))
        return len(fitting) if code.units_by == ServiceCode.UnitsBy.DOSES else 1

    @property
    def doses(self) -> tuple[record_rules.Dose, ...]:
        return tuple(row.dose for row in self.case.given)

    def record(self, seat: Seat, code: ServiceCode) -> Record:
        """The record as a line of this clinician sees it, with the lines that are proposed already."""
        note = seat.note(medical=family_of(code.code) == Family.MEDICAL)
        mine = (
            Standing(code=line.code, units=line.units, mine=line.seat.user == seat.user)
            for line in self.lines
        )
        return Record(
            kind=self.case.kind,
            modality=self.case.modality,
            doses=self.doses,
            note_minutes=None if note is None else note.minutes,
            stay_minutes=self.case.stay_minutes,
            seen_before=self.case.seen_before,
            lines=(*self.case.lines_as_of(seat.user), *mine),
        )

    def faults(self, seat: Seat, code: ServiceCode, units: int) -> set[str]:
        record = self.record(seat, code)
        return {error.code for error in record_rules.errors(code, units=units, record=record)}

    def minutes(self, seat: Seat, code: ServiceCode) -> int | None:
        """The minutes that count for the code; None where it goes by none."""
        if code.minutes_min is None and code.minutes_max is None:
            return None
        fitting = record_rules.fitting_doses(requirements.read(code.requires), self.doses)
        return record_rules.counted_minutes(code, fitting, self.record(seat, code))


_PLACES = (Family.THERAPY, Family.MEDICAL, Family.DRUG, Family.MONITORING, Family.OTHER)


def _place(line: Line) -> int:
    return _PLACES.index(family_of(line.code.code))


def _rule(code: ServiceCode, units: int, minutes: int | None) -> str:
    """Why it is this code, in words."""
    if minutes is None:
        per = {
            ServiceCode.UnitsBy.MG: "a unit for each milligram given",
            ServiceCode.UnitsBy.DOSES: "a unit for each dose given",
        }
        return per.get(ServiceCode.UnitsBy(code.units_by), "once a session, as the record shows it")
    least, most = code.minutes_min, code.minutes_max
    span = (
        f"from {least} minutes"
        if most is None
        else f"{least}–{most} minutes"
        if least
        else f"to {most} minutes"
    )
    further = f", a further unit for each {code.unit_minutes}" if code.unit_minutes and units > 1 else ""
    return f"{span}{further}; the record has {minutes}"
