"""What clients read. No name, no drug, no diagnosis, no kind of visit: a stranger may be holding the phone.

Each text says that nobody reads replies, and whom to call in an emergency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sessions.reminders import rules

SUBJECT = "Your appointment"


@dataclass(frozen=True)
class Facts:
    """All that a text may say; times are in the client's zone. `fasting` is hours by {"solid", "clear"}."""

    place: str
    phone: str
    starts_at: datetime
    emergency_phone: str
    emergency_text: str = ""
    is_new: bool = False
    is_off: bool = False
    before: datetime | None = None
    instructs: bool = False
    fasting: Mapping[str, Any] = field(default_factory=dict)
    at_home: bool = False
    by_video: bool = False
    was_by_video: bool | None = None  # as the client knows it, where this tells of another way to meet
    link: str = ""


def place_name(chosen: str, location_name: str) -> str:
    """The clinic's name as a stranger may read it."""
    name = chosen or location_name
    return "your clinic" if rules.tells(name) else name


def when(moment: datetime) -> str:
    """A moment as Americans write it: ``Tuesday, May 5, 2026 at 9:00 AM MDT``."""
    day = f"{moment:%A, %B} {moment.day}, {moment.year}"
    return f"{day} at {moment.hour % 12 or 12}:{moment:%M} {'AM' if moment.hour < 12 else 'PM'} {moment.tzname()}"


def _opening(facts: Facts) -> str:
    if facts.is_off:
        return f"Your appointment at {facts.place} on {when(facts.starts_at)} was cancelled."
    if facts.before == facts.starts_at:
        return f"Your appointment at {facts.place} on {when(facts.starts_at)} was changed."
    if facts.before is not None:
        return (
            f"Your appointment at {facts.place} was moved from {when(facts.before)}. "
            f"It is now on {when(facts.starts_at)}."
        )
    if facts.is_new:
        return f"You have an appointment at {facts.place} on {when(facts.starts_at)}."
    return f"A reminder of your appointment at {facts.place} on {when(facts.starts_at)}."


def _way(facts: Facts) -> str:
    """How they meet: by video, or no more so."""
    if facts.is_off:
        return ""
    if facts.was_by_video in {None, facts.by_video}:
        return "It is by video." if facts.by_video else ""
    if facts.by_video:
        return "It is now by video: please do not come to us."
    return "It is no longer by video: please come to us."


def _hours(value: Any) -> str:
    return f"{value:g} hour{'' if value == 1 else 's'}"


def _instructions(facts: Facts) -> list[str]:
    """Fasting by the protocol's hours, and the ride."""
    if not facts.instructs:
        return []
    solid, clear = facts.fasting.get("solid"), facts.fasting.get("clear")
    lines = []
    if solid:
        lines.append(f"Please eat nothing in the last {_hours(solid)} before it.")
    if clear:
        lines.append(f"Drink nothing in the last {_hours(clear)}; until then clear liquids are fine.")
    if facts.at_home:
        lines.append("An adult must be with you. Do not drive until the next day.")
    else:
        lines.append(
            "You cannot drive yourself home: an adult must take you. Do not drive until the next day."
        )
    return lines


def _link(facts: Facts) -> str:
    """The address at which the client answers; it names nobody."""
    return f"Please confirm here, or ask for another time: {facts.link}" if facts.link else ""


def _change(facts: Facts) -> str:
    return "For another one" if facts.is_off else "To change it"


def _number(facts: Facts) -> str:
    return f"{facts.place} at {facts.phone}" if facts.phone else facts.place


def _emergency(facts: Facts) -> str:
    return " ".join(filter(None, [f"In an emergency call {facts.emergency_phone}.", facts.emergency_text]))


def email(facts: Facts) -> str:
    """The body of an e-mail."""
    paragraphs = [
        " ".join(filter(None, [_opening(facts), _way(facts)])),
        " ".join(_instructions(facts)),
        _link(facts),
        f"{_change(facts)}, or to stop these messages, call {_number(facts)}.",
        f"This mailbox is not monitored: nobody reads replies. {_emergency(facts)}",
    ]
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def sms(facts: Facts) -> str:
    """One text message."""
    sentences = [
        _opening(facts),
        *filter(None, [_way(facts)]),
        *_instructions(facts),
        *filter(None, [_link(facts)]),
        f"{'Another one' if facts.is_off else 'Changes'}, or to stop these texts: call {_number(facts)}.",
        f"This number is not monitored. {_emergency(facts)}",
    ]
    return " ".join(sentences)
