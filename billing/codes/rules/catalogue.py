"""The codes that a KAP clinic uses, as bare codes with labels of our own.

CPT is a registered trademark of the American Medical Association; a practice uses its codes under its own licence, and
no descriptor of the AMA is here. Minutes are the time rule of each code: of psychotherapy and crisis the ranges of CPT
(under 16 minutes nothing is billed), of office visits the fewest of the day since 2024, of an infusion 16 for its first
hour and 31 into each further one, of monitoring 31 of each hour. J3490 and J8499 name a drug without a code of its own:
a payer then wants the NDC. J0013 took the place of S0013 with 2026.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.codes.models import LineKind, ServiceCode
from billing.codes.rules.requirements import Requires
from kapclinic.practice.models import SessionKind
from programs.models import Route
from sessions.dosing.models import Administration
from sessions.drugs.rules.names import ESKETAMINE, KETAMINE

CPT, HCPCS, INTERNAL = ServiceCode.System.CPT, ServiceCode.System.HCPCS, ServiceCode.System.INTERNAL
INFUSION, STAY = ServiceCode.MinutesOf.INFUSION, ServiceCode.MinutesOf.STAY
By = ServiceCode.UnitsBy
STOCK = str(Administration.Supply.CLINIC_STOCK)
IV, IM, NASAL = str(Route.INTRAVENOUS), str(Route.INTRAMUSCULAR), str(Route.INTRANASAL)
UNDER_TONGUE, SWALLOWED = str(Route.SUBLINGUAL), str(Route.ORAL)
PREPARATION, DOSING, INTEGRATION, MEDICAL, MAINTENANCE = map(str, SessionKind)

INTAKES = ("90791", "90792")
THERAPIES = ("90832", "90834", "90837")
BESIDE_VISITS = ("90833", "90836", "90838")
NEW = ("99202", "99203", "99204", "99205")
KNOWN = ("99212", "99213", "99214", "99215")
VISITS = (*NEW, *KNOWN)
CRISES = ("90839", "90840")
NASAL_VISITS = ("G2082", "G2083")
ESKETAMINES = ("J0013", "S0013")
MONITORING = ("0820T", "0821T", "0822T")

NOTHING = Requires()
IN_THERAPY = Requires(kinds=(PREPARATION, DOSING, INTEGRATION, MAINTENANCE))
AT_INTAKE = Requires(kinds=(PREPARATION, MEDICAL, MAINTENANCE))
IN_MEETINGS = Requires(kinds=(PREPARATION, INTEGRATION, MAINTENANCE))
DOSED = Requires(kinds=(DOSING,), drugs=(KETAMINE, ESKETAMINE))
INFUSED = Requires(kinds=(DOSING,), routes=(IV,), drugs=(KETAMINE,))
INJECTED = Requires(kinds=(DOSING,), routes=(IM,), drugs=(KETAMINE,))
SPRAYED = Requires(kinds=(DOSING,), routes=(NASAL,), drugs=(ESKETAMINE,), supply=STOCK)
UNLISTED = Requires(
    kinds=(DOSING,), routes=(UNDER_TONGUE, IM, IV, NASAL), drugs=(KETAMINE,), supply=STOCK
)  # swallowed has its own code
BY_MOUTH = Requires(kinds=(DOSING,), routes=(UNDER_TONGUE, SWALLOWED), drugs=(KETAMINE,), supply=STOCK)


def sprayed(*, least: str | None = None, most: str | None = None) -> Requires:
    """Esketamine of so many milligrams."""
    return Requires(
        kinds=SPRAYED.kinds,
        routes=SPRAYED.routes,
        drugs=SPRAYED.drugs,
        supply=STOCK,
        dose_mg_min=None if least is None else Decimal(least),
        dose_mg_max=None if most is None else Decimal(most),
    )


@dataclass(frozen=True)
class Entry:
    """One seeded code; `minutes` is (fewest, most or None)."""

    system: ServiceCode.System
    code: str
    label: str
    minutes: tuple[int | None, int | None] = (None, None)
    telehealth_ok: bool = False
    requires_ndc: bool = False
    line_kind: LineKind = LineKind.INSURANCE
    minutes_of: ServiceCode.MinutesOf = ServiceCode.MinutesOf.NOTE
    unit_minutes: int | None = None
    units_max: int | None = None
    units_by: ServiceCode.UnitsBy = By.LINE
    addon_of: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    requires: Requires = NOTHING
    valid_from: date | None = None
    valid_to: date | None = None


def _but(code: str, *lists: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(other for codes in lists for other in codes if other != code)


def _intake(code: str, label: str) -> Entry:
    """Once a day, and neither with a visit nor with therapy by the same clinician."""
    never = _but(code, INTAKES, THERAPIES, BESIDE_VISITS, VISITS, CRISES)
    return Entry(CPT, code, label, telehealth_ok=True, units_max=1, excludes=never, requires=AT_INTAKE)


def _therapy(code: str, label: str, minutes: tuple[int, int | None]) -> Entry:
    """One unit, whatever the minutes; with a visit by the same clinician it has another code."""
    never = _but(code, THERAPIES, BESIDE_VISITS, INTAKES, CRISES, VISITS)
    return Entry(
        CPT, code, label, minutes, telehealth_ok=True, units_max=1, excludes=never, requires=IN_THERAPY
    )


def _beside_visit(code: str, label: str, minutes: tuple[int, int | None]) -> Entry:
    """Therapy beside a visit by the same clinician, whose minutes don't count."""
    never = _but(code, BESIDE_VISITS, THERAPIES, INTAKES, CRISES)
    return Entry(CPT, code, label, minutes, telehealth_ok=True, units_max=1, addon_of=VISITS, excludes=never)


