"""The codes that a KAP clinic uses, as bare codes with labels of our own.

CPT is a registered trademark of the American Medical Association; a practice uses its codes under its own licence, and
no descriptor of the AMA is here. Minutes are the time rule of each code. J3490 and J8499 name a drug without a code of
its own: a payer then wants the NDC.
"""

from __future__ import annotations

from dataclasses import dataclass

from billing.codes.models import LineKind, ServiceCode

CPT, HCPCS, INTERNAL = ServiceCode.System.CPT, ServiceCode.System.HCPCS, ServiceCode.System.INTERNAL


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


CODES: tuple[Entry, ...] = (
    Entry(CPT, "90791", "intake evaluation", telehealth_ok=True),
    Entry(CPT, "90792", "intake evaluation by a prescriber", telehealth_ok=True),
    Entry(CPT, "90832", "therapy, about 30 minutes", (16, 37), telehealth_ok=True),
    Entry(CPT, "90834", "therapy, about 45 minutes", (38, 52), telehealth_ok=True),
    Entry(CPT, "90837", "therapy, about 60 minutes", (53, None), telehealth_ok=True),
    Entry(CPT, "90846", "family meeting, client absent", (26, None), telehealth_ok=True),
    Entry(CPT, "90847", "family meeting, client present", (26, None), telehealth_ok=True),
    Entry(CPT, "90853", "therapy in a group", telehealth_ok=True),
    Entry(CPT, "99213", "follow-up visit, moderate", (20, None), telehealth_ok=True),
    Entry(CPT, "99214", "follow-up visit, extended", (30, None), telehealth_ok=True),
    Entry(CPT, "96127", "scored questionnaire", telehealth_ok=True),
    Entry(CPT, "96365", "infusion, first hour", (16, 90)),
    Entry(CPT, "96366", "infusion, each further hour", (31, None)),
    Entry(CPT, "96372", "injection"),
    Entry(CPT, "0820T", "session monitoring, first clinician, per hour"),
    Entry(CPT, "0821T", "session monitoring, second clinician, per hour"),
    Entry(CPT, "0822T", "session monitoring, further staff, per hour"),
    Entry(
        HCPCS,
        "J3490",
        "medication given, no code of its own",
        requires_ndc=True,
        line_kind=LineKind.HSA_ELIGIBLE,
    ),
    Entry(
        HCPCS,
        "J8499",
        "oral medication, no code of its own",
        requires_ndc=True,
        line_kind=LineKind.HSA_ELIGIBLE,
    ),
    Entry(HCPCS, "G2082", "nasal medication visit, lower dose, with two hours of watch"),
    Entry(HCPCS, "G2083", "nasal medication visit, higher dose, with two hours of watch"),
    Entry(INTERNAL, "KAP-DOSE", "supervised medication session", line_kind=LineKind.HSA_ELIGIBLE),
    Entry(
        INTERNAL, "KAP-PREP", "preparation, further time", telehealth_ok=True, line_kind=LineKind.HSA_ELIGIBLE
    ),
    Entry(
        INTERNAL,
        "KAP-INTEGRATION",
        "integration, further time",
        telehealth_ok=True,
        line_kind=LineKind.HSA_ELIGIBLE,
    ),
    Entry(
        INTERNAL, "KAP-SUPPORT", "support that no plan or health account pays", line_kind=LineKind.SELF_PAY
    ),
)
