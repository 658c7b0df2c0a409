"""Pure rules of the codes: shapes, families, modifiers. CPT is the AMA's, HCPCS and ICD-10-CM are public."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from billing.codes.models import ServiceCode
from kapclinic.core.errors import FieldError
from kapclinic.practice.models import Role

System = ServiceCode.System

SHAPES = {
    System.CPT: re.compile(r"[0-9]{4}[0-9FTUM]"),
    System.HCPCS: re.compile(r"[A-VX-Z][0-9]{4}"),
    System.INTERNAL: re.compile(r"[A-Z0-9-]{2,15}"),
}
MODIFIER = re.compile(r"[A-Z0-9]{2}")
VIDEO = "95"  # live, with sound and picture
TELEHEALTH_MODIFIERS = frozenset({"95", "93", "GT", "GQ", "FQ"})
MOST_MODIFIERS = 4  # CMS-1500 box 24D


class Family(StrEnum):
    """What kind of service a code is: it decides who may be named as the rendering provider."""

    THERAPY = "therapy"
    MEDICAL = "medical"
    DRUG = "drug"
    MONITORING = "monitoring"
    OTHER = "other"


# The first role that the session's staff holds is the rendering provider, unless the body names another of them.
RENDERING: dict[Family, tuple[Role, ...]] = {
    Family.THERAPY: (Role.THERAPIST, Role.PRESCRIBER, Role.NURSE_PRACTITIONER),
    Family.MEDICAL: (Role.PRESCRIBER, Role.NURSE_PRACTITIONER),
    Family.DRUG: (Role.PRESCRIBER, Role.NURSE_PRACTITIONER),
    Family.MONITORING: (Role.THERAPIST, Role.PRESCRIBER, Role.NURSE_PRACTITIONER),
    Family.OTHER: (Role.THERAPIST, Role.PRESCRIBER, Role.NURSE_PRACTITIONER),
}

_FAMILIES: tuple[tuple[re.Pattern[str], Family], ...] = (
    (re.compile(r"90792|9083[368]"), Family.MEDICAL),  # with medical services: prescribers only
    (re.compile(r"90[78]\d\d"), Family.THERAPY),
    (re.compile(r"082[012]T"), Family.MONITORING),
    (re.compile(r"96127"), Family.OTHER),  # whoever scores it
    (re.compile(r"\d{5}"), Family.MEDICAL),
    (re.compile(r"J\d{4}|S0013"), Family.DRUG),
    (re.compile(r"G208[23]"), Family.MEDICAL),
    (re.compile(r"H\d{4}"), Family.THERAPY),
)


def family_of(code: str) -> Family:
    """The family of a code, by the sections of CPT and HCPCS; an internal code is any clinician's."""
    return next((family for shape, family in _FAMILIES if shape.fullmatch(code)), Family.OTHER)


def shape_errors(*, system: str, code: str) -> list[FieldError]:
    """An internal code may not look like a CPT or HCPCS code, or a payer would take it for one."""
    public = [s for s in (System.CPT, System.HCPCS) if SHAPES[s].fullmatch(code)]
    fits = SHAPES[System(system)].fullmatch(code) and (system != System.INTERNAL or not public)
    return [] if fits else [FieldError("/code", "invalid", f"This is not the shape of a code of {system}.")]


def modifier_errors(modifiers: Sequence[str], *, telehealth_ok: bool) -> list[FieldError]:
    """0 to 4 distinct modifiers of two characters (CMS-1500 box 24D); none for telehealth on a hands-on service."""
    errors = []
    if len(modifiers) > MOST_MODIFIERS:
        errors.append(FieldError("/modifiers", "too_many", "A line carries 4 modifiers at most."))
    for index, modifier in enumerate(modifiers):
        pointer = f"/modifiers/{index}"
        if not MODIFIER.fullmatch(modifier):
            errors.append(FieldError(pointer, "invalid", "A modifier is two letters or digits."))
        elif modifier in modifiers[:index]:
            errors.append(FieldError(pointer, "duplicate", f"Modifier {modifier} is there already."))
        elif modifier in TELEHEALTH_MODIFIERS and not telehealth_ok:
            errors.append(
                FieldError(pointer, "not_telehealth", f"Modifier {modifier}: this service is hands-on.")
            )
    return errors


def with_telehealth(modifiers: Sequence[str], *, by_video: bool, telehealth_ok: bool) -> list[str]:
    """The modifiers of a line; 95 is added to one by video that says by none how the client was seen."""
    said = TELEHEALTH_MODIFIERS & set(modifiers)
    return [*modifiers, VIDEO] if by_video and telehealth_ok and not said else list(modifiers)


def undotted(code: str) -> str:
    """A diagnosis as the tables key it: ``f33.2`` and ``F332`` are the same."""
    return code.strip().upper().replace(".", "")


def dotted(code: str) -> str:
    """A diagnosis as people read it: ``F33.2``."""
    plain = undotted(code)
    return f"{plain[:3]}.{plain[3:]}" if len(plain) > 3 else plain
