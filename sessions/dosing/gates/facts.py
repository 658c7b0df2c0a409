"""All that the readiness gates look at, as plain values: filled by `gather`, judged by `judge`. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from kapclinic.core.moments import utc_text
from programs import policy
from programs.models import Modality
from screening.models import LabResult
from screening.models.labs import LabKind
from screening.rules.labs import standing_test
from sessions.booking.rules.said import counts_from
from sessions.monitoring.rules import worst

CSSRS, NO_RISK = "cssrs", "none"
TESTS = {"pregnancy_test": LabKind.URINE_HCG, "drug_screen": LabKind.DRUG_SCREEN}  # gate -> what it reads
NO_DOSE_TODAY = frozenset({"hold", "emergency"})  # pre-dose bands: no dose today (clinical policy 3.1)


@dataclass(frozen=True)
class Proof:
    """What cleared a gate: words for people, and the row or the person behind them."""

    text: str
    # reading | attestation | order | clearance | consent | measure | screening | release | note | record | lab_result
    kind: str
    by: UUID | str | None = None
    at: datetime | None = None
    ref: UUID | None = None

    def as_dict(self) -> dict[str, object]:
        return {
            "text": self.text,
            "kind": self.kind,
            "by": str(self.by) if self.by else None,
            "at": utc_text(self.at) if self.at else None,
            "ref": str(self.ref) if self.ref else None,
        }


@dataclass(frozen=True)
class Override:
    """One gate passed on somebody's responsibility."""

    reason: str
    by: UUID
    role: str
    at: datetime

    def as_dict(self) -> dict[str, object]:
        return {
            "reason": self.reason,
            "by": str(self.by),
            "role": self.role,
            "at": utc_text(self.at),
        }


@dataclass(frozen=True)
class Said:
    """One attestation: yes or no, whose word, when."""

    value: bool
    by: UUID
    at: datetime


@dataclass(frozen=True)
class Vitals:
    """The pre-dose reading that is judged. After one out of band, a better one counts from `counts_from` on."""

    systolic: int | None
    diastolic: int | None
    spo2: int | None
    measured_at: datetime
    bands: Mapping[str, str]
    by: UUID | None = None
    ref: UUID | None = None
    complete: bool = True  # it holds pressure and heart rate
    counts_from: datetime | None = None  # when the rest after the last reading out of band is over
    band_before: str = "go"  # the band of that last reading
    held_at: datetime | None = None  # an earlier one of the day said: no dose today

    @property
    def too_early(self) -> bool:
        """Was it taken before the rest was over, and is it milder than the reading before it?"""
        return self.band != worst(self.bands)

    @property
    def band(self) -> str:
        """The band that counts: a milder reading before the rest is over leaves that of the reading before it."""
        here = worst(self.bands)
        early = self.counts_from is not None and self.measured_at < self.counts_from
        return worst({"here": here, "before": self.band_before}) if early else here


