"""Words of the mails to staff. None names a client, a kind of care or a secret."""

from __future__ import annotations

from typing import NamedTuple

PASSWORD_RESET = "password_reset"  # noqa: S105  (the template of what the owner is told)
FACTOR_ADDED = "second_factor_added"
FACTOR_REMOVED = "second_factor_removed"
FACTORS_RESET = "second_factors_reset"
OPENING_ASKED = "private_opening_asked"
OPENING_DONE = "private_opening_done"
# Somebody else opens or closes a way in: also told where they were written to until a short time ago.
TO_FORMER = frozenset({PASSWORD_RESET, FACTORS_RESET, OPENING_ASKED, OPENING_DONE})


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
    OPENING_ASKED: Words(
        "Somebody asks to open what is sealed in your kapclinic account",
        "Since your way in was reset, what you alone may read is sealed. One person of the practice asks to open it "
        "for your account, and another one decides. If you did not ask for this, call your clinic now, by a number "
        "that you know. This mailbox is not read.",
    ),
    OPENING_DONE: Words(
        "What was sealed in your kapclinic account is open again",
        "A medical director and an administrator of the practice opened together what was sealed since your way in "
        "was reset. Whoever signs in as you can read it. If you did not ask for this, call your clinic now, by a "
        "number that you know. This mailbox is not read.",
    ),
}


def words_of(template: str) -> Words:
    """What is written for a template; for a worklist row the usual."""
    return BY_TEMPLATE.get(template, USUAL)
