"""Pure rules of the documents: what a superbill and a receipt must say, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from billing.codes.models import LineKind, ServiceCode
from billing.codes.rules import Family, family_of
from billing.documents.models import Voidable
from billing.ledger.models import MOST_DIAGNOSES, Charge
from kapclinic.core import money
from kapclinic.core.errors import FieldError
from kapclinic.core.transitions import Move
from kapclinic.practice.models import Client, Location
from kapclinic.practice.rules import BILLERS, npi_is_valid

MOST_POINTERS = 4  # CMS-1500 box 24E
LETTERS = "ABCDEFGHIJKL"
CPT_NOTICE = (
    "CPT is a registered trademark of the American Medical Association. CPT codes are used under the practice's own "
    "licence; the words beside them are the practice's."
)
SUPERBILL_NOTES = (
    "This is not a bill. It lists services that were rendered, for the client to send to a health plan.",
    "It is no guarantee of reimbursement: the plan decides. Please reimburse the client.",
    CPT_NOTICE,
)
RECEIPT_NOTES = (
    "Each service was rendered on the day shown and paid as shown. Keep this receipt with your tax records.",
    "It lists medical care only and leaves out codes and diagnoses; whether an expense qualifies is for the plan.",
)


@dataclass(frozen=True)
class Series:
    """A kind of document: its own run of numbers, its template."""

    name: str
    prefix: str
    template: str

    def number(self, year: int, count: int) -> str:
        """Sequential within practice and year: ``2026-000001``."""
        return f"{self.prefix}{year}-{count:06d}"


@dataclass(frozen=True)
class Borne:
    """What the record says behind a line: who signed for it and when, and of a drug line what was given."""

    signed_by: str = ""
    signed_on: date | None = None
    drug: str = ""
    dose: str = ""
    route: str = ""


SUPERBILL = Series("superbill", "", "superbill.typ")
RECEIPT = Series("receipt", "R-", "receipt.typ")
DOCUMENT_MOVES = {"void": Move.of({Voidable.Status.ISSUED}, Voidable.Status.VOIDED, BILLERS)}


def text(amount: Decimal) -> str:
    """An amount as documents and answers show it: two decimals, no sign of currency."""
    return str(money.cents(amount))


def ein(digits: str) -> str:
    """An employer's number as the IRS writes it: ``NN-NNNNNNN``."""
    return f"{digits[:2]}-{digits[2:]}" if digits else ""


def address_lines(address: Mapping[str, Any]) -> list[str]:
    if not address.get("line1"):
        return []
    town = f"{address.get('city', '')}, {address.get('state', '')} {address.get('postal_code', '')}"
    return [line for line in (address["line1"], address.get("line2", ""), town.strip(" ,")) if line]


def billing_provider(location: Location) -> dict[str, Any]:
    """Who bills: the legal entity of the location, else the location by its name."""
    return {
        "name": location.legal_name or location.name,
        "address": address_lines(location.address),
        "phone": location.phone,
        "ein": ein(location.ein),
        "npi": location.organization_npi,
    }


def patient(client: Client) -> dict[str, Any]:
    """The client as on the insurance card: the legal name, never the chosen one."""
    return {
        "name": client.legal_name,
        "date_of_birth": client.date_of_birth.isoformat(),
        "address": address_lines(client.address),
        "mrn": client.mrn,
    }


def rendering_provider(charge: Charge) -> dict[str, Any]:
    """Who rendered the line, and who answered for them while they were pre-licensed: both as on the signature's day."""
    return charge.clinician | {"supervisor": charge.supervisor_as}


def letters_of(charges: Iterable[Charge]) -> dict[str, str]:
    """The diagnoses of all lines, each once, lettered in the order they come: {"F33.2": "A"}.

    Past L the letter is `?`: `missing` then refuses the document.
    """
    codes = dict.fromkeys(code for charge in charges for code in charge.diagnoses)
    return {code: LETTERS[i] if i < len(LETTERS) else "?" for i, code in enumerate(codes)}


def is_payers(charge: Charge) -> bool:
    """Whether a payer knows the code: the clinic's internal codes stay off superbills."""
    return bool(charge.code.system != ServiceCode.System.INTERNAL)


def is_drug(charge: Charge) -> bool:
    """Whether the line is for a drug that the clinic gave."""
    return bool(charge.code.requires_ndc) or family_of(charge.code.code) == Family.DRUG


def ndc(charge: Charge) -> str:
    """The NDC of a line, unit and quantity; nothing when the line names none."""
    if not charge.ndc or charge.ndc_quantity is None:
        return ""
    return f"{charge.ndc} {charge.ndc_unit}{charge.ndc_quantity.normalize():f}"


