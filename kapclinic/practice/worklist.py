"""The worklist, kind by kind: who sees a row, who it climbs to while nobody acts, and what takes it off again."""

from __future__ import annotations

from enum import Enum, StrEnum

from kapclinic.practice.models import Role
from kapclinic.practice.rules import BILLERS, DIRECTOR, NURSES, PRESCRIBER

DESK = frozenset({Role.FRONT_DESK})
THERAPIST = frozenset({Role.THERAPIST})
ADMIN = frozenset({Role.ADMIN})
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
    AMENDMENT_DUE = (
        "amendment_due", DIRECTOR | CAREGIVERS, NOBODY, Settled.FACT, "accepting or denying the request, or its void")
    NOTE_COSIGN = "note_cosign", THERAPIST | PRESCRIBER, NOBODY, Settled.FACT, "the cosignature"

    BREAK_GLASS_REVIEW = "break_glass_review", DIRECTOR, NOBODY, Settled.FACT, "the director's finding"

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
    CLIENT_UNTOLD = "client_untold", DESK, NOBODY, Settled.TICK, "the call, or that the client knows"
    LINK_LOCKED = "link_locked", DESK, NOBODY, Settled.TICK, "a new link, or the call"
    MOVE_REQUESTED = "move_requested", DESK, NOBODY, Settled.TICK, "a new time, or the call"
    CLIENT_ANSWERED = (
        "client_answered", CAREGIVERS, NOBODY, Settled.TICK, "taking the answers over, or whoever has read them")
    SESSION_LEFT_OPEN = (
        "session_left_open", DESK | CAREGIVERS, NOBODY, Settled.ROOM, "completing or cancelling the session")
    NOTE_UNSIGNED = "note_unsigned", CAREGIVERS | PRESCRIBER, DIRECTOR, Settled.ROOM, "signing the note"
    SESSION_TO_BILL = "session_to_bill", BILLERS, NOBODY, Settled.ROOM, "charging the session"
    CHARGE_OVERTAKEN = "charge_overtaken", BILLERS, NOBODY, Settled.ROOM, "reversing the charge"
    MONEY_PARTED = (
        "money_parted", BILLERS, NOBODY, Settled.TICK, "reversing the charge, or whoever has looked at both accounts")
    ESTIMATE_DUE = "estimate_due", BILLERS, NOBODY, Settled.ROOM, "issuing the estimate, or voiding it"
    PLAN_OVERDUE = "plan_overdue", BILLERS, NOBODY, Settled.ROOM, "the payment, or cancelling the plan"
    REMINDER_UNDELIVERED = (
        "reminder_undelivered", DESK | DIRECTOR | ADMIN, NOBODY, Settled.ROOM,
        "a mail server in EMAIL_URL, or the last session of a reminder that left for nowhere")

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


