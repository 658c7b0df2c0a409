"""The worklist, kind by kind: who sees a row, who it climbs to while nobody acts, and what takes it off again."""

from __future__ import annotations

from enum import Enum, StrEnum

from kapclinic.practice.models import Role
from kapclinic.practice.rules import DIRECTOR, NURSES, PRESCRIBER

DESK = frozenset({Role.FRONT_DESK})
THERAPIST = frozenset({Role.THERAPIST})
CAREGIVERS = THERAPIST | NURSES
NOBODY: frozenset[Role] = frozenset()


class Settled(Enum):
    """How a row leaves the worklist.

    FACT: by a fact alone; a row that is ticked off before comes back with the sweep's step `worklist` (R14).
    ROOM: a row that is ticked off before comes back with a step of its own of the sweep, while its matter stands.
    WORDS: by whoever says what was done; no fact could.
    TICK: by a fact, or by whoever has seen to it.
    """

    FACT = "fact"
    ROOM = "room"
    WORDS = "words"
    TICK = "tick"


class Kind(StrEnum):
    """One kind of row: its code, who sees it first, who it climbs to, how it is settled, and by what."""

    roles: frozenset[Role]
    climbs_to: frozenset[Role]
    settled: Settled
    by: str

    def __new__(
        cls, code: str, roles: frozenset[Role], climbs_to: frozenset[Role], settled: Settled, by: str
    ) -> Kind:
        kind = str.__new__(cls, code)
        kind._value_ = code
        kind.roles, kind.climbs_to, kind.settled, kind.by = roles, climbs_to, settled, by
        return kind

    @property
    def in_words(self) -> bool:
        return self.settled is Settled.WORDS

    # fmt: off
    ALARM = "alarm", NURSES, DIRECTOR, Settled.FACT, "acknowledging the alarm"
    SAFETY_ALERT = (
        "safety_alert", THERAPIST | {Role.NURSE_PRACTITIONER}, DIRECTOR | PRESCRIBER, Settled.FACT,
        "acknowledging the alert")
    CSSRS_TODAY = "cssrs_today", CAREGIVERS, DIRECTOR, Settled.FACT, "a C-SSRS with a tier, taken since"
    ADVERSE_EVENT_REVIEW = "adverse_event_review", DIRECTOR, NOBODY, Settled.FACT, "the director's review"
    ADVERSE_EVENT_FOLLOW_UP = "adverse_event_follow_up", CAREGIVERS, DIRECTOR, Settled.FACT, "a follow-up"
    ADVERSE_EVENT_ROOT_CAUSE = (
        "adverse_event_root_cause", DIRECTOR, NOBODY, Settled.FACT, "a follow-up that names the root cause")
    NOTE_COSIGN = "note_cosign", THERAPIST | PRESCRIBER, NOBODY, Settled.FACT, "the cosignature"

    DRUG_LOSS = (
        "drug_loss", DIRECTOR, DIRECTOR | PRESCRIBER, Settled.FACT, "the notice, an explanation, or closing the case")
    DRUG_VARIANCE = (
        "drug_variance", DIRECTOR, DIRECTOR | PRESCRIBER, Settled.FACT,
        "the notice, an explanation, or closing the case")
    DRUG_FORM_106 = (
        "drug_form_106", DIRECTOR, DIRECTOR | PRESCRIBER, Settled.FACT, "Form 106, an explanation, or closing the case")
    DRUG_ENTRY_REVIEW = "drug_entry_review", DIRECTOR, NOBODY, Settled.TICK, "the director, who has looked at it"
    DRUG_TRANSFER = "drug_transfer", NURSES, NOBODY, Settled.TICK, "whoever has put the drug into the safe"
    DRUG_COUNT_MISSING = "drug_count_missing", NURSES, NOBODY, Settled.TICK, "a whole count at the close, or the word"
    DRUG_INVENTORY_DUE = "drug_inventory_due", DIRECTOR, NOBODY, Settled.ROOM, "an inventory"

    CHECK_IN_SAFETY_CONCERN = (
        "check_in_safety_concern", CAREGIVERS, DIRECTOR, Settled.WORDS, "whoever has spoken to the client")
    DISCHARGE_SAFETY_CONCERN = (
        "discharge_safety_concern", CAREGIVERS, DIRECTOR, Settled.WORDS, "whoever has spoken to the client")

    INTEGRATION_UNBOOKED = (
        "integration_unbooked", DESK, THERAPIST | DIRECTOR, Settled.ROOM, "a booking, a waiver or the window's end")
    INTEGRATION_MISSED = (
        "integration_missed", DESK | THERAPIST | DIRECTOR, NOBODY, Settled.TICK,
        "a booking, a waiver, or the follow-up")
    INTEGRATION_UNRECORDED = (
        "integration_unrecorded", THERAPIST | DESK, NOBODY, Settled.ROOM, "saying whether it took place")
    INTEGRATION_CONFIRM = "integration_confirm", DESK, NOBODY, Settled.TICK, "the client's word, or the call"
    INTEGRATION_LATE = "integration_late", THERAPIST | DIRECTOR, NOBODY, Settled.TICK, "whoever has looked at it"
    INTEGRATION_EARLY = "integration_early", THERAPIST, NOBODY, Settled.TICK, "whoever has looked at it"
    INTEGRATION_NO_SLOT = "integration_no_slot", DESK, NOBODY, Settled.TICK, "a slot that is held after all"

    SESSION_UNSTAFFED = (
        "session_unstaffed", DESK, NOBODY, Settled.FACT, "booking who or what is missing, or the session's end")
    SLOT_FREED = "slot_freed", DESK, NOBODY, Settled.TICK, "an answer to the offer, or the call"
    WAITLIST_CONFIRM = "waitlist_confirm", DESK, NOBODY, Settled.TICK, "the client's word, or the call"

    LATE_PAPER = "late_paper", DIRECTOR, NOBODY, Settled.TICK, "the director, who has looked at it"
    RECORDED_LATE = (
        "recorded_late", NURSES | DIRECTOR, NOBODY, Settled.TICK, "whoever has looked through what was entered")

    CONFIRM_AGAIN = "confirm_again", DESK, NOBODY, Settled.TICK, "the client's word, or the call"
    ESCORT_AGAIN = "escort_again", DESK, NOBODY, Settled.TICK, "the escort, sent again, or the call"
    CLIENT_UNTOLD = "client_untold", DESK, NOBODY, Settled.TICK, "the call"

    REMS_RECORD = "rems_record", NURSES, DIRECTOR, Settled.ROOM, "submitting the form"
    REMS_AMEND = "rems_amend", NURSES, NOBODY, Settled.TICK, "whoever has sent the change to the REMS"
    CLEARANCE_REVIEW = (
        "clearance_review", PRESCRIBER, NOBODY, Settled.ROOM,
        "upholding or voiding the clearance, or a new decision")
    CLEARANCE_EXPIRING = (
        "clearance_expiring", PRESCRIBER, NOBODY, Settled.TICK, "a new decision, or whoever has seen to it")
    DOSE_WITHOUT_CLEARANCE = (
        "dose_without_clearance", DESK | PRESCRIBER, NOBODY, Settled.ROOM,
        "a clearance that stands, or no dose in the book any more")

    IN_PERSON_VISIT_DUE = (
        "in_person_visit_due", DESK | PRESCRIBER, NOBODY, Settled.ROOM,
        "a completed session in person, an attested visit, or a rule that allows to go without")
    LEGAL_RULE_ENDING = (
        "legal_rule_ending", DIRECTOR, NOBODY, Settled.TICK, "a rule that follows it, or the director, who saw to it")
    LEGAL_RULE_UNCHECKED = (
        "legal_rule_unchecked", DIRECTOR, NOBODY, Settled.ROOM, "the same rule with the day on which it was looked at")
    # fmt: on
