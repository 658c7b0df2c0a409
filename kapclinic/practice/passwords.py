"""How good a password must be, beyond its length and Django's list of 20,000 that were breached.

The estimate is that of zxcvbn (D. Wheeler, USENIX Security 2016), which knows 30,000 breached passwords, words, names,
dates, keyboards and repeats. NIST SP 800-63B-4, 3.1.1.2 asks for a list of common and breached passwords and for no
rule about kinds of letters; a least estimate beyond that is policy, no source.
"""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from zxcvbn import zxcvbn

LEAST = 3  # of 0 to 4: more than 10^8 guesses, which a slow hash like Argon2 makes dear; policy, no source
LOOKED_AT = 72  # letters: what comes after can only make it better
SHORTEST = 3  # letters: a word of the person or the house of so many counts for nothing
OF_THE_HOUSE = ("kapclinic", "ketamine", "psychotherapy", "clinic")


class StrengthValidator:
    """Refuses what somebody who knows the person and the usual passwords soon guesses."""

    def validate(self, password: str, user: Any = None) -> None:
        """:raises ValidationError: with what makes it weak, in words that do not repeat it"""
        about = f"{getattr(user, 'name', '')} {getattr(user, 'email', '')}"
        known = [*OF_THE_HOUSE, *filter(None, re.split(r"[\W_]+", about.lower()))]
        looked_at = password[:LOOKED_AT].lower()
        found = zxcvbn(password[:LOOKED_AT], user_inputs=known)
        own = [word for word in known if len(word) >= SHORTEST and word in looked_at]
        beside = re.sub("|".join(map(re.escape, own)), "", looked_at) if own else None
        if found["score"] < LEAST or (beside is not None and zxcvbn(beside or "-")["score"] < LEAST):
            warning = found["feedback"]["warning"]
            raise ValidationError(" ".join(filter(None, (self.get_help_text(), warning))), code="guessable")

    def get_help_text(self) -> str:
        return "Choose four words or more that do not belong together: this one is guessed too soon."