@dataclass(frozen=True)
class Facts:
    """`moment` is the dose's time, or now, by the clinic's own clock."""

    moment: datetime
    begun: datetime | None = None  # the session's first dose, when this one is a booster
    entered_late: bool = False  # the dose was written down long after it was given
    starts_at: datetime | None = None  # of the session, as it is booked
    limits: Mapping[str, Any] = field(default_factory=dict)  # the protocol's: how long what was said counts
    program_status: str = "active"
    is_kap: bool = True
    modality: str = Modality.IN_PERSON
    home_dosing: bool = False
    client_age: int = 40
    modes: Mapping[str, str] = field(default_factory=lambda: dict(policy.GATES))
    min_preparations: int = 0
    min_gap_hours: int = 0
    gap_floor_hours: float = 0  # below it nobody overrides the gap
    min_age_years: int = 18
    vitals_max_age_min: int = 60
    weight_days: int = 30
    pdmp_days: int = 90
    fasting_hours: float = 0  # of solid food
    clear_hours: float = 0  # of clear fluids
    needs_weight: bool = False
    needs_prescriber: bool = False  # the protocol's resources name one
    esketamine: bool = False
    cleared_until: date | None = None
    clearance: Proof | None = None
    suspended_by: tuple[str, ...] = ()  # why the clearance that would stand does not
    consent: Proof | None = None
    screening: Proof | None = None  # the one that the clearance stands on
    screened_at: datetime | None = None
    preparations_done: int = 0
    order: Proof | None = None
    order_problem: str = ""
    vitals: Vitals | None = None
    vitals_age_counts: bool = True
    said: Mapping[str, Said] = field(default_factory=dict)
    staff_roles: frozenset[str] = frozenset()
    has_therapist: bool = True
    escort: Mapping[str, Any] | None = None
    escort_confirmed_at: datetime | None = None  # for the present start
    client_location: Mapping[str, Any] | None = None
    fasting_since: datetime | None = None
    weight_kg: Decimal | None = None
    weight_source: str = "measured"
    weight_problem: str = ""  # why no dose is reckoned with it
    weighed_at: datetime | None = None
    earlier_integration_open: bool = False
    last_dosed_at: datetime | None = None
    next_dosed_at: datetime | None = None  # in a later session: this dose is written up late
    severe_event: bool = False
    unreviewed_events: int = 0  # severe or serious; the director holds the dose for them
    booster: bool = False  # a dose of this session stands already
    red_alarms: int = 0  # of this session, open, of what was before the dose
    red_reading: bool = False  # the last one since the first dose
    open_alerts: int = 0
    unreleased: tuple[str, ...] = ()  # causes of alerts that hold every dose until somebody releases them
    released: Proof | None = None  # the last release, where none is left to wait for
    asked_at: datetime | None = None  # when an answer of this day asked for a C-SSRS
    open_concerns: int = 0  # told at a check-in; nobody has said yet what was done
    at_risk: bool = False
    cssrs: Proof | None = None
    cssrs_tier: str | None = None
    cssrs_alert_open: bool = False
    stated_ideation: bool = False  # PSY_SI in the screening that the clearance stands on
    tests: Mapping[str, LabResult] = field(default_factory=dict)  # by gate; those that still count
    pdmp: Proof | None = None
    rems_enrolment: Proof | None = None
    visit_required: bool = True  # by law: at home only a client whom the practice has seen in person
    visit_law: str = "No rule was looked at."
    seen_in_person: Proof | None = None

    @property
    def at_home(self) -> bool:
        return self.modality == Modality.VIDEO

    @property
    def day(self) -> date:
        """The clinic's own date of the session's first dose: a booster past midnight belongs to it."""
        return (self.begun or self.moment).astimezone(self.moment.tzinfo).date()

    def counts_from(self, what: str) -> datetime:
        """From when on a word on `what` counts for this session (clinical policy 2.2)."""
        start = self.starts_at or self.begun or self.moment
        return counts_from(what, start=start.astimezone(self.moment.tzinfo), limits=self.limits)

    def word(self, code: str) -> Said | None:
        """The attestation of `code` from the session's own day or later (late entry); an older one does not count."""
        found = self.said.get(code)
        return None if found is None or found.at < self.counts_from(code) else found

    def affirmed(self, code: str) -> bool:
        found = self.word(code)
        return found is not None and found.value

    def denied(self, code: str) -> bool:
        found = self.word(code)
        return found is not None and not found.value


def tests_that_count(f: Facts, rows: Sequence[LabResult]) -> dict[str, LabResult]:
    """Gate -> the test that it reads for this dose (clinical policy 5.5); a gate without one is left out."""
    found = {
        gate: standing_test(rows, kind=kind, moment=f.moment, limits=f.limits, last_dosed_at=f.last_dosed_at)
        for gate, kind in TESTS.items()
    }
    return {gate: row for gate, row in found.items() if row is not None}


def shows_ideation(measures: Sequence[tuple[str, str | None, Sequence[str]]], *, stated: bool) -> bool:
    """Does the record show suicidal ideation? Of each instrument the latest (key, band, flags) is looked at.

    The item on wanting to die (`policy.SUICIDE_ITEMS`) at the protocol's value or above, any C-SSRS tier but none (also
    one that stayed open), or a PSY_SI answered with yes. Source: Joint Commission NPSG.15.01.01; C-SSRS.
    """
    tier = any(key == CSSRS and band != NO_RISK for key, band, _ in measures)
    flagged = {row.flag for row in policy.SUICIDE_ITEMS.values()}
    return stated or tier or any(flagged & set(flags) for _, _, flags in measures)


def judged_reading(
    readings: Sequence[Vitals],
    *,
    recheck_min: float,
    moment: datetime,
    elsewhere: Sequence[tuple[datetime, Mapping[str, str]]] = (),
) -> Vitals | None:
    """The latest of the pre-dose readings (oldest first), with the rest that the last one out of band asks for.

    A recheck counts from `recheck_min` minutes after it (clinical policy 3.1: a rest of 5 to 15). It cures REVIEW; HOLD
    and EMERGENCY mean not on this day, which is that of `moment` by its own clock. A sign that the latest one does not
    hold is as it was when it was last had on this day: what is measured no more has not come right. `elsewhere` are
    those of the person's other sessions: one that ended on HOLD and is booked anew on that day is not begun anew.
    """
    if not readings:
        return None
    today = [row for row in readings if row.measured_at.astimezone(moment.tzinfo).date() == moment.date()]
    told = [(row.measured_at, row.bands) for row in today if row is not readings[-1]]
    held = [
        at
        for at, found in (*told, *elsewhere)
        if worst(found) in NO_DOSE_TODAY and at.astimezone(moment.tzinfo).date() == moment.date()
    ]
    bands: dict[str, str] = {}
    for row in (*today, readings[-1]):
        bands |= row.bands
    last = replace(readings[-1], bands=bands, held_at=max(held, default=None))
    before = next((row for row in reversed(readings[:-1]) if worst(row.bands) != "go"), None)
    if before is None:
        return last
    rest = timedelta(minutes=recheck_min)
    return replace(last, counts_from=before.measured_at + rest, band_before=worst(before.bands))
