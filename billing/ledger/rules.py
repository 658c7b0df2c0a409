"""Pure rules of the ledger: the day and place of a service, who rendered it, what a payer will ask about it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from billing.codes.models import LineKind
from billing.codes.rules import RENDERING, family_of
from billing.ledger.models import Method
from kapclinic.core.errors import FieldError
from programs.models import Modality

HEALTH_CARDS = frozenset({Method.HSA_CARD, Method.FSA_CARD})
HEALTH_KINDS = frozenset({LineKind.INSURANCE, LineKind.HSA_ELIGIBLE})  # medical care, IRC 213(d)
VIDEO_POS = (
    "10"  # telehealth, the client is at home (CMS CR 12427); 02 when elsewhere, which the body then says
)
TELEHEALTH_POS = frozenset({"02", "10"})
HANDS_ON = frozenset({"96365", "96366", "96372", "96374"})
NDC_UNITS = ("ML", "UN", "GR", "F2", "ME")


def date_of_service(*, starts_at: datetime, completed_at: datetime | None, zone: ZoneInfo) -> date:
    """The local day of the appointment, or the day it was completed when that came first."""
    day = starts_at.astimezone(zone).date()
    return day if completed_at is None else min(day, completed_at.astimezone(zone).date())


def pos_of(*, modality: str, location_pos: str) -> str:
    """Place of service follows where the client is: at home on video, else at the location."""
    return VIDEO_POS if modality == Modality.VIDEO else location_pos


def pick_rendering(
    staff: Sequence[Mapping[str, Any]], *, code: str, named: UUID | None
) -> tuple[UUID | None, list[FieldError]]:
    """Who of the session's staff is named on the line: by the code's family, or `named` when the code is theirs."""
    roles = [str(role) for role in RENDERING[family_of(code)]]
    fitting = sorted((s for s in staff if s["role"] in roles), key=lambda s: roles.index(s["role"]))
    if named is not None:
        fitting = [s for s in fitting if UUID(str(s["user"])) == named]
    if fitting:
        return UUID(str(fitting[0]["user"])), []
    whom = "This person was not there" if named is not None else "Nobody was there"
    detail = f"{whom} as {' or '.join(roles)}, who may render {code}."
    return None, [FieldError("/rendering", "rendering_unfit", detail)]


def is_card_number(text: str) -> bool:
    """13 to 19 digits that pass Luhn (ISO/IEC 7812): never to be stored here (PCI DSS 3)."""
    digits = re.sub(r"[ -]", "", text)
    if not re.fullmatch(r"[0-9]{13,19}", digits):
        return False
    odd = [int(ch) for ch in digits[-1::-2]]
    even = [2 * int(ch) for ch in digits[-2::-2]]
    return (sum(odd) + sum(n - 9 if n > 9 else n for n in even)) % 10 == 0


def line_warnings(
    *,
    code: str,
    modifiers: Sequence[str],
    pos_code: str,
    minutes: int,
    least: int | None,
    ndc_missing: bool,
    twins: int,
) -> list[dict[str, str]]:
    """What payers commonly query: place of service (CMS CR 12427), telehealth modifiers, time, NDC. Never refuses."""
    remote, marked = pos_code in TELEHEALTH_POS, set(modifiers) & {"93", "95", "GT"}
    found = (
        (
            remote and not marked,
            "telehealth_modifier_missing",
            f"Place of service {pos_code} without 93, 95 or GT.",
        ),
        (
            not remote and bool(marked),
            "telehealth_pos_missing",
            f"Telehealth modifier with place of service {pos_code}.",
        ),
        ({"93", "95"} <= set(modifiers), "telehealth_twice", "93 is audio only, 95 is video: one of them."),
        (
            remote and code in HANDS_ON,
            "hands_on_by_video",
            f"{code} is hands-on, but the client was not here.",
        ),
        (
            least is not None and minutes < least,
            "short_for_code",
            f"Booked {minutes} minutes; {code} starts at {least}.",
        ),
        (ndc_missing, "ndc_missing", f"{code} names no drug: payers want its NDC."),
        (twins > 0, "duplicate_line", f"{code} is charged on this session already."),
    )
    return [{"code": name, "detail": detail} for wrong, name, detail in found if wrong]
