"""The readiness gates: pure judgement over the facts of a dosing session, in the order in which staff clear them.

Which gates stand, who clears them and who may override is one table, readable by a nurse (clinical policy 2.2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from kapclinic.practice.models import Role
from programs.models import Modality
from sessions.monitoring.rules import worst

NP, THERAPIST, PRESCRIBER, DESK = Role.NURSE_PRACTITIONER, Role.THERAPIST, Role.PRESCRIBER, Role.FRONT_DESK
DIRECTOR = Role.MEDICAL_DIRECTOR
VITALS = "vitals"


@dataclass(frozen=True)
class Facts:
    """All that the gates look at; gathered by `selectors.gather`, so that judging needs no database."""

    program_status: str
    is_kap: bool
    modality: str
    home_dosing: bool
    min_preparations: int
    min_gap_hours: int
    vitals_max_age_min: int
    needs_weight: bool
    weight_days: int
    min_age_years: int
    moment: datetime  # the dose's time, or now, by the clinic's own clock
    client_age: int
    cleared_until: date | None = None
    consented: bool = False
    preparations_done: int = 0
    has_order: bool = False
    bands: Mapping[str, str] | None = None
    vitals_at: datetime | None = None
    vitals_age_counts: bool = True
    escort: Mapping[str, Any] | None = None
    client_location: Mapping[str, Any] | None = None
    weight_kg: Decimal | None = None
    weighed_at: datetime | None = None
    earlier_integration_open: bool = False
    last_dosed_at: datetime | None = None
    severe_event: bool = False
    open_alerts: int = 0


@dataclass(frozen=True)
class Gate:
    """One condition of the dose: what the front desk reads, whether it is clinical, who clears, who may override."""

    code: str
    label: str
    passes: Callable[[Facts], bool]
    detail: Callable[[Facts], str]
    who_can_clear: tuple[str, ...]
    overridable_by: Callable[[Facts], tuple[str, ...]] = field(default=lambda _: ())
    applies: Callable[[Facts], bool] = field(default=lambda _: True)
    clinical: bool = True


def _vitals_fresh(f: Facts) -> bool:
    if f.vitals_at is None:
        return False
    age = f.moment - f.vitals_at
    return not f.vitals_age_counts or age <= timedelta(minutes=f.vitals_max_age_min)


def _vitals_pass(f: Facts) -> bool:
    return _vitals_fresh(f) and f.bands is not None and worst(f.bands) == "go"


def _vitals_detail(f: Facts) -> str:
    if f.vitals_at is None or f.bands is None:
        return "No pre-dose reading yet."
    if not _vitals_fresh(f):
        return f"The last reading is older than {f.vitals_max_age_min} minutes."
    signs = ", ".join(f"{sign} {band}" for sign, band in f.bands.items() if band != "go")
    return f"Out of band: {signs}." if signs else "In band."


def _vitals_override(f: Facts) -> tuple[str, ...]:
    """Only REVIEW is a prescriber's decision; HOLD and EMERGENCY mean no dose today (policy 3.1)."""
    review = _vitals_fresh(f) and f.bands is not None and worst(f.bands) == "review"
    return (PRESCRIBER,) if review else ()


def _gap_passes(f: Facts) -> bool:
    return f.last_dosed_at is None or f.moment >= f.last_dosed_at + timedelta(hours=f.min_gap_hours)


def _escort_passes(f: Facts) -> bool:
    return bool(f.escort and f.escort.get("name") and f.escort.get("phone"))


def _address_passes(f: Facts) -> bool:
    return bool(f.client_location and f.client_location.get("state") and f.client_location.get("address"))


def _weight_passes(f: Facts) -> bool:
    if f.weight_kg is None or f.weighed_at is None:
        return False
    return f.moment - f.weighed_at <= timedelta(days=f.weight_days)


def _at_home(f: Facts) -> bool:
    return f.modality == Modality.VIDEO