def price(charge: Charge) -> Decimal:
    """What a line costs the client: the charge after sliding scale and corrections, before what was forgiven.

    To send an insurer a fee that nobody was asked for can be fraud.
    """
    return charge.amount + charge.adjusted - charge.forgiven


def sums_of(charge: Charge) -> dict[str, str]:
    """The amounts of a line: `amount` + `adjustment` - `paid` = `balance`."""
    return {
        "amount": text(price(charge)),
        "adjustment": text(charge.forgiven),
        "paid": text(charge.paid),
        "balance": text(charge.balance),
    }


def signature(borne: Borne) -> dict[str, str] | None:
    """Who signed for a service, and on which day there."""
    if borne.signed_on is None:
        return None
    return {"name": borne.signed_by, "signed_on": borne.signed_on.isoformat()}


def last_signature(lines: Iterable[Mapping[str, Any]]) -> dict[str, str] | None:
    """The signature that came last under the services of a paper; None when nobody signed."""
    signed = [line["signature"] for line in lines if line["signature"] is not None]
    return max(signed, key=lambda one: one["signed_on"]) if signed else None


def superbill_line(charge: Charge, letters: Mapping[str, str], borne: Borne) -> dict[str, Any]:
    return {
        "charge": str(charge.pk),
        "date_of_service": charge.date_of_service.isoformat(),
        "pos_code": charge.pos_code,
        "code": charge.code.code,
        "label": charge.label,
        "modifiers": list(charge.modifiers),
        "diagnoses": list(charge.diagnoses),
        "pointers": [letters[code] for code in charge.diagnoses[:MOST_POINTERS]],
        "units": charge.units,
        "line_kind": str(charge.line_kind),
        "ndc": ndc(charge),
        "drug": borne.drug,
        "dose": borne.dose,
        "route": borne.route,
        "rendering": rendering_provider(charge),
        **sums_of(charge),
        "signature": signature(borne),
    }


def receipt_line(charge: Charge) -> dict[str, Any]:
    who = charge.clinician
    return {
        "charge": str(charge.pk),
        "date_of_service": charge.date_of_service.isoformat(),
        "description": charge.label,
        "provider": ", ".join(part for part in (who["name"], who["credentials"]) if part),
        **sums_of(charge),
    }


def totals(charges: Iterable[Charge]) -> dict[str, str]:
    """Sums of the lines, to the cent: `charges` + `adjustments` - `paid` = `balance`."""
    rows = list(charges)
    return {
        "charges": text(money.total(price(row) for row in rows)),
        "adjustments": text(money.total(row.forgiven for row in rows)),
        "paid": text(money.total(row.paid for row in rows)),
        "balance": text(money.total(row.balance for row in rows)),
    }


def drug_errors(charges: Sequence[Charge], borne: Mapping[UUID, Borne]) -> list[FieldError]:
    """A drug line says what was given, how much, by which way, and by which NDC."""
    errors = []
    for i, charge in enumerate(charges):
        if not is_drug(charge):
            continue
        code = charge.code.code
        if not ndc(charge):
            errors.append(
                FieldError(f"/lines/{i}/ndc", "ndc_missing", f"A drug line without its NDC ({code}).")
            )
        if not borne[charge.pk].drug:
            detail = f"The record holds no dose from the clinic's stock ({code})."
            errors.append(FieldError(f"/lines/{i}/drug", "not_in_record", detail))
    return errors


def missing(
    *, location: Location, charges: Sequence[Charge], codes: Iterable[str], borne: Mapping[UUID, Borne]
) -> list[FieldError]:
    """What no payer does without, one error per field."""
    errors = [
        FieldError(
            f"/location/{name}", "required", f"The location has no {name}: the administrator enters it."
        )
        for name, value in (("address", address_lines(location.address)), ("phone", location.phone))
        if not value
    ]
    errors += [
        FieldError(
            f"/lines/{i}/rendering/npi",
            "npi_invalid",
            f"{c.clinician['name']} has no valid NPI ({c.code.code}).",
        )
        for i, c in enumerate(charges)
        if not npi_is_valid(c.clinician["npi"])
    ]
    errors += [
        FieldError(
            f"/lines/{i}/rendering/supervisor",
            "required",
            f"{c.clinician['name']} was pre-licensed, and the supervisor has no NPI ({c.code.code}).",
        )
        for i, c in enumerate(charges)
        if c.supervisor_as and not npi_is_valid(c.supervisor_as["npi"])
    ]
    errors += [
        FieldError(
            f"/lines/{i}/diagnoses", "required", f"An insurance line without a diagnosis ({c.code.code})."
        )
        for i, c in enumerate(charges)
        if c.line_kind == LineKind.INSURANCE and not c.diagnoses
    ]
    errors += drug_errors(charges, borne)
    if len(list(codes)) > MOST_DIAGNOSES:
        detail = f"More than {MOST_DIAGNOSES} diagnoses in the period: choose a shorter one."
        errors.append(FieldError("/to_date", "too_many_diagnoses", detail))
    return errors


