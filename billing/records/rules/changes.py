"""Whose rows keep their history, and who reads which field of it: what a role may not read of a row as it is, it does
not read of the row as it was (R13). A psychotherapy note has no history, and no line here (R9).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from billing.codes.models import Fee, ServiceCode
from billing.coverages.models import Coverage, Payer
from billing.letters.models import NecessityLetter
from billing.packages.models import Package
from billing.plans.models import PaymentPlan
from billing.scales.models import FeeAgreement, SlidingScale
from kapclinic.core.audited import AuditedBase
from kapclinic.practice.models import Client, Location, Role, Room, User
from kapclinic.practice.rules import (
    ADMIN,
    BILLERS,
    BOOKERS,
    CLIENT_READERS,
    CLINICIANS,
    DIRECTOR,
    EVERYONE,
    NURSES,
)
from kapclinic.practice.rules import FRONT_DESK as DESK
from programs.models import Program, Protocol
from screening.models import Clearance, Consent, Finding, Medication, SafetyAlert, Screening
from sessions.booking.models import Session
from sessions.dosing.rems.models import RemsRecord
from sessions.drugs.models import DrugDiscrepancy, DrugLot
from sessions.integration.models import Obligation
from sessions.monitoring.models import Alarm, Check
from sessions.notes.models import Note
from sessions.rights.models import AmendmentRequest
from sessions.waitlist.models import WaitlistEntry

Roles = frozenset[str]
# Of every row: what the history has beside the fields, and what only counts.
NO_FIELD = frozenset(
    {
        *("id", "version", "created_at", "created_by", "updated_at", "search_text"),
        *("password", "email_key", "sign_in_round", "password_set_by", "password_set_at"),
    }
)
PLACED = ("location", "kind", "number", "modality", "starts_at", "ends_at", "status", "outcome")
CAME = ("checked_in_at", "started_at", "completed_at", "cancelled_at")
VISIT = (
    "room",
    "staff",
    "source",
    "client_confirmed_at",
    "client_location",
    "escort",
    "escort_confirmed_at",
    "left_at",
)
COURSE = (
    "protocol",
    "location",
    "therapist",
    "prescriber",
    "accepted_modalities",
    "preferred_days",
    "preferred_hours",
)
OWED = ("state", "window_start", "window_end", "integration_session")


@dataclass(frozen=True)
class Kept:
    """A table with history. `readers` read every field of it; `some` names the fields that others read, by role;
    `own` are fields that nobody but the row's author reads. `client` leads from a row to its client's id.
    """

    model: type[AuditedBase]
    readers: Roles
    client: str = ""
    some: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    own: frozenset[str] = frozenset()

    def open_to(self, roles: Roles) -> bool:
        return bool(roles & (self.readers | set(self.some)))

    def columns(self, roles: Roles, *, author: bool) -> dict[str, str]:
        """The columns that these roles read, each with the name of its field, in the order of the table."""
        known = {name for role, names in self.some.items() if role in roles for name in names}
        whole = bool(roles & self.readers)
        return {
            column.attname: column.name
            for column in self.model._meta.concrete_fields
            if column.name not in NO_FIELD
            and (whole or column.name in known)
            and (author or column.name not in self.own)
        }


OF_PROGRAM, OF_SESSION = "program.client_id", "session.client_id"
KEPT: Mapping[str, Kept] = {
    "client": Kept(Client, CLIENT_READERS, "pk"),
    "program": Kept(
        Program,
        CLINICIANS,
        "client_id",
        {
            Role.FRONT_DESK: (*COURSE, "status", "phase"),
            Role.BILLING: (*COURSE, "status", "phase", "diagnosis"),
        },
    ),
    "session": Kept(
        Session,
        CLINICIANS,
        "client_id",
        {Role.FRONT_DESK: (*PLACED, *CAME, *VISIT), Role.BILLING: (*PLACED, *CAME)},
    ),
    "obligation": Kept(Obligation, CLINICIANS, "client_id", dict.fromkeys(EVERYONE - CLINICIANS, OWED)),
    "screening": Kept(Screening, CLINICIANS, OF_PROGRAM),
    "finding": Kept(Finding, CLINICIANS, "screening.program.client_id"),
    "clearance": Kept(Clearance, CLINICIANS, OF_PROGRAM),
    "consent": Kept(Consent, CLINICIANS, OF_PROGRAM),
    "medication": Kept(Medication, CLINICIANS, "client_id"),
    "safety_alert": Kept(SafetyAlert, CLINICIANS, OF_PROGRAM),
    "check": Kept(Check, CLINICIANS, OF_SESSION),
    "alarm": Kept(Alarm, CLINICIANS, OF_SESSION),
    "rems_record": Kept(RemsRecord, NURSES | DIRECTOR, OF_SESSION),
    "note": Kept(Note, CLINICIANS, OF_SESSION, own=frozenset({"sections"})),
    "amendment_request": Kept(AmendmentRequest, CLINICIANS, "client_id"),
    "waitlist_entry": Kept(WaitlistEntry, BOOKERS, OF_PROGRAM),
    "coverage": Kept(Coverage, DESK | BILLERS, "client_id"),
    "fee_agreement": Kept(FeeAgreement, BILLERS, "client_id"),
    "payment_plan": Kept(PaymentPlan, BILLERS, "client_id"),
    "necessity_letter": Kept(NecessityLetter, CLINICIANS | BILLERS, "client_id"),
    "drug_lot": Kept(DrugLot, NURSES | DIRECTOR),
    "drug_discrepancy": Kept(DrugDiscrepancy, NURSES | DIRECTOR),
    "location": Kept(Location, EVERYONE),
    "room": Kept(Room, EVERYONE),
    "staff": Kept(User, ADMIN | DIRECTOR),
    "protocol": Kept(Protocol, EVERYONE),
    "service_code": Kept(ServiceCode, BILLERS),
    "fee": Kept(Fee, BILLERS),
    "payer": Kept(Payer, DESK | BILLERS),
    "package": Kept(Package, BILLERS),
    "sliding_scale": Kept(SlidingScale, BILLERS),
}
