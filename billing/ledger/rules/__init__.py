"""Pure rules of the ledger: the day and place of a service, who rendered it, what a payer will ask about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from billing.codes.models import LineKind
from billing.codes.rules import RENDERING, Family, family_of
from billing.ledger.models import Charge, Method
from kapclinic.core import money
from kapclinic.core.errors import FieldError
from kapclinic.practice.models import User
from kapclinic.practice.rules import PLACES_OF_SERVICE
from programs.models import Modality
from sessions.booking.models import Session

HEALTH_CARDS = frozenset({Method.HSA_CARD, Method.FSA_CARD})
HEALTH_KINDS = frozenset({LineKind.INSURANCE, LineKind.HSA_ELIGIBLE})  # medical care, IRC 213(d)
VIDEO_POS = (
    "10"  # telehealth, the client is at home (CMS CR 12427); 02 when elsewhere, which the body then says
)
TELEHEALTH_POS = frozenset({"02", "10"})
NOT_RENDERED = frozenset(
    {Session.Status.CANCELLED, Session.Status.NO_SHOW}
)  # of such a session nothing is charged
MISSED = "KAP-NO-SHOW"  # the clinic's own code for an appointment to which the client did not come
NDC_UNITS = ("ML", "UN", "GR", "F2", "ME")


def date_of_service(*, starts_at: datetime, completed_at: datetime | None, zone: ZoneInfo) -> date:
    """The local day of the appointment, or the day it was completed when that came first."""
    day = starts_at.astimezone(zone).date()
    return day if completed_at is None else min(day, completed_at.astimezone(zone).date())


def pos_of(*, modality: str, location_pos: str) -> str:
    """Place of service follows where the client is: at home on video, else at the location."""
    return VIDEO_POS if modality == Modality.VIDEO else location_pos


def place_errors(pos_code: str, *, telehealth_ok: bool) -> list[FieldError]:
    """A place is one of the CMS list; what needs hands is not done at a distance (CMS CR 12427)."""
    if pos_code not in PLACES_OF_SERVICE:
        detail = f"{pos_code} is no place of service of the CMS list."
        return [FieldError("/pos_code", "pos_invalid", detail)]
    if pos_code in TELEHEALTH_POS and not telehealth_ok:
        detail = f"Place of service {pos_code}: this service is hands-on."
        return [FieldError("/pos_code", "not_telehealth", detail)]
    return []


def pick_rendering(
    staff: Sequence[Mapping[str, Any]],
    *,
    code: str,
    named: UUID | None,
    signed: Collection[UUID] = (),
    taken: Collection[UUID] = (),
) -> tuple[UUID | None, list[FieldError]]:
    """Who of the session's staff is named on the line: by the code's family, or `named` when the code is theirs.

    Where several fit, whoever has signed goes first, and who is not `taken` by a line beside which this one can't
    stand. Therapy and drugs go by the roles alone: the nurse who signed is not thereby the therapist.
    """
    family = family_of(code)
    roles = [str(role) for role in RENDERING[family]]
    by_roles = family in {Family.THERAPY, Family.DRUG}

    def rank(seat: Mapping[str, str]) -> tuple[bool, bool, int]:
        user = UUID(str(seat["user"]))
        return not by_roles and user in taken, not by_roles and user not in signed, roles.index(seat["role"])

    fitting = sorted((s for s in staff if s["role"] in roles), key=rank)
    if named is not None:
        fitting = [s for s in fitting if UUID(str(s["user"])) == named]
    if fitting:
        return UUID(str(fitting[0]["user"])), []
    whom = "This person was not there" if named is not None else "Nobody was there"
    detail = f"{whom} as {' or '.join(roles)}, who may render {code}."
    return None, [FieldError("/rendering", "rendering_unfit", detail)]


def clinician_as(user: User, *, npi: str) -> dict[str, str]:
    """What a paper says of a clinician: {name, credentials, npi, license}."""
    licence = f"{user.license_number} ({user.license_state})" if user.license_number else ""
    return {"name": user.name, "credentials": user.credentials, "npi": npi, "license": licence}


def whole_fee(unit_amount: Decimal | None, *, units: int) -> Decimal | None:
    """What the line costs by the list, to the cent; None where the list has no price."""
    return None if unit_amount is None else money.cents(unit_amount * units)


def price_errors(
    *, code: str, amount: Decimal | None, whole: Decimal | None, reason: str, on: date
) -> list[FieldError]:
    """A line without a fee names its amount, and one below the fee says why."""
    if amount is None and whole is None:
        return [FieldError("/amount", "required", f"{code} has no fee on {on}: give the amount.")]
    if amount is not None and whole is not None and amount < whole and not reason:
        detail = f"{amount} is less than the fee of {whole}: say why."
        return [FieldError("/amount_reason", "required", detail)]
    return []


def status_of(charge: Charge) -> str:
    """`reversal`, `reversed`, `review` (above the fee, not confirmed) or `standing`, of `selectors.charges`' row."""
    if charge.reverses_id is not None:
        return "reversal"
    if charge.reversed_by is not None:
        return "reversed"
    return "review" if charge.in_review else "standing"


def raises_kind(*, own: str, line_kind: str) -> bool:
    """Would a health account pay what the code says it must not?"""
    return own not in HEALTH_KINDS and line_kind in HEALTH_KINDS


def line_warnings(
    *, code: str, modifiers: Sequence[str], pos_code: str, ndc_missing: bool, twins: int
) -> list[dict[str, str]]:
    """What payers commonly query: place of service (CMS CR 12427), telehealth modifiers, NDC. Never refuses."""
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
        (ndc_missing, "ndc_missing", f"{code} names no drug: payers want its NDC."),
        (twins > 0, "duplicate_line", f"{code} is charged on this session already."),
    )
    return [{"code": name, "detail": detail} for wrong, name, detail in found if wrong]
