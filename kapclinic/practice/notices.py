"""Words of the mails to staff. None names a client, a kind of care or a secret."""

from __future__ import annotations

from typing import NamedTuple

PASSWORD_RESET = "password_reset"  # noqa: S105  (the template of what the owner is told)
FACTOR_ADDED = "second_factor_added"
FACTOR_REMOVED = "second_factor_removed"
FACTORS_RESET = "second_factors_reset"


class Words(NamedTuple):
    subject: str
    message: str


USUAL = Words(
    "Something is waiting for you in kapclinic",
    "A row on your worklist needs you. Sign in to see it. This mailbox is not read.",
)
IF_NOT = "If that was not you, tell the practice at once. This mailbox is not read."
BY_TEMPLATE: dict[str, Words] = {
    PASSWORD_RESET: Words(
        "Your password for kapclinic was set anew",
        "An administrator has set a new password for your account, and whatever you were signed in at has ended. "
        "You choose one of your own when you next sign in. If you did not ask for this, call your clinic now, by a "
        "number that you know. This mailbox is not read.",
    ),
    FACTOR_ADDED: Words(
        "A second factor was added to your kapclinic account",
        f"Whoever signs in as you can now prove it with a new passkey or authenticator app. {IF_NOT}",
    ),
    FACTOR_REMOVED: Words(
        "A second factor was removed from your kapclinic account",
        f"A passkey or authenticator app of yours counts no longer. {IF_NOT}",
    ),
    FACTORS_RESET: Words(
        "Your second factors were reset in kapclinic",
        "Two people of the practice took away all passkeys, authenticator apps and recovery codes of your account. "
        f"Sign in with your password and set up a new one. {IF_NOT}",
    ),
}


def words_of(template: str) -> Words:
    """What is written for a template; for a worklist row the usual."""
    return BY_TEMPLATE.get(template, USUAL)
