"""Pure rules of the practice: search text, NPI arithmetic, hours."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from datetime import date, time
from typing import TypedDict
from uuid import UUID
from zoneinfo import available_timezones

from kapclinic.core.errors import FieldError
from kapclinic.practice.models import Role

EVERYONE = frozenset(Role.values)
BOOKERS = frozenset(
    {Role.FRONT_DESK, Role.NURSE_PRACTITIONER, Role.THERAPIST, Role.PRESCRIBER, Role.MEDICAL_DIRECTOR}
)
CLINICIANS = frozenset({Role.NURSE_PRACTITIONER, Role.THERAPIST, Role.PRESCRIBER, Role.MEDICAL_DIRECTOR})
ADMIN = frozenset({Role.ADMIN})
DIRECTOR = frozenset({Role.MEDICAL_DIRECTOR})
PRESCRIBER = frozenset({Role.PRESCRIBER})
NURSES = frozenset({Role.NURSE_PRACTITIONER, Role.PRESCRIBER})
ABSENCE_ROLES = BOOKERS | ADMIN  # say who is away
BILLERS = frozenset({Role.BILLING, Role.MEDICAL_DIRECTOR})
CLIENT_READERS = BOOKERS | BILLERS
MIDNIGHT = time.max  # the end of the day, written 24:00: hours that go on after it are two rows
_ZONES = available_timezones()


class Hours(TypedDict):
    """One weekly row of local time; weekday 0 is Monday."""

    weekday: int
    starts: time
    ends: time


class PlacedHours(Hours):
    """Weekly hours of a person, who may work at several locations."""

    location: UUID


# A row of opening hours as the location keeps it.
StoredHours = TypedDict("StoredHours", {"weekday": int, "from": str, "to": str})


def normalized(text: str) -> str:
    """Lower case, without accents: what a name search compares."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(ch for ch in decomposed if not unicodedata.combining(ch))


def digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def search_text(*, names: Sequence[str], mrn: str, phone: str, born: date) -> str:
    """All that a client is found by, in one normalized line: names, MRN, phone digits, birth date two ways."""
    parts = [*map(normalized, names), mrn.lower(), digits(phone), born.isoformat(), born.strftime("%m/%d/%Y")]
    return " ".join(part for part in parts if part)


def search_terms(text: str) -> list[str]:
    """What to look for: each word, and a phone number as its digits."""
    if re.fullmatch(r"[-+()./\s0-9]{7,}", text) and not re.fullmatch(
        r"\d{4}-\d\d-\d\d|\d\d/\d\d/\d{4}", text.strip()
    ):
        return [digits(text)]
    return normalized(text).split()


def npi_is_valid(npi: str) -> bool:
    """A National Provider Identifier: 10 digits, first 1 or 2, Luhn over 80840 + NPI (CMS NPI check digit)."""
    if not re.fullmatch(r"[12][0-9]{9}", npi):
        return False
    reversed_digits = [int(ch) for ch in "80840" + npi][::-1]
    doubled = (2 * n - 9 if n > 4 else 2 * n for n in reversed_digits[1::2])
    return (sum(reversed_digits[0::2]) + sum(doubled)) % 10 == 0


def zone_is_known(name: str) -> bool:
    return name in _ZONES


def hours_errors(rows: Sequence[Hours], *, where: str) -> list[FieldError]:
    """Reversed or overlapping weekly hours, by index; rows of different locations are not compared."""
    errors: list[FieldError] = []
    seen: list[tuple[tuple[object, int], time, time]] = []
    for index, row in enumerate(rows):
        key = (row.get("location"), row["weekday"])
        if row["starts"] >= row["ends"]:
            errors.append(FieldError(f"/{where}{index}/to", "reversed", "The end must be after the start."))
        if any(
            key == other and row["starts"] < ends and starts < row["ends"] for other, starts, ends in seen
        ):
            errors.append(FieldError(f"/{where}{index}/from", "overlap", "These hours overlap another row."))
        seen.append((key, row["starts"], row["ends"]))
    return errors


def as_stored(rows: Sequence[Hours]) -> list[StoredHours]:
    """Opening hours as JSON."""
    return [{"weekday": r["weekday"], "from": _hm(r["starts"]), "to": _hm(r["ends"])} for r in rows]


def closing_time(text: str) -> time:
    """The end of a stored row of opening hours."""
    return MIDNIGHT if text == "24:00" else time.fromisoformat(text)


def _hm(value: time) -> str:
    return "24:00" if value == MIDNIGHT else value.strftime("%H:%M")


def token_digest(token: str) -> str:
    """What is kept of a secret: SHA-256 of its text."""
    return hashlib.sha256(token.encode()).hexdigest()
