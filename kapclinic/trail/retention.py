"""How long each table is kept: by which law at least, and what this program does. docs/retention.md shows it.

A pattern is a table's name, `*` for any end; histories (`…_historical…`) go with their table. Each table stands in one
row: tests/test_retention.py sees to it. A law's number is the least; nothing of a record is deleted by the program.
"""

from __future__ import annotations

from dataclasses import dataclass

RECORD = "state law: 7 to 10 years after the last visit in most states"
NEVER = "never deleted"
HIPAA_PAPERS = "6 years (45 CFR 164.316(b)(2)(i), 164.530(j)(2))"
NO_LAW = "none"


@dataclass(frozen=True)
class Kept:
    """Rows of one kind. `ends` is when the program deletes them, and what it leaves in the audit log then."""

    what: str
    tables: tuple[str, ...]
    law: str
    ends: str


KEPT = (
    Kept(
        "The clinical record: screenings, consents, measures, medicines, sessions, readings, orders, doses, notes",
        (
            "screening_*",
            "programs_program",
            "programs_phasespan",
            "practice_client",
            "practice_clientalias",
            "practice_death",
            "practice_deathvoid",
            "clinic_sessions_addendum",
            "clinic_sessions_administration*",
            "clinic_sessions_adverse*",
            "clinic_sessions_alarm",
            "clinic_sessions_allocation",
            "clinic_sessions_attachment*",
            "clinic_sessions_attestation",
            "clinic_sessions_check",
            "clinic_sessions_client*",
            "clinic_sessions_discharge",
            "clinic_sessions_evidencebundle",
            "clinic_sessions_gateoverride*",
            "clinic_sessions_moveundo",
            "clinic_sessions_note*",
            "clinic_sessions_obligation",
            "clinic_sessions_order*",
            "clinic_sessions_owednote",
            "clinic_sessions_reading*",
            "clinic_sessions_recordentry*",
            "clinic_sessions_remsrecord",
            "clinic_sessions_session*",
            "clinic_sessions_stage",
            "clinic_sessions_waitlist*",
        ),
        RECORD,
        f"{NEVER}; a draft of a note that is thrown away leaves its row",
    ),
    Kept("Psychotherapy notes, sealed", ("clinic_sessions_psychotherapynote",), RECORD, NEVER),
    Kept(
        "The controlled drug: lots, every entry, counts, discrepancies",
        ("clinic_sessions_drug*",),
        "2 years (21 CFR 1304.04(a)); state law may ask for more",
        NEVER,
    ),
    Kept(
        "What a client asked of their record, and whom it was told to; legal holds",
        ("clinic_sessions_amendmentrequest", "clinic_sessions_disclosure*", "clinic_sessions_legalhold*"),
        "6 years (45 CFR 164.526, 164.528, 164.530(j)(2))",
        NEVER,
    ),
    Kept(
        "Good Faith Estimates",
        ("billing_estimate*",),
        "6 years (45 CFR 149.610(f)(1)), as part of the record",
        NEVER,
    ),
    Kept(
        "Money: charges, payments, refunds, packages, plans, documents and their numbers, jobs",
        (
            "billing_adjustment",
            "billing_charge*",
            "billing_coverage",
            "billing_documentcounter",
            "billing_feeagreement",
            "billing_job*",
            "billing_necessityletter*",
            "billing_package*",
            "billing_payer",
            "billing_payment*",
            "billing_receipt*",
            "billing_refund",
            "billing_statement",
            "billing_superbill*",
        ),
        "the tax authority's, 7 years by custom; as part of the record longer",
        NEVER,
    ),
    Kept(
        "Rules of the clinic: protocols, law, consent texts, codes, fees, phrases, reminder plans, imports",
        (
            "programs_protocol",
            "programs_legalrule*",
            "billing_diagnosis",
            "billing_fee",
            "billing_servicecode",
            "billing_slidingscale",
            "clinic_sessions_phrase",
            "clinic_sessions_reminderplan",
            "clinic_sessions_import",
            "clinic_sessions_importedrow",
        ),
        HIPAA_PAPERS,
        NEVER,
    ),
    Kept(
        "Who works here, where, with which rights; rooms, hours, calendars, tokens as digests, second factors sealed",
        (
            "practice_user",
            "practice_location",
            "practice_room",
            "practice_workinghours",
            "practice_timeoff",
            "practice_authtoken",
            "practice_secondfactor",
            "practice_recoverycode",
            "practice_factorreset",
            "practice_privatenoteopening",
            "clinic_sessions_calendarfeed",
            "auth_*",
            "django_content_type",
        ),
        HIPAA_PAPERS,
        f"{NEVER}; an account is switched off",
    ),
    Kept(
        "The audit trail, its chain, and records that were opened in an emergency",
        ("trail_auditevent", "trail_auditseal", "trail_breakglass"),
        HIPAA_PAPERS,
        NEVER,
    ),
    Kept(
        "The worklist, and messages to staff and clients as ids",
        ("trail_task", "trail_outbox"),
        NO_LAW,
        NEVER,
    ),
    Kept(
        "Copies of a whole record that were asked for, sealed",
        ("billing_recordexportfile", "billing_recordexportpiece", "billing_recordexportpart"),
        NO_LAW,
        "the file after 14 days or a merge taken back (`record_export.file_ended`), its parts when it is made",
    ),
    Kept(
        "An archive of the practice that was asked for, sealed",
        ("billing_practiceexportpiece",),
        NO_LAW,
        "after 14 days (`practice_export.file_ended`)",
    ),
    Kept(
        "Which copies and archives were asked for, by whom and why",
        ("billing_recordexport", "billing_practiceexport"),
        HIPAA_PAPERS,
        NEVER,
    ),
    Kept(
        "Rows of a sent file that wait to come in, sealed",
        ("clinic_sessions_importcontent",),
        NO_LAW,
        "when they came in or were refused (`import.rows_forgotten`)",
    ),
    Kept(
        "Answers that are kept for an Idempotency-Key, sealed",
        ("trail_idempotencyrecord",),
        NO_LAW,
        "after 7 days, about once an hour (`retention.forgotten`, with how many)",
    ),
    Kept(
        "Signed-in browsers",
        ("django_session",),
        NO_LAW,
        "at the sign-out, else a day after their end (`retention.forgotten`, with how many)",
    ),
    Kept("One sealed word, by which the keys are known", ("trail_fieldkeyword",), NO_LAW, NEVER),
    Kept(
        "Questions that a passkey is to answer, random bytes",
        ("practice_factorchallenge",),
        NO_LAW,
        "with the answer, else when the person is asked again",
    ),
    Kept(
        "Counters of wrong passwords",
        ("practice_loginfailures", "clinic_sessions_witnesslock"),
        NO_LAW,
        "with the right password, else a day after the last; a digest or an id, and a count. Prints of requests that"
        " named a witness, keyed digests, after 5 minutes with the next pass",
    ),
    Kept(
        "What the periodic work has still to look at, and when it ran",
        (
            "trail_changed",
            "trail_heartbeat",
            "trail_anchorkeeping",
            "trail_backupword",
            "clinic_sessions_reminderlook",
        ),
        NO_LAW,
        "when it has looked; ids alone, made anew from the rows",
    ),
)
