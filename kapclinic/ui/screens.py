"""Every screen: its address, who may open it, and the modules and styles that it loads.

Who may open a shell is a courtesy; what a person sees is decided by the API, call by call.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from kapclinic.practice.models import Role

WARD_ROLES = frozenset(
    {Role.NURSE_PRACTITIONER, Role.THERAPIST, Role.PRESCRIBER, Role.MEDICAL_DIRECTOR},
)
SAFE_ROLES = frozenset({Role.NURSE_PRACTITIONER, Role.PRESCRIBER, Role.MEDICAL_DIRECTOR})
DESK_ROLES = frozenset({Role.FRONT_DESK, Role.MEDICAL_DIRECTOR})
DIRECTOR_ROLES = frozenset({Role.MEDICAL_DIRECTOR})
BILL_ROLES = frozenset({Role.BILLING, Role.MEDICAL_DIRECTOR})
PEOPLE_ROLES = frozenset({Role.ADMIN, Role.MEDICAL_DIRECTOR})
STATUS_ROLES = frozenset({Role.ADMIN})
PLAN_ROLES = WARD_ROLES | DESK_ROLES  # whoever books
DECIDE_ROLES = frozenset({Role.PRESCRIBER, Role.MEDICAL_DIRECTOR})
INTAKE_ROLES = WARD_ROLES | DESK_ROLES  # the front desk collects consents
CLIENT_ROLES = PLAN_ROLES | BILL_ROLES  # each sees what the API gives them


@dataclass(frozen=True, kw_only=True)
class Screen:
    """One page. `title` names nobody; `module` is a file of `static/ui/js/`, `styles` are files of `static/ui/css/`."""

    name: str
    address: str
    title: str
    module: str
    styles: tuple[str, ...]
    roles: Collection[Role]
    dim: bool = False  # the treatment room is dark


SCREENS = (
    Screen(
        name="desk",
        address="desk/schedule",
        title="Day",
        module="desk/day",
        styles=("desk", "booking", "work"),
        roles=DESK_ROLES,
    ),
    Screen(
        name="worklist",
        address="desk/worklist",
        title="To do",
        module="desk/worklist/page",
        styles=("desk", "booking", "work"),
        roles=DESK_ROLES,
    ),
    Screen(
        name="waitlist",
        address="desk/waitlist",
        title="Waitlist",
        module="desk/waitlist/page",
        styles=("desk", "booking", "work"),
        roles=DESK_ROLES,
    ),
    Screen(
        name="absences",
        address="desk/absences",
        title="Away",
        module="desk/absences/page",
        styles=("desk", "booking", "work"),
        roles=DESK_ROLES,
    ),
    Screen(
        name="director",
        address="director",
        title="Overview",
        module="director/page",
        styles=("director",),
        roles=DIRECTOR_ROLES,
    ),
    Screen(
        name="texts",
        address="director/texts",
        title="Consent texts",
        module="texts/page",
        styles=("work", "texts"),
        roles=DIRECTOR_ROLES,
    ),
    Screen(
        name="plan",
        address="programs/<uuid:program>/plan",
        title="Course plan",
        module="plan/page",
        styles=("planner",),
        roles=PLAN_ROLES,
    ),
    Screen(
        name="decide",
        address="decide",
        title="Decide",
        module="decide/page",
        styles=("decide",),
        roles=DECIDE_ROLES,
    ),
    Screen(
        name="decision",
        address="decide/<uuid:subject>",
        title="Decide",
        module="decide/page",
        styles=("decide",),
        roles=DECIDE_ROLES,
    ),
    Screen(
        name="intakes",
        address="intake",
        title="Intake",
        module="intake/page",
        styles=("decide", "intake", "links", "answered"),
        roles=INTAKE_ROLES,
    ),
    Screen(
        name="intake",
        address="intake/<uuid:program>",
        title="Intake",
        module="intake/page",
        styles=("decide", "intake", "links", "answered"),
        roles=INTAKE_ROLES,
    ),
    Screen(
        name="elsewhere",
        address="clients/elsewhere",
        title="A client of another location",
        module="glass/page",
        styles=("glass",),
        roles=WARD_ROLES,
    ),
    Screen(
        name="client",
        address="clients/<uuid:client>",
        title="Client",
        module="client/page",
        styles=("client", "links", "glass"),
        roles=CLIENT_ROLES,
    ),
    Screen(
        name="ward",
        address="bedside",
        title="Ward",
        module="bedside/ward",
        styles=("ward",),
        roles=WARD_ROLES,
        dim=True,
    ),
    Screen(
        name="bedside",
        address="bedside/sessions/<uuid:session>",
        title="Bedside",
        module="bedside/session",
        styles=("bedside", "dose"),
        roles=WARD_ROLES,
        dim=True,
    ),
    Screen(
        name="notes",
        address="notes",
        title="Notes",
        module="notes/page",
        styles=("booking", "notes", "answered"),
        roles=WARD_ROLES,
    ),
    Screen(
        name="note",
        address="notes/<uuid:note>",
        title="Note",
        module="notes/page",
        styles=("booking", "notes", "answered"),
        roles=WARD_ROLES,
    ),
    Screen(
        name="private-note",
        address="notes/private/<uuid:session>",
        title="Psychotherapy note",
        module="notes/private",
        styles=("notes",),
        roles=frozenset({Role.THERAPIST}),
    ),
    Screen(
        name="safe",
        address="safe",
        title="Safe",
        module="safe/page",
        styles=("safe",),
        roles=SAFE_ROLES,
    ),
    Screen(
        name="billing",
        address="billing",
        title="Billing",
        module="billing/page",
        styles=("billing",),
        roles=BILL_ROLES,
    ),
    Screen(
        name="clients",
        address="billing/clients",
        title="Accounts",
        module="account/clients",
        styles=("work", "account"),
        roles=BILL_ROLES,
    ),
    Screen(
        name="account",
        address="billing/clients/<uuid:client>",
        title="Account",
        module="account/page",
        styles=("work", "account"),
        roles=BILL_ROLES,
    ),
    Screen(
        name="people",
        address="people",
        title="People and places",
        module="practice/page",
        styles=("work", "people"),
        roles=PEOPLE_ROLES,
    ),
    Screen(
        name="status",
        address="status",
        title="System",
        module="status/page",
        styles=("status",),
        roles=STATUS_ROLES,
    ),
)
# Whoever has several roles starts at the first of these that is theirs.
HOMES = (
    (Role.FRONT_DESK, "/desk/schedule"),
    (Role.NURSE_PRACTITIONER, "/bedside"),
    (Role.PRESCRIBER, "/decide"),
    (Role.THERAPIST, "/notes"),
    (Role.BILLING, "/billing"),
    (Role.MEDICAL_DIRECTOR, "/director"),
    (Role.ADMIN, "/people"),
)


def home_of(roles: Collection[str]) -> str:
    """The screen that a person's day starts on; without one of their own, what the API says of itself."""
    return next((address for role, address in HOMES if role in roles), "/api/v1/docs/")
