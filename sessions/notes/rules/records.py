"""Pure rules of a dosing session's own record: its parts, the fields of each, when an entry is an addendum.

Source: clinical policy 1.2, 1.7 and 11.1 (pre-dose, setting, observations, peak, adverse events). The record is part of
the medical record: summaries only. What belongs in a psychotherapy note (45 CFR 164.501) is never written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypedDict
from zoneinfo import ZoneInfo

from kapclinic.core.errors import FieldError
from sessions.notes.models import RecordEntry

P = RecordEntry.Part
TEXT, BOOL, SCALE, CHOICE, MOMENT = "text", "bool", "scale", "choice", "moment"
LONGEST = 4000


class Peak(TypedDict):
    value: int
    at: datetime


@dataclass(frozen=True)
class Field:
    """One field of a part: its kind, whether it must be there, the words of a choice. A scale is 0 to 10."""

    kind: str
    required: bool = False
    choices: tuple[str, ...] = ()


_text, _bool, _scale, _moment = Field(TEXT), Field(BOOL), Field(SCALE), Field(MOMENT)
PARTS: Mapping[str, Mapping[str, Field]] = {
    P.CHECK_IN: {
        "mood": Field(SCALE, required=True),
        "intention": _text,
        "safety": _text,
        "safety_concern": Field(BOOL, required=True),
        "interval_history": _text,
        "medicines_taken": _text,
        "last_food_at": _moment,
        "last_drink_at": _moment,
        "alcohol_drug_24h": _bool,
        "alcohol_drug_detail": _text,
    },
    P.SETTING: {
        "playlist": _text,
        "eye_mask": _bool,
        "headphones": _bool,
        "lights": Field(CHOICE, choices=("dim", "dark", "bright")),
        "position": _text,
        "verbal_interaction": Field(CHOICE, choices=("none", "minimal", "active")),
        "therapist_presence": Field(CHOICE, choices=("in_room", "on_site_available", "remote_video")),
        "others_present": _text,
    },
    P.OBSERVATION: {"text": Field(TEXT, required=True), "dissociation": _scale, "behaviour": _text},
    P.SUPPORT: {
        "intervention": Field(TEXT, required=True),
        "touch_used": Field(BOOL, required=True),
        "touch_consented": _bool,
    },
    P.EMERGENCE: {"text": Field(TEXT, required=True), "oriented_at": _moment},
    P.DEBRIEF: {"text": Field(TEXT, required=True), "same_day": _bool},
    P.NONE_OBSERVED: {"text": _text},
}


def described() -> str:
    """The parts and their fields, for the API's page."""
    rows = [
        f"{part}: " + ", ".join(name + ("" if field.required else "?") for name, field in fields.items())
        for part, fields in PARTS.items()
    ]
    return "; ".join(rows)


def _error(name: str, code: str, detail: str) -> FieldError:
    return FieldError(f"/content/{name}" if name else "/content", code, detail)


def _read_moment(value: object) -> str | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return None if moment is None or moment.tzinfo is None else _zulu(moment)
    except (ValueError, OverflowError):
        return None


