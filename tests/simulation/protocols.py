"""The protocols of the simulated clinic: every route and every kind of course, and what is given by each of them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Row = dict[str, Any]
KAP = {"program_type": "kap", "planned_doses": 2, "min_preparations": 1}
INFUSION_ONLY = {"program_type": "infusion_only", "min_preparations": 0}
CRISIS, ESKETAMINE, MAINTENANCE = "Crisis", "Esketamine", "Maintenance"
PROTOCOLS: tuple[Row, ...] = (
    KAP | {"name": "Lozenge", "route": "sublingual"},
    KAP | {"name": "Injection", "route": "intramuscular"},
    KAP | {"name": "Lozenge at home", "route": "sublingual", "home_dosing": True},
    KAP | {"name": "Nasal spray", "route": "intranasal"},
    INFUSION_ONLY | {"name": "Infusion", "route": "intravenous", "planned_doses": 3},
    KAP
    | {
        "name": "Tablet",
        "route": "oral",
        "gates": {"pdmp": "required", "drug_screen": "required", "pregnancy_test": "required"},
    },
    # a clearance that runs out while the course goes on
    KAP | {"name": "Infusion with therapy", "route": "intravenous", "limits": {"clearance_days": 6}},
    INFUSION_ONLY
    | {
        "name": ESKETAMINE,
        "route": "intranasal",
        "planned_doses": 3,
        "min_gap_hours": 48,
        "min_stay_min": 60,
    },
    INFUSION_ONLY | {"name": CRISIS, "route": "intravenous", "planned_doses": 2, "min_gap_hours": 24},
    KAP | {"name": MAINTENANCE, "route": "sublingual", "planned_doses": 1, "min_preparations": 0},
)


@dataclass(frozen=True)
class Treatment:
    """The usual dose of a protocol, how much an order allows in all, and a further dose within it (mg)."""

    drug: str
    mg: str
    most: str
    more: str
    from_stock: bool = False

    @property
    def is_esketamine(self) -> bool:
        return self.drug != "ketamine"


BY_ROUTE = {
    "sublingual": Treatment("ketamine", "100", "200", "50"),
    "intramuscular": Treatment("ketamine", "50", "100", "20", from_stock=True),
    "intranasal": Treatment("ketamine", "50", "100", "50"),
    "intravenous": Treatment("ketamine", "40", "80", "10", from_stock=True),
    "oral": Treatment("ketamine", "100", "200", "50"),
}
SPRAVATO = Treatment("esketamine", "56", "84", "28", from_stock=True)


def treatment_of(protocol: Row) -> Treatment:
    return SPRAVATO if protocol["name"] == ESKETAMINE else BY_ROUTE[protocol["route"]]


def by_weight(protocol: Row) -> bool:
    """Is the cap of this protocol one per kg?"""
    return bool(protocol["dose"]["unit"] == "mg/kg")


def first_course(numbers: random.Random, protocols: list[Row]) -> Row:
    """What somebody begins with: maintenance comes only after a course."""
    return numbers.choice([row for row in protocols if row["name"] != MAINTENANCE])


def next_course(numbers: random.Random, before: Row, protocols: list[Row]) -> Row:
    """What follows a course: after a crisis the therapy that there was no time for, after another one maintenance."""
    wanted = ("Lozenge", "Injection", "Infusion with therapy") if before["name"] == CRISIS else (MAINTENANCE,)
    return numbers.choice([row for row in protocols if row["name"] in wanted])


def plus(mg: str, more: str) -> str:
    return str(Decimal(mg) + Decimal(more))