def _visit(code: str, label: str, least: int) -> Entry:
    never = _but(code, VISITS, INTAKES, THERAPIES, NASAL_VISITS)
    return Entry(CPT, code, label, (least, None), telehealth_ok=True, units_max=1, excludes=never)


def _meeting(code: str, label: str, least: int | None) -> Entry:
    return Entry(CPT, code, label, (least, None), telehealth_ok=True, units_max=1, requires=IN_MEETINGS)


def _monitoring(code: str, label: str, *, addon_of: tuple[str, ...] = ()) -> Entry:
    """Per hour; one person is the first clinician, the second or further staff."""
    return Entry(
        CPT,
        code,
        label,
        (31, None),
        unit_minutes=60,
        addon_of=addon_of,
        excludes=_but(code, MONITORING),
        requires=DOSED,
    )


def _infusion(code: str, label: str, minutes: tuple[int | None, int | None]) -> Entry:
    never = _but(code, ("96365", "96374"))
    return Entry(
        CPT, code, label, minutes, minutes_of=INFUSION, units_max=1, excludes=never, requires=INFUSED
    )


def _drug(
    code: str,
    label: str,
    *,
    requires: Requires,
    excludes: tuple[str, ...],
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> Entry:
    """A drug of the clinic's that was given: one with a code of its own by the milligram, any other as one unit."""
    listed = code in ESKETAMINES
    return Entry(
        HCPCS,
        code,
        label,
        requires_ndc=True,
        line_kind=LineKind.HSA_ELIGIBLE,
        units_max=None if listed else 1,
        units_by=By.MG if listed else By.LINE,
        excludes=excludes,
        requires=requires,
        valid_from=valid_from,
        valid_to=valid_to,
    )


def _nasal_visit(code: str, label: str, requires: Requires) -> Entry:
    """The visit, the drug and two hours of watch in one code: no visit and no drug beside it."""
    never = _but(code, NASAL_VISITS, VISITS, ESKETAMINES, ("J3490",))
    return Entry(
        HCPCS, code, label, (120, None), minutes_of=STAY, units_max=1, excludes=never, requires=requires
    )


def _own(code: str, label: str, kinds: tuple[str, ...]) -> Entry:
    """A code of the clinic's own for care in sessions of these kinds."""
    health = LineKind.HSA_ELIGIBLE
    return Entry(INTERNAL, code, label, telehealth_ok=True, line_kind=health, requires=Requires(kinds=kinds))


CODES: tuple[Entry, ...] = (
    _intake("90791", "intake evaluation"),
    _intake("90792", "intake evaluation by a prescriber"),
    _therapy("90832", "therapy, about 30 minutes", (16, 37)),
    _therapy("90834", "therapy, about 45 minutes", (38, 52)),
    _therapy("90837", "therapy, about 60 minutes", (53, None)),
    _beside_visit("90833", "therapy beside a visit, about 30 minutes", (16, 37)),
    _beside_visit("90836", "therapy beside a visit, about 45 minutes", (38, 52)),
    _beside_visit("90838", "therapy beside a visit, about 60 minutes", (53, None)),
    Entry(
        CPT, "90839", "crisis, first hour", (30, None), telehealth_ok=True, units_max=1,
        excludes=("90785", *INTAKES, *THERAPIES, *BESIDE_VISITS),
    ),
    Entry(
        CPT, "90840", "crisis, each further half hour", (75, None), telehealth_ok=True, unit_minutes=30,
        addon_of=("90839",), excludes=("90785", *INTAKES, *THERAPIES, *BESIDE_VISITS),
    ),
    Entry(
        CPT, "90785", "session made harder by what it takes to be understood", telehealth_ok=True, units_max=1,
        addon_of=(*INTAKES, *THERAPIES, *BESIDE_VISITS, "90853"), excludes=CRISES,
    ),
    _meeting("90846", "family meeting, client absent", 26),
    _meeting("90847", "family meeting, client present", 26),
    _meeting("90853", "therapy in a group", None),
    _visit("99202", "first visit, short", 15),
    _visit("99203", "first visit, moderate", 30),
    _visit("99204", "first visit, extended", 45),
    _visit("99205", "first visit, long", 60),
    _visit("99212", "follow-up visit, short", 10),
    _visit("99213", "follow-up visit, moderate", 20),
    _visit("99214", "follow-up visit, extended", 30),
    _visit("99215", "follow-up visit, long", 40),
    Entry(CPT, "96127", "scored questionnaire", telehealth_ok=True, units_by=By.INSTRUMENTS),
    _infusion("96365", "infusion, first hour", (16, None)),
    Entry(
        CPT, "96366", "infusion, each further hour", (91, None), minutes_of=INFUSION, unit_minutes=60,
        addon_of=("96365",), requires=INFUSED,
    ),
    Entry(CPT, "96372", "injection", units_by=By.DOSES, requires=INJECTED),
    _infusion("96374", "medication pushed into the vein", (None, 15)),
    _monitoring("0820T", "session monitoring, first clinician, per hour"),
    _monitoring("0821T", "session monitoring, second clinician, per hour", addon_of=("0820T",)),
    _monitoring("0822T", "session monitoring, further staff, per hour", addon_of=("0820T",)),
    _drug(
        "J3490", "medication given, no code of its own", requires=UNLISTED, excludes=("J8499", *NASAL_VISITS)
    ),
    _drug("J8499", "oral medication, no code of its own", requires=BY_MOUTH, excludes=("J3490",)),
    _drug(
        "J0013", "nasal medication, per milligram", requires=SPRAYED, excludes=("S0013", *NASAL_VISITS),
        valid_from=date(2026, 1, 1),
    ),
    _drug(
        "S0013", "nasal medication, per milligram, to 2025", requires=SPRAYED, excludes=("J0013", *NASAL_VISITS),
        valid_to=date(2025, 12, 31),
    ),
    _nasal_visit("G2082", "nasal medication visit, lower dose, with two hours of watch", sprayed(most="56")),
    _nasal_visit("G2083", "nasal medication visit, higher dose, with two hours of watch", sprayed(least="56.001")),
    Entry(
        INTERNAL, "KAP-DOSE", "supervised medication session", telehealth_ok=True, units_max=1, requires=DOSED,
        line_kind=LineKind.HSA_ELIGIBLE,
    ),
    _own("KAP-PREP", "preparation, further time", (PREPARATION,)),
    _own("KAP-INTEGRATION", "integration, further time", (INTEGRATION, MAINTENANCE)),
    Entry(
        INTERNAL, "KAP-SUPPORT", "support that no plan or health account pays", telehealth_ok=True,
        line_kind=LineKind.SELF_PAY,
    ),
    Entry(INTERNAL, "KAP-NO-SHOW", "missed appointment", telehealth_ok=True, line_kind=LineKind.SELF_PAY),
)  # fmt: skip
