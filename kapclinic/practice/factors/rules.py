"""Pure rules of second factors: codes and their time steps."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP_SECONDS, DIGITS, SECRET_BYTES = 30, 6, 20  # what every authenticator app knows (RFC 6238, SHA-1)
STEPS_APART = 1  # a clock may be so many steps off, either way (RFC 6238, 5.2)
RECOVERY_CODES = 10
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that is taken for another
CODE_LENGTH = 11  # letters behind the number of a code: 53 bits
MOST_FACTORS = 10  # of one person
ENROL_WITHIN = timedelta(minutes=15)
CHALLENGE_WITHIN = timedelta(minutes=5)
RESET_WITHIN = timedelta(days=2)  # from asking for something to its approval by another person
FRESH_SECONDS = 300


def state_of(state: str, *, asked_at: datetime, at: datetime, stands: bool = True) -> str:
    """`expired` for what was asked for too long ago, or about what is no more (`stands`); else its own state."""
    over = at - asked_at > RESET_WITHIN or not stands
    return "expired" if state == "asked" and over else state


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303  (what the apps reckon with; HMAC of it holds)


def secret_text(secret: bytes) -> str:
    """The shared secret as an app takes it: base32."""
    return base64.b32encode(secret).decode()


def secret_bytes(text: str) -> bytes:
    return base64.b32decode(text)


def otpauth_uri(secret: bytes, *, email: str) -> str:
    """What an app reads from the picture."""
    return _totp(secret).get_provisioning_uri(email, "kapclinic")


def code_of(secret: bytes, *, step: int) -> str:
    """The six digits of a time step."""
    return _totp(secret).generate(step * STEP_SECONDS).decode()


def step_of(secret: bytes, code: str, *, at: datetime) -> int | None:
    """The time step near `at` that `code` belongs to; None when it belongs to none."""
    now = int(at.timestamp()) // STEP_SECONDS
    found = None
    for step in range(now - STEPS_APART, now + STEPS_APART + 1):
        if hmac.compare_digest(code_of(secret, step=step), code):
            found = step
    return found


def tidied(code: str) -> str:
    """A code as it is compared: without blanks and dashes, in capitals."""
    return re.sub(r"[\s-]+", "", code).upper()


def is_totp(code: str) -> bool:
    return re.fullmatch(rf"[0-9]{{{DIGITS}}}", code) is not None


def is_recovery_code(code: str) -> bool:
    return re.fullmatch(rf"[0-9][{CODE_LETTERS}]{{{CODE_LENGTH}}}", code) is not None


def recovery_codes(pick: Callable[[int], int]) -> Iterator[str]:
    """Ten codes without dashes, each beginning with its number; `pick(n)` is a random number below n."""
    for number in range(RECOVERY_CODES):
        yield str(number) + "".join(CODE_LETTERS[pick(len(CODE_LETTERS))] for _ in range(CODE_LENGTH))


def as_printed(code: str) -> str:
    """A recovery code in groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def is_fresh(given: int | None, *, at: datetime) -> bool:
    """Did somebody prove who they are in the last five minutes? `given` is in Unix seconds."""
    return given is not None and 0 <= int(at.timestamp()) - given <= FRESH_SECONDS