# What to do about a row, in plain words. They name no finding: the front desk reads them too (R13).
TO_DO: dict[str, str] = {
    Kind.ALARM: "Go to the client, then acknowledge the alarm with what was done.",
    Kind.SAFETY_ALERT: "Speak to the client about their safety, then acknowledge the alert with what was done.",
    Kind.ADVERSE_EVENT_REVIEW: "Review the adverse event.",
    Kind.ADVERSE_EVENT_FOLLOW_UP: "Call the client about the adverse event, and write a follow-up.",
    Kind.ADVERSE_EVENT_ROOT_CAUSE: "Find the cause of the serious event, and write it as a follow-up.",
    Kind.AMENDMENT_DUE: "Answer the client's request to amend the record: accept it, deny it, or put it off once.",
    Kind.BREAK_GLASS_REVIEW: "Look at the reads of somebody of another location, and say what you found.",
    Kind.NOTE_COSIGN: "Read the note and cosign it.",
    Kind.DRUG_LOSS: "Answer for the drug that is missing: explain it, or give notice to the DEA.",
    Kind.DRUG_VARIANCE: "Answer for the difference in the drug ledger: explain it, or give notice to the DEA.",
    Kind.DRUG_FORM_106: "File DEA Form 106.",
    Kind.DRUG_ENTRY_REVIEW: "Look at the drug entry that one person made alone.",
    Kind.DRUG_TRANSFER: "Put the drug that was sent here into the safe.",
    Kind.DRUG_COUNT_MISSING: "Count the drug safe.",
    Kind.DRUG_INVENTORY_DUE: "Take the inventory of the drug safe.",
    Kind.CHECK_IN_SAFETY_CONCERN: "Speak to the client, and say what was done.",
    Kind.DISCHARGE_SAFETY_CONCERN: "Call the client, and say what was done.",
    Kind.INTEGRATION_UNBOOKED: "Book the integration inside its window.",
    Kind.INTEGRATION_MISSED: "Call the client: the integration was missed.",
    Kind.INTEGRATION_UNRECORDED: "Say whether the integration took place.",
    Kind.INTEGRATION_CONFIRM: "Call the client, who has not confirmed the integration yet.",
    Kind.INTEGRATION_LATE: "Look at the integration that is booked after its window.",
    Kind.INTEGRATION_EARLY: "Look at the integration that came before its window: it is still owed.",
    Kind.INTEGRATION_NO_SLOT: "Find a slot for the integration of the planned dose.",
    Kind.SLOT_FREED: "Offer the freed slot to the next client who waits.",
    Kind.WAITLIST_CONFIRM: "Call the client, who has not confirmed the new time yet.",
    Kind.LATE_PAPER: "Look at the dose that was entered on papers made after it.",
    Kind.RECORDED_LATE: "Look through what was entered after the session.",
    Kind.CONFIRM_AGAIN: "Ask the client whether the new time is good.",
    Kind.ESCORT_AGAIN: "Ask the escort again, then send the escort for the new time.",
    Kind.CLIENT_UNTOLD: "Call the client: the session that they know of is moved, changed or cancelled.",
    Kind.LINK_LOCKED: "Call the client: the birth date that was entered at their link was wrong five times.",
    Kind.MOVE_REQUESTED: "Find another time: the client asks for one.",
    Kind.CLIENT_ANSWERED: "Read what the client answered by their link, and take it over.",
    Kind.SESSION_UNSTAFFED: "Find somebody for the session, or move it.",
    Kind.CSSRS_TODAY: "Take the C-SSRS with the client today.",
    Kind.IN_PERSON_VISIT_DUE: "See the client in person before the day from which the law asks for it.",
    Kind.LEGAL_RULE_ENDING: "Look whether the rule of law is extended, and add what follows it.",
    Kind.LEGAL_RULE_UNCHECKED: "Look at the rule of law again, and add it with today's date.",
    Kind.SESSION_LEFT_OPEN: "End the session: complete it, or cancel it with a reason.",
    Kind.NOTE_UNSIGNED: "Write the note of the session and sign it.",
    Kind.SESSION_TO_BILL: "Charge the session, or see what holds that back.",
    Kind.CHARGE_OVERTAKEN: "Reverse the charge: the record does not bear it out any more.",
    Kind.MONEY_PARTED: "Look at both accounts: a merge was taken back, and money or terms of one served the other.",
    Kind.ESTIMATE_DUE: "Issue the Good Faith Estimate that is owed to the client.",
    Kind.PLAN_OVERDUE: "Call the client: a part of the payment plan is overdue.",
    Kind.REMINDER_UNDELIVERED: "Call the clients who come next, and have mail set up: reminders reach nobody.",
    Kind.REMS_RECORD: "Complete the REMS form and submit it.",
    Kind.REMS_AMEND: "Send the change of the form to the REMS.",
    Kind.CLEARANCE_REVIEW: "Decide on the clearance that is suspended: uphold it or void it.",
    Kind.CLEARANCE_EXPIRING: "Screen the client again before the clearance ends.",
    Kind.DOSE_WITHOUT_CLEARANCE: "Look at the booked dose: no clearance stands for it.",
}


def to_do(kind: str) -> str:
    """What to do about a row of this kind; one without words of its own says what settles it."""
    by_code = {str(known): known.by for known in Kind}
    return TO_DO.get(kind) or f"Settled by {by_code[kind]}."