GATES: tuple[Gate, ...] = (
    Gate(
        "program_active",
        "The program is active",
        lambda f: f.program_status == "active",
        lambda f: f"The program is {f.program_status.replace('_', ' ')}.",
        (THERAPIST, PRESCRIBER, NP, DIRECTOR),
        clinical=False,
    ),
    Gate(
        "adult",
        "The client is an adult",
        lambda f: f.client_age >= f.min_age_years,
        lambda f: f"The client is {f.client_age} years old.",
        (),
    ),
    Gate(
        "clearance",
        "A prescriber has cleared the client",
        lambda f: f.cleared_until is not None and f.cleared_until >= f.moment.date(),
        lambda f: "No current clearance." if f.cleared_until is None else f"Cleared until {f.cleared_until}.",
        (PRESCRIBER,),
    ),
    Gate(
        "safety_alert",
        "No safety alert waits",
        lambda f: f.open_alerts == 0,
        lambda f: f"{f.open_alerts} safety alert(s) to acknowledge." if f.open_alerts else "None.",
        (THERAPIST, PRESCRIBER, NP, DIRECTOR),
    ),
    Gate(
        "consent",
        "The treatment consent is signed",
        lambda f: f.consented,
        lambda f: "Signed." if f.consented else "No signed, current kap_treatment consent.",
        (DESK, NP, THERAPIST, PRESCRIBER),
        clinical=False,
    ),
    Gate(
        "preparation",
        "Preparation is done",
        lambda f: f.preparations_done >= f.min_preparations,
        lambda f: f"{f.preparations_done} of {f.min_preparations} preparation sessions completed.",
        (THERAPIST,),
        lambda _: (PRESCRIBER,),
        applies=lambda f: f.is_kap,
        clinical=False,
    ),
    Gate(
        "integration_done",
        "The integration of the earlier dose is done",
        lambda f: not f.earlier_integration_open,
        lambda f: (
            "An earlier integration is still owed." if f.earlier_integration_open else "Nothing is owed."
        ),
        (THERAPIST, PRESCRIBER),
        applies=lambda f: f.is_kap,
        clinical=False,
    ),
    Gate(
        "minimum_gap",
        "The minimum gap since the last dose is over",
        _gap_passes,
        lambda f: f"{f.min_gap_hours} h between doses; the last one was {f.last_dosed_at}.",
        (),
        lambda _: (PRESCRIBER,),
    ),
    Gate(
        "order",
        "A prescriber's order is there",
        lambda f: f.has_order,
        lambda f: "Valid." if f.has_order else "No order that is valid at this time.",
        (PRESCRIBER,),
    ),
    Gate(
        "weight",
        "The weight is recent",
        _weight_passes,
        lambda f: f"Weigh the client: at most {f.weight_days} days ago.",
        (NP, PRESCRIBER),
        applies=lambda f: f.needs_weight,
    ),
    Gate(
        VITALS,
        "Vital signs before the dose are in band",
        _vitals_pass,
        _vitals_detail,
        (NP, PRESCRIBER),
        _vitals_override,
    ),
    Gate(
        "escort",
        "Somebody takes the client home",
        _escort_passes,
        lambda f: "Named." if _escort_passes(f) else "No escort with name and phone.",
        (DESK, NP, THERAPIST, PRESCRIBER),
        lambda f: () if _at_home(f) else (PRESCRIBER,),
        clinical=False,
    ),
    Gate(
        "home_address",
        "The client's address is known",
        _address_passes,
        lambda f: "Known." if _address_passes(f) else "Dosing at home needs the client's address and state.",
        (DESK, NP, THERAPIST, PRESCRIBER),
        applies=_at_home,
        clinical=False,
    ),
    Gate(
        "home_dosing",
        "Dosing at home is possible",
        lambda f: f.home_dosing and not f.severe_event,
        lambda f: "A severe adverse event stands." if f.severe_event else "The protocol decides.",
        (PRESCRIBER, DIRECTOR),
        applies=_at_home,
    ),
)
BY_CODE = {gate.code: gate for gate in GATES}
CLINICAL_HOLD = "clinical_hold"


@dataclass(frozen=True)
class Judged:
    """One gate as it stands now."""

    code: str
    label: str
    state: str  # pass | open | overridden
    who_can_clear: tuple[str, ...]
    overridable_by: tuple[str, ...]
    detail: str
    clinical: bool

    def as_dict(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "label": self.label,
            "state": self.state,
            "who_can_clear": [str(role) for role in self.who_can_clear],
            "overridable_by": [str(role) for role in self.overridable_by],
            "detail": self.detail,
        }


def judge(facts: Facts, *, overridden: frozenset[str] = frozenset()) -> list[Judged]:
    """Every gate that applies; an override counts only while its gate may be overridden."""
    found = []
    for gate in GATES:
        if not gate.applies(facts):
            continue
        by = gate.overridable_by(facts)
        state = "pass" if gate.passes(facts) else "overridden" if by and gate.code in overridden else "open"
        found.append(
            Judged(gate.code, gate.label, state, gate.who_can_clear, by, gate.detail(facts), gate.clinical)
        )
    return found


def is_ready(judged: list[Judged]) -> bool:
    return all(gate.state != "open" for gate in judged)


def for_front_desk(judged: list[Judged]) -> list[dict[str, Any]]:
    """Plain blockers without detail; all clinical gates fall together into one `clinical_hold` (R13)."""
    shown = [gate.as_dict() | {"detail": ""} for gate in judged if not gate.clinical]
    clinical = [gate for gate in judged if gate.clinical]
    if clinical:
        held = any(gate.state == "open" for gate in clinical)
        clearers = sorted(
            {str(role) for gate in clinical if gate.state == "open" for role in gate.who_can_clear}
        )
        shown.append(
            {
                "code": CLINICAL_HOLD,
                "label": "The clinical team is ready",
                "state": "open" if held else "pass",
                "who_can_clear": clearers,
                "overridable_by": [],
                "detail": "",
            }
        )
    return shown
