"""Esketamine (Spravato): what its US label and its REMS fix, whatever a protocol says. Pure.

Sources: Spravato prescribing information (PI), sections 2 (dosage and administration), 5 (warnings) and 17 (patient
counselling); Spravato REMS (FDA REMS 386) with its Patient Monitoring Form.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from kapclinic.core.errors import FieldError
from programs.models import Route
from sessions.dosing.models import DEVICE_MG
from sessions.dosing.rules.amounts import DoseFields, OrderFields
from sessions.drugs.rules.names import ESKETAMINE, known_as

REST_MIN = 5  # PI 2: five minutes of rest between devices
STAY_MIN = 120  # REMS monitoring form: at least two hours, counted from the first device
USUAL_MG = (Decimal(56), Decimal(84))  # PI 2; the REMS form has an "Other" box beside them
ADULT_YEARS = 18  # PI 8.4: not approved for paediatric patients
SOLID_HOURS = 2  # PI 2: no food for two hours, no fluid for 30 minutes, no nasal spray for one hour before


def is_esketamine(drug: str) -> bool:
    """Does this name mean the REMS product? Under any of its names, however it is written."""
    return known_as(drug) == ESKETAMINE


def drug_errors(drug: str, *, given: str | None, field: str) -> list[FieldError]:
    """A session gives ketamine or esketamine, never both: `given` is the drug of its doses, None before the first.

    Checks, stay and form are those of the one that is given (clinical policy 3.6; REMS monitoring form).
    """
    if given is None or is_esketamine(drug) == is_esketamine(given):
        return []
    detail = "This session gave another drug: ketamine and esketamine are never given in one session."
    return [FieldError(f"/{field}", "another_drug", detail)]


def devices_of(dose_mg: Decimal) -> int | None:
    """How many devices of 28 mg a dose takes, or None when it is no whole number of them."""
    count, rest = divmod(dose_mg, DEVICE_MG)
    return None if rest or not count else int(count)


def order_errors(values: OrderFields, *, dose_mg: Decimal, at_home: bool) -> list[FieldError]:
    """What an order of esketamine can't say. Another dose than 56 or 84 mg takes the prescriber's reason.

    Source: PI 2; REMS: given in a certified setting only, never dispensed for use at home.
    """
    errors = []
    if at_home:
        errors.append(FieldError("/drug", "not_at_home", "Esketamine is never given at home."))
    if values["route"] != Route.INTRANASAL:
        errors.append(FieldError("/route", "wrong_route", "Esketamine is given by the nose only."))
    for field, amount in (("dose_mg", dose_mg), ("max_total_mg", values["max_total_mg"])):
        if devices_of(amount) is None:
            errors.append(FieldError(f"/{field}", "devices", f"Devices of {DEVICE_MG} mg, no part of one."))
        elif amount not in USUAL_MG and not values.get("reason"):
            errors.append(FieldError("/reason", "required", "Why another dose than 56 or 84 mg?"))
    return list(dict.fromkeys(errors))


def next_device_at(*, administered_at: datetime, devices: int) -> datetime:
    """When the device after these may be used: each takes its rest after it."""
    return administered_at + timedelta(minutes=REST_MIN * devices)


def dose_errors(
    values: DoseFields, *, client_supply: bool, at_home: bool, rested_at: datetime | None
) -> list[FieldError]:
    """What a dose of esketamine can't be. `rested_at`: when the next device may be used, None before the first.

    `devices` may be left out: it is dose / 28. Source: PI 2; REMS: from the certified setting's own supply.
    """
    errors = []
    devices, told = devices_of(values["dose_mg"]), values.get("devices")
    if devices is None:
        errors.append(FieldError("/dose_mg", "devices", f"Devices of {DEVICE_MG} mg, no part of one."))
    elif told is not None and told != devices:
        errors.append(FieldError("/devices", "unbalanced", f"This dose is {devices} device(s)."))
    if client_supply or at_home:
        errors.append(FieldError("/supply", "not_at_home", "Esketamine is never dispensed to the client."))
    if rested_at is not None and values["administered_at"] < rested_at:
        detail = f"{REST_MIN} minutes of rest between devices."
        errors.append(FieldError("/administered_at", "too_soon", detail))
    return errors
