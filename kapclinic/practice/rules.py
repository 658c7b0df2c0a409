"""Pure rules of the practice: search text, NPI arithmetic, hours."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from datetime import date, time
from typing import TypedDict
from uuid import UUID
from zoneinfo import available_timezones

from kapclinic.core.errors import FieldError, Invalid
from kapclinic.practice.models import Client, Role

EVERYONE = frozenset(Role.values)
BOOKERS = frozenset(
    {Role.FRONT_DESK, Role.NURSE_PRACTITIONER, Role.THERAPIST, Role.PRESCRIBER, Role.MEDICAL_DIRECTOR}
)
CLINICIANS = frozenset({Role.NURSE_PRACTITIONER, Role.THERAPIST, Role.PRESCRIBER, Role.MEDICAL_DIRECTOR})
ADMIN = frozenset({Role.ADMIN})
FRONT_DESK = frozenset({Role.FRONT_DESK})
DIRECTOR = frozenset({Role.MEDICAL_DIRECTOR})
PRESCRIBER = frozenset({Role.PRESCRIBER})
NURSES = frozenset({Role.NURSE_PRACTITIONER, Role.PRESCRIBER})
ABSENCE_ROLES = BOOKERS | ADMIN  # say who is away
BILLERS = frozenset({Role.BILLING, Role.MEDICAL_DIRECTOR})
# Every place of service that CMS names (Place of Service Code Set).
_PLACES = ((1, 27), (31, 34), (41, 42), (49, 58), (60, 62), (65, 66), (71, 72), (81, 81), (99, 99))
PLACES_OF_SERVICE = frozenset(f"{code:02}" for first, last in _PLACES for code in range(first, last + 1))
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


# Letters that are no other letter with a mark, as people without them on the keyboard write them.
_PLAIN = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ı": "i",
        "ħ": "h",
        "ŧ": "t",
        "ŋ": "n",
    }
    | dict.fromkeys("'’‘ʼʻ`´′", "")  # O'Brien is OBrien
)
_APART = re.compile(r"[\s,.;:/()\"\u2010-\u2015-]+")
_DATE = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)|(\d\d?)[/.-](\d\d?)[/.-](\d{4})")
_NUMBER = re.compile(r"\+?[-().\s0-9]+")
_NANP = re.compile(r"(?!\d11)[2-9]\d\d(?!\d11)[2-9]\d{6}")  # a number of North America, without its 1


def folded(text: str) -> str:
    """Words as a search and a comparison of names take them: small, without accents, apostrophes and commas."""
    small = unicodedata.normalize("NFKD", text.translate(_PLAIN).casefold().translate(_PLAIN))
    plain = "".join(ch for ch in small if not unicodedata.combining(ch))
    return " ".join(_APART.sub(" ", plain).split())


def whole_names(client: Client) -> set[tuple[str, str]]:
    """The names (first, last) that a client goes by, folded."""
    first = {folded(client.legal_first_name), folded(client.chosen_name)} - {""}
    return {(name, folded(client.legal_last_name)) for name in first}


def refuse_short_reason(reason: str) -> None:
    """Breaking the glass takes a reason that somebody else can judge: three words at least. Source: clinic policy.

    :raises Invalid: naming `reason`
    """
    if len(reason.split()) < 3:
        raise Invalid.field(
            "reason", "Say in three words or more why this record has to be read now.", code="too_short"
        )


def digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def phone_key(text: str) -> str:
    """A phone number as it is found and compared: its digits, without the 1 of North America or 00 or 011 before it."""
    number = digits(text)
    for prefix in ("011", "00"):
        if len(number) > 10 and number.startswith(prefix):
            return number.removeprefix(prefix)
    if number.startswith("1") and (len(number) == 11 or text.strip().startswith("+")):
        return number[1:]
    return number


def e164(phone: str) -> str:
    """A number as SMS gateways want it: ten digits are American; empty when no SMS can reach it."""
    number = digits(phone)
    if phone.strip().startswith("+") and not number.startswith("1"):
        return f"+{number}" if 8 <= len(number) <= 15 and number[0] != "0" else ""
    national = number[1:] if len(number) == 11 and number.startswith("1") else number
    return f"+1{national}" if _NANP.fullmatch(national) else ""


def search_text(*, names: Sequence[str], mrn: str, phone: str, email: str, born: date) -> str:
    """All that a client is found by, in one folded line: names, MRN, phone, e-mail, birth date two ways."""
    parts = [*map(folded, names), mrn.lower(), phone_key(phone), folded(email)]
    return " ".join(filter(None, [*parts, born.isoformat(), born.strftime("%m/%d/%Y")]))


def found_by(client: Client, aliases: Iterable[Client]) -> str:
    """All that a client is found by: their own, and what was registered of them as somebody else."""
    texts = [
        search_text(
            names=(row.legal_first_name, row.legal_last_name, row.chosen_name),
            mrn=row.mrn,
            phone=row.phone,
            email=row.email,
            born=row.date_of_birth,
        )
        for row in (client, *aliases)
    ]
    return " ".join(texts)


def search_terms(text: str) -> list[str]:
    """What to look for: each word, a phone number as it is kept, a whole date (3/4/1985 is March 4) as it is kept."""
    if _NUMBER.fullmatch(text.strip()) and not _DATE.search(text) and len(digits(text)) >= 7:
        return [phone_key(text)]
    terms: list[str] = []
    for word in text.replace(",", " ").split():
        if day := _day(word):
            terms.append(day)
        elif re.fullmatch(r"[0-9/-]+", word):
            terms.append(phone_key(word) if "/" not in word and len(digits(word)) >= 7 else word)
        else:
            terms += folded(word).split()
    return terms or text.split()  # only marks: nobody is found by them


def _day(word: str) -> str | None:
    """A whole date as ISO 8601; None for anything else."""
    if not (found := _DATE.fullmatch(word)):
        return None
    year, month, day, us_month, us_day, us_year = found.groups()
    return f"{year or us_year}-{int(month or us_month):02}-{int(day or us_day):02}"


def contact_keys(client: Client) -> list[str]:
    """Phone and e-mail as `search_text` has them; two clients may share a birth date, seldom these."""
    number = phone_key(client.phone)
    return [key for key in (number if len(number) >= 7 else "", folded(client.email)) if key]


def alike(one: Client, other: Client) -> list[str]:
    """What makes two clients likely to be one person: names with the birth date, the phone, or the e-mail."""
    same = []
    if one.date_of_birth == other.date_of_birth:
        (first, last), (its_first, its_last) = _names(one), _names(other)
        same += ["first_name"] if first & its_first else []
        same += ["last_name"] if last & its_last else []
        same += ["swapped_names"] if first & its_last and last & its_first and not same else []
        same += ["date_of_birth"] if same else []
    mine, theirs = ((phone_key(row.phone), folded(row.email)) for row in (one, other))
    same += ["phone"] if len(mine[0]) >= 7 and mine[0] == theirs[0] else []
    same += ["email"] if mine[1] and mine[1] == theirs[1] else []
    return same


def _names(client: Client) -> tuple[set[str], set[str]]:
    firsts = {folded(client.legal_first_name), folded(client.chosen_name)} - {""}
    return firsts, {folded(client.legal_last_name)} - {""}


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
    return [
        {"weekday": r["weekday"], "from": hours_text(r["starts"]), "to": hours_text(r["ends"])} for r in rows
    ]


Opening = TypedDict("Opening", {"from": str, "to": str})


def opening(hours: Sequence[StoredHours], closed: Collection[date], *, on: date) -> Opening | None:
    """From when to when a location is open on a day, over a break; None when it is closed."""
    rows = [row for row in hours if row["weekday"] == on.weekday()]
    if not rows or on in closed:
        return None
    return {"from": min(row["from"] for row in rows), "to": max(row["to"] for row in rows)}


def closing_time(text: str) -> time:
    """The end of a stored row of opening hours."""
    return MIDNIGHT if text == "24:00" else time.fromisoformat(text)


def hours_text(value: time) -> str:
    """A time of the week as it is stored and shown; the end of a day is 24:00."""
    return "24:00" if value == MIDNIGHT else value.strftime("%H:%M")


def token_digest(token: str) -> str:
    """What is kept of a secret: SHA-256 of its text."""
    return hashlib.sha256(token.encode()).hexdigest()


def session_ends(*, began: int, seen: int, idle: int, absolute: int) -> int:
    """The last second at which a browser is still signed in, if nobody does anything.

    `began` is when it signed in, `seen` a person's last act (Unix seconds); `idle` and `absolute` are seconds.
    """
    return min(seen + idle, began + absolute)