def superbill_warnings(
    *,
    location: Location,
    client: Client,
    charges: Sequence[Charge],
    left_out: int,
    elsewhere: Sequence[str],
    payers: Sequence[str] = (),
    dropped: int = 0,
) -> list[dict[str, str]]:
    """What a payer will miss or query, for the biller to mend before the client sends it."""
    people = [c.clinician for c in charges]
    unlicensed = ", ".join(dict.fromkeys(who["name"] for who in people if not who["license"]))
    undiagnosed = sum(not c.diagnoses for c in charges)
    unpaid = sum(c.balance > 0 for c in charges)
    found = (
        (
            not location.ein,
            "tin_missing",
            "The location has no EIN: payers ask for the TIN of the billing provider.",
        ),
        (bool(unlicensed), "license_missing", f"No license number: {unlicensed}."),
        (not address_lines(client.address), "client_address_missing", "The client has no address."),
        (bool(undiagnosed), "diagnosis_missing", f"Lines without a diagnosis: {undiagnosed}."),
        (bool(unpaid), "not_paid", f"Lines that are not paid in full: {unpaid}."),
        (
            bool(left_out),
            "internal_line_left_out",
            f"Internal codes that no payer knows: {left_out} left out.",
        ),
        (bool(elsewhere), "already_on_superbill", f"Lines are on {', '.join(elsewhere)} as well."),
        (bool(dropped), "replaced_line_left_out", _left(dropped, "superbill")),
        (
            len(payers) > 1,
            "several_payers",
            f"The plan changed in the period ({', '.join(payers)}): issue a superbill for the days of each.",
        ),
    )
    return [{"code": code, "detail": detail} for wrong, code, detail in found if wrong]


def _left(dropped: int, kind: str) -> str:
    return f"Lines of the {kind} that this one replaces, which still stand and are on no other: {dropped} left out."


def receipt_warnings(*, elsewhere: Sequence[str], dropped: int = 0) -> list[dict[str, str]]:
    """What a plan may ask about: an expense is reimbursed once; and what would be on no receipt any more."""
    found = (
        (bool(elsewhere), "already_on_receipt", f"Lines are on {', '.join(elsewhere)} as well."),
        (bool(dropped), "replaced_line_left_out", _left(dropped, "receipt")),
    )
    return [{"code": code, "detail": detail} for wrong, code, detail in found if wrong]


def superbill_content(
    *,
    location: Location,
    client: Client,
    charges: Sequence[Charge],
    described: Mapping[str, str],
    payments: list[Any],
    borne: Mapping[UUID, Borne],
    subscriber: Mapping[str, object] | None,
    submit_by: date | None = None,
) -> dict[str, Any]:
    """All that a superbill says but its own number and dates; `described` is {diagnosis: description}."""
    letters = letters_of(charges)
    lines = [superbill_line(charge, letters, borne[charge.pk]) for charge in charges]
    return {
        "billing_provider": billing_provider(location),
        "client": patient(client),
        "subscriber": None if subscriber is None else dict(subscriber),
        "diagnoses": [
            {"letter": letter, "code": code, "description": described.get(code, "")}
            for code, letter in letters.items()
        ],
        "lines": lines,
        "signature": last_signature(lines),
        "totals": totals(charges),
        "payments": payments,
        "payee": "client",
        "submit_by": submit_by.isoformat() if submit_by else "",
        "notes": list(SUPERBILL_NOTES),
    }


def receipt_content(
    *, location: Location, client: Client, charges: Sequence[Charge], payments: list[Any]
) -> dict[str, Any]:
    """All that a receipt says but its own number and dates."""
    return {
        "billing_provider": billing_provider(location),
        "client": patient(client) | {"date_of_birth": ""},
        "lines": [receipt_line(charge) for charge in charges],
        "totals": totals(charges),
        "payments": payments,
        "notes": list(RECEIPT_NOTES),
    }


def heading(
    *, number: str | None, issued_on: date, from_date: date, to_date: date, corrects: str
) -> dict[str, str | None]:
    """What stands at the top of a paper; a preview has no number."""
    return {
        "number": number,
        "issued_on": issued_on.isoformat(),
        "from_date": from_date.isoformat(),
        "to_date": to_date.isoformat(),
        "corrects": corrects,
    }
