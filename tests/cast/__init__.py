"""The one cast of all tests, and factories named by the state that they return.

Every state is reached through the services, as the clinic reaches it: what the product refuses can't be built here.
A test that needs a broken row plants it by SQL, where its reader sees it.
"""

from __future__ import annotations

from tests.cast.desk import Desk
from tests.cast.dosing import (
    ASKED,
    STATED,
    STAY,
    calm,
    completed_dose,
    discharged_session,
    dosed_session,
    give,
    owed,
    ready_dose,
    undosed_session,
    written_order,
)
from tests.cast.money import PLAIN, charged, service_codes
from tests.cast.notes import (
    cosigned_note,
    session_at_south,
    signed_dose,
    signed_injection,
    signed_note,
    signed_session,
    signed_stock_dose,
    written_note,
)
from tests.cast.people import (
    ADDRESS,
    KINDS,
    MONDAY,
    PASSWORD,
    PERSON,
    Cast,
    assemble,
    client,
    colleague,
    later,
    location,
    room,
    staff,
)
from tests.cast.programs import approved_protocol, opened_program
from tests.cast.screening import clear, cleared_program, cssrs, sign_consent
from tests.cast.sessions import (
    ask,
    booked,
    checked_in_session,
    completed_session,
    ended_session,
    one_of_each_kind,
    started_session,
    team,
)
from tests.cast.ways import AT_HOME, HOME, IM, IV, at_home, attest, lot_of, weighed

__all__ = [
    "ADDRESS",
    "ASKED",
    "AT_HOME",
    "HOME",
    "IM",
    "IV",
    "KINDS",
    "MONDAY",
    "PASSWORD",
    "PERSON",
    "PLAIN",
    "STATED",
    "STAY",
    "Cast",
    "Desk",
    "approved_protocol",
    "ask",
    "assemble",
    "at_home",
    "attest",
    "booked",
    "calm",
    "charged",
    "checked_in_session",
    "clear",
    "cleared_program",
    "client",
    "colleague",
    "completed_dose",
    "completed_session",
    "cosigned_note",
    "cssrs",
    "discharged_session",
    "dosed_session",
    "ended_session",
    "give",
    "later",
    "location",
    "lot_of",
    "one_of_each_kind",
    "opened_program",
    "owed",
    "ready_dose",
    "room",
    "service_codes",
    "session_at_south",
    "sign_consent",
    "signed_dose",
    "signed_injection",
    "signed_note",
    "signed_session",
    "signed_stock_dose",
    "staff",
    "started_session",
    "team",
    "undosed_session",
    "weighed",
    "written_note",
    "written_order",
]