def _zulu(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _read(name: str, field: Field, value: object) -> tuple[object, FieldError | None]:
    """The value as it is kept, or what is wrong with it."""
    if field.kind == TEXT and isinstance(value, str) and 0 < len(value.strip()) <= LONGEST:
        return value.strip(), None
    if field.kind == BOOL and isinstance(value, bool):
        return value, None
    if field.kind == SCALE and isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10:
        return value, None
    if field.kind == CHOICE and value in field.choices:
        return value, None
    if field.kind == MOMENT and (moment := _read_moment(value)) is not None:
        return moment, None
    return None, _error(name, "invalid", f"Expected: {_expected(field)}.")


def _expected(field: Field) -> str:
    return {
        TEXT: f"text of 1 to {LONGEST} characters",
        BOOL: "true or false",
        SCALE: "a whole number from 0 to 10",
        CHOICE: f"one of {', '.join(field.choices)}",
        MOMENT: "a time with its UTC offset",
    }[field.kind]


def read_content(part: str, content: Mapping[str, object]) -> tuple[dict[str, object], list[FieldError]]:
    """The content of a part as it is kept, and every field that is unknown, missing or unreadable."""
    fields = PARTS[part]
    kept: dict[str, object] = {}
    errors = [
        _error(name, "unknown_field", "This part has no such field.")
        for name in content
        if name not in fields
    ]
    for name, field in fields.items():
        if content.get(name) is None:
            if field.required:
                errors.append(_error(name, "required", "This part needs it."))
            continue
        value, error = _read(name, field, content[name])
        if error is None:
            kept[name] = value
        else:
            errors.append(error)
    if not errors and not kept and part != P.NONE_OBSERVED:
        errors.append(_error("", "required", "Say something."))
    return kept, errors


def _together_errors(part: str, kept: Mapping[str, object]) -> list[FieldError]:
    """Fields that ask for each other: touch for consent, a concern for words."""
    if part == P.SUPPORT and kept["touch_used"] and "touch_consented" not in kept:
        return [_error("touch_consented", "required", "Say whether the client had consented to touch.")]
    if part == P.CHECK_IN and kept["safety_concern"] and "safety" not in kept:
        return [_error("safety", "required", "Say what the concern is.")]
    return []


def _time_errors(kept: Mapping[str, object], *, observed_at: datetime) -> list[FieldError]:
    """The last meal, the last drink and the return of orientation can't lie after `observed_at`."""
    late = [
        name
        for name in ("last_food_at", "last_drink_at", "oriented_at")
        if name in kept and datetime.fromisoformat(str(kept[name])) > observed_at
    ]
    return [_error(name, "too_late", "This is after observed_at.") for name in late]


def read_entry(
    part: str, content: Mapping[str, object], *, observed_at: datetime, session_day: datetime, zone: ZoneInfo
) -> tuple[dict[str, object], list[FieldError]]:
    """`content` as it is kept, or what is wrong with it.

    A debrief says itself whether it was on the session's own day, by the clinic's calendar: it is no integration
    session, which comes days later (clinical policy 1.10).
    """
    kept, errors = read_content(part, content)
    if errors:
        return kept, errors
    errors = _together_errors(part, kept) + _time_errors(kept, observed_at=observed_at)
    if part == P.DEBRIEF:
        same = observed_at.astimezone(zone).date() == session_day.astimezone(zone).date()
        if kept.setdefault("same_day", same) != same:
            errors.append(_error("same_day", "inconsistent", "observed_at says otherwise."))
    return kept, errors


def is_addendum(*, ended_at: datetime, at: datetime, hours: float) -> bool:
    """Has the time for an ordinary entry passed? It is open until the protocol's `record_hours` after the end."""
    return at > ended_at + timedelta(hours=hours)


def setting_of(entries: Iterable[RecordEntry]) -> dict[str, object]:
    """The setting as it was last said to be, field by field; entries come oldest first."""
    found: dict[str, object] = {}
    for entry in entries:
        if entry.part == P.SETTING:
            found |= entry.content
    return found


def peak(values: Iterable[tuple[datetime, int | None]]) -> Peak | None:
    """The highest value and when it was first reached; None where nothing was measured."""
    measured = [(value, moment) for moment, value in values if value is not None]
    if not measured:
        return None
    value, moment = min(measured, key=lambda row: (-row[0], row[1]))
    return {"value": value, "at": moment}


def dissociations(entries: Iterable[RecordEntry]) -> list[tuple[datetime, int | None]]:
    """When it was observed, and the 0-10 that was said, if any."""
    return [
        (entry.observed_at, entry.content.get("dissociation"))
        for entry in entries
        if entry.part == P.OBSERVATION
    ]
