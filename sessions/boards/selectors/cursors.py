"""What a client has seen of the monitoring board: the marks of its sessions, when, and until when that holds."""

from __future__ import annotations

import binascii
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

Marks = Mapping[UUID, int]
TICK = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BadCursor(ValueError):
    """This cursor was not made here."""


@dataclass(frozen=True)
class Cursor:
    """What a client has seen: the marks, when, and until when time alone changes nothing."""

    seen_at: datetime
    until: datetime
    marks: Mapping[UUID, int]

    def __str__(self) -> str:
        head = struct.pack(">QQ", _micros(self.seen_at), _micros(self.until))
        rows = b"".join(pk.bytes + struct.pack(">I", mark) for pk, mark in sorted(self.marks.items()))
        return urlsafe_b64encode(head + rows).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Cursor:
        """:raises BadCursor: for any other text"""
        try:
            raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            seen, until = struct.unpack(">QQ", raw[:16])
            rows = struct.iter_unpack(">16sI", raw[16:])
            return cls(_moment(seen), _moment(until), {UUID(bytes=pk): mark for pk, mark in rows})
        except (binascii.Error, struct.error, ValueError, OverflowError) as exc:
            raise BadCursor("a cursor from an earlier answer is expected") from exc


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // TICK


def _moment(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)


def etag_of(location_id: UUID, marks: Marks, *, until: datetime, clinical: bool, by: UUID) -> str:
    """The ETag of a board as this user was told it, so that nobody's 304 shows what a colleague read (R10).

    It contains `until`, so that the next poll can be answered from the marks alone.
    """
    told = f"{location_id} {by} {clinical} {_micros(until)} " + " ".join(
        f"{pk} {mark}" for pk, mark in sorted(marks.items())
    )
    return f'"{_micros(until):x}-{sha256(told.encode()).hexdigest()[:24]}"'


def current_tag(
    given: str, location_id: UUID, marks: Marks, *, clinical: bool, by: UUID, at: datetime
) -> str | None:
    """The tag of `If-None-Match` that still names what the board shows this user, if there is one."""
    for tag in (part.strip().removeprefix("W/") for part in given.split(",")):
        micros, _, _ = tag.strip('"').partition("-")
        try:
            until = _moment(int(micros, 16))
        except (ValueError, OverflowError):
            continue
        if at < until and tag == etag_of(location_id, marks, until=until, clinical=clinical, by=by):
            return tag
    return None
