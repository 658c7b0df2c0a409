"""What the archive of a practice holds: every table whole, but for what is named here, each with its reason.

A new table is in the archive by itself. A column whose name or type tells of a secret is refused by a test until it is
named here.
"""

from __future__ import annotations

from collections.abc import Mapping

FRAMEWORK = "the program's own, made by `migrate`"
AT_THE_DOOR = "who is signed in, and who guessed wrong: everybody signs in anew"

# Tables that stay behind, each with the reason.
LEFT_BEHIND: Mapping[str, str] = {
    "django_migrations": FRAMEWORK,
    "django_content_type": FRAMEWORK,
    "auth_permission": FRAMEWORK,
    "auth_group": FRAMEWORK,
    "auth_group_permissions": FRAMEWORK,
    "django_session": AT_THE_DOOR,
    "practice_authtoken": AT_THE_DOOR,
    "practice_loginfailures": AT_THE_DOOR,
    "practice_secondfactor": AT_THE_DOOR,
    "practice_recoverycode": AT_THE_DOOR,
    "practice_factorchallenge": AT_THE_DOOR,
    "clinic_sessions_witnesslock": AT_THE_DOOR,
    "clinic_sessions_calendarfeed": "secret addresses: made anew",
    "clinic_sessions_historicalcalendarfeed": "secret addresses: made anew",
    "trail_idempotencyrecord": "answers to requests of this server",
    "trail_heartbeat": "when this server's worker was last awake",
    "trail_fieldkeyword": "by which this server knows its own keys",
    "trail_anchorkeeping": "what this server has put outside",
    "trail_backupword": "how the backups of this server stand",
    "billing_recordexportfile": "files that end after some days",
    "billing_recordexportpiece": "files that end after some days",
    "billing_practiceexport": "the way by which such an archive is made; the audit trail tells of each",
    "billing_historicalpracticeexport": "the way by which such an archive is made; the audit trail tells of each",
    "billing_practiceexportpiece": "the way by which such an archive is made; the audit trail tells of each",
}

# Rows that stay behind: table -> the condition of those that go, and why the others don't.
NARROWED: Mapping[str, tuple[str, str]] = {
    "trail_outbox": (
        "status NOT IN ('pending', 'sending')",
        "messages that are still to be sent leave from here, or clients would get them twice",
    ),
}

# Columns that never leave, each with the reason; the row goes, and says null there.
WITHHELD: Mapping[str, Mapping[str, str]] = {
    "practice_user": {
        "password": "a hash can be guessed at: each password is set anew",
        "has_factor": "second factors stay behind: each is set up anew",
        "notes_sealed_at": "the private notes that it seals stay behind as well",
    },
    "clinic_sessions_clientlink": {"digest": "of a link's secret"},
    "clinic_sessions_historicalclientlink": {"digest": "of a link's secret"},
    # 45 CFR 164.501 and 164.508(a)(2): its author's alone, and no part of what a practice hands over.
    "clinic_sessions_psychotherapynote": {"sealed": "a psychotherapy note is its author's alone"},
    "billing_recordexportpart": {
        "sealed": "made anew",
        "sha256": "made anew",
    },
}

# Columns whose bytes are files of the archive, opened where they lie sealed; the row says null there.
AS_FILES: Mapping[str, str] = {
    "billing_jobfile": "content",
    "clinic_sessions_attachmentcontent": "sealed",
    "clinic_sessions_importcontent": "sealed",
}

# Tables that `migrate` fills: what it put there is replaced by what comes in.
SEEDED = frozenset({"billing_diagnosis"})

# What stays behind and is no sign of anybody's work: a server that runs has such rows.
OF_THE_SERVER = frozenset(
    {
        "trail_heartbeat",
        "trail_fieldkeyword",
        "trail_anchorkeeping",
        "trail_backupword",
        "practice_loginfailures",
    }
)


def not_in_rows(table: str) -> tuple[str, ...]:
    """The columns of a table that its rows show as null."""
    held = AS_FILES.get(table)
    return (*WITHHELD.get(table, {}), *((held,) if held else ()))
