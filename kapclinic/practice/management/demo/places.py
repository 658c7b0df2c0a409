"""Who and where in the demo clinic: plain data."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

DOMAIN = "demo.kapclinic.test"
MAILBOXES = "example.test"  # reserved (RFC 6761): nothing sent there arrives anywhere
EVERY_DAY = [{"weekday": day, "from": "08:00", "to": "20:00"} for day in range(7)]
# The first clinic lies where it is midday when the demo opens: the first of these zones, home before far.
NOON_ZONES = (
    "America/Denver",
    "America/New_York",
    "America/Los_Angeles",
    "Pacific/Honolulu",
    "America/Sao_Paulo",
    "Atlantic/Azores",
    "Europe/Berlin",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Auckland",
    "Pacific/Kiritimati",
)
MIDDAY = range(11, 15)  # hours
ALL_KINDS = ["preparation", "dosing", "integration", "medical", "maintenance"]

LOCATIONS: list[dict[str, Any]] = [
    {
        "name": "Demo Clinic Cottonwood",
        "time_zone": "America/Denver",
        "address": {"line1": "1 Example Street", "city": "Denver", "state": "CO", "postal_code": "80202"},
        "phone": "303-555-0100",
        "dea_number": "FD1234563",
        "opening_hours": EVERY_DAY,
        "desk_takes_payments": True,
        "legal_name": "Demo Clinic PLLC (fictional)",
        "ein": "000000000",
        "organization_npi": "1234567893",
    },
    {
        "name": "Demo Clinic Harbor",
        "time_zone": "America/New_York",
        "address": {"line1": "2 Example Pier", "city": "Portland", "state": "ME", "postal_code": "04101"},
        "phone": "207-555-0100",
        "dea_number": "FD7654326",
        "opening_hours": EVERY_DAY,
        "legal_name": "Demo Clinic PLLC (fictional)",
        "ein": "000000000",
        "organization_npi": "1234567893",
    },
]
ROOMS: list[dict[str, Any]] = [
    {"name": "Aspen", "kinds": ALL_KINDS, "turnover_min": 15},
    {"name": "Birch", "kinds": ALL_KINDS, "turnover_min": 15},
    {"name": "Cedar", "kinds": ["preparation", "integration", "medical"], "turnover_min": 0},
    {"name": "Dogwood", "kinds": ALL_KINDS, "turnover_min": 15},
]
LICENSED = {"license": {"number": "DEMO-0001", "state": "CO"}, "npi": "1234567893"}
STAFF: list[dict[str, Any]] = [
    {"login": "frontdesk", "name": "Frankie Desk (demo)", "roles": ["front_desk"]},
    {
        "login": "np",
        "name": "Nic Vitals (demo)",
        "roles": ["nurse_practitioner"],
        "credentials": "PMHNP",
        "npi": "1003000126",
        "license": {"number": "DEMO-0002", "state": "CO"},
        "monitor_capacity": 3,
    },
    {
        "login": "therapist",
        "name": "Thea Listener (demo)",
        "roles": ["therapist"],
        "credentials": "LCSW",
        "kap_trained": True,
        **LICENSED,
    },
    {
        "login": "cotherapist",
        "name": "Theo Second (demo)",
        "roles": ["therapist"],
        "credentials": "LPC",
        "kap_trained": True,
        "npi": "1636083770",
        "license": {"number": "DEMO-0003", "state": "CO"},
    },
    {
        "login": "thirdtherapist",
        "name": "Tess Third (demo)",
        "roles": ["therapist"],
        "credentials": "LMFT",
        "kap_trained": True,
        "npi": "1245319599",
        "license": {"number": "DEMO-0005", "state": "CO"},
    },
    {
        "login": "prescriber",
        "name": "Pat Orders (demo)",
        "roles": ["prescriber"],
        "credentials": "MD",
        "npi": "1999999992",
        "license": {"number": "DEMO-0004", "state": "CO"},
        "dea_number": "FP1234563",
    },
    {"login": "billing", "name": "Bill Ledger (demo)", "roles": ["billing"]},
    {"login": "director", "name": "Dana Policy (demo)", "roles": ["medical_director"]},
]
SECOND: list[dict[str, Any]] = [
    row | {"login": f"{row['login']}2", "name": row["name"].replace(" (demo)", " II (demo)")}
    for row in STAFF
    if row["login"] not in {"cotherapist", "thirdtherapist"}
]
PROTOCOLS: list[dict[str, Any]] = [
    {"name": "KAP sublingual", "program_type": "kap", "route": "sublingual"},
    {
        "name": "KAP sublingual, doses at home",
        "program_type": "kap",
        "route": "sublingual",
        "home_dosing": True,
    },
    {"name": "KAP with intramuscular dose", "program_type": "kap", "route": "intramuscular"},
    {"name": "Ketamine-only infusion", "program_type": "infusion_only", "route": "intravenous"},
    {
        "name": "KAP sublingual, vital signs count three hours",
        "program_type": "kap",
        "route": "sublingual",
        "limits": {"vitals_max_age_min": 180},
    },
]
CLIENTS: list[dict[str, Any]] = [
    {
        "legal_first_name": "Robin",
        "legal_last_name": "Sample",
        "chosen_name": "Rob",
        "date_of_birth": "1985-03-02",
    },
    {"legal_first_name": "Jamie", "legal_last_name": "Example", "date_of_birth": "1990-11-23"},
    {"legal_first_name": "Sascha", "legal_last_name": "Placeholder", "date_of_birth": "1978-07-14"},
    {"legal_first_name": "Mika", "legal_last_name": "Fictional", "date_of_birth": "1996-01-30"},
]
# Who is there at midday beside them (`midday.py`), by what they are there for.
GUESTS: dict[str, tuple[str, str, str]] = {
    "late": ("Toni", "Specimen", "1981-09-09"),
    "amber": ("Jules", "Facade", "1975-05-21"),
    "visit": ("Alex", "Mockup", "1992-12-02"),
    "ride": ("Sam", "Standin", "1988-08-17"),
    "window": ("Kim", "Pretend", "1979-03-30"),
    "waits": ("Noor", "Makebelieve", "1995-06-11"),
    "freed": ("Lou", "Nominal", "1983-10-05"),
    "early": ("Lee", "Invented", "1990-02-14"),
    "gone": ("Max", "Muster", "1986-07-07"),
}
REMINDERS = {"hours_before": [48, 24, 2], "on_booking": True, "channels": ["email"]}
_SUPPLIER = {
    "supplier": "Sample Wholesale (fictional)",
    "supplier_address": "2 Example Street, Denver, CO 80202",
}
LOTS: tuple[dict[str, Any], ...] = (
    {
        "drug": "ketamine",
        "form": "injection",
        "concentration_mg_per_ml": "50",
        "lot_number": "DEMO-V1",
        "quantity_mg": "5000",
        "container_mg": "500",
        "invoice": "DEMO-1001",
    }
    | _SUPPLIER,
    {
        "drug": "ketamine",
        "form": "lozenge",
        "lot_number": "DEMO-L1",
        "quantity_mg": "3000",
        "container_mg": "100",
        "invoice": "DEMO-1002",
    }
    | _SUPPLIER,
)
PAYER = {"name": "Sample Health Plan (fictional)", "payer_id": "DEMO01", "filing_limit_days": 180}
CARD = {"member_id": "DEMO-0001", "relationship": "self", "valid_from": "2026-01-01", "intent": "self_pay"}
FEES = {"90837": "180.00", "90834": "150.00", "99214": "210.00", "KAP-DOSE": "250.00", "KAP-NO-SHOW": "75.00"}
SCALE = {
    "name": "Demo scale",
    "valid_from": "2026-01-01",
    "tiers": [{"name": "Half", "percent": "50"}, {"name": "Three quarters", "percent": "75"}],
}
AGREED = {"tier": "Half", "basis": "Demo: income was shown."}
PACKAGE = {
    "name": "Demo beginning",
    "items": [
        {"code": "90837", "quantity": 2, "unit_amount": "160.00"},
        {"code": "KAP-DOSE", "quantity": 1, "unit_amount": "230.00"},
    ],
    "price": "550.00",
}


def noon_zone(at: datetime) -> str:
    """The zone of `NOON_ZONES` in which it is 11 to 15 o'clock at this moment."""
    return next(zone for zone in NOON_ZONES if at.astimezone(ZoneInfo(zone)).hour in MIDDAY)
