"""Pure rules of the trail: the chain's arithmetic, the worklist's moves, how long a message waits."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from kapclinic.core.transitions import Move

logger = logging.getLogger("kapclinic.trail")
GENESIS = "0" * 64
NO_UUID = UUID(int=0)  # before every event
STRANGER = UUID("00000000-0000-7000-8000-000000000002")  # who an event is by when nobody is signed in
OUTBOX_TRIES = 8
# Of one pass, so that a provider that hangs keeps neither the other channel nor the sweep waiting; all channels
# together stay below the shortest lease.
CHANNEL_SECONDS = 20.0
ALL_STAFF = {"front_desk", "nurse_practitioner", "therapist", "prescriber", "billing", "medical_director"}
CARE = frozenset({"nurse_practitioner", "therapist", "prescriber"})  # who reads records to care for a client
TASK_MOVES = {"done": Move.of({"open"}, "done", ALL_STAFF)}
MESSAGE_MOVES = {"retry": Move.of({"dead"}, "pending", {"admin", "medical_director"})}


# What the database server may write of a statement that failed: nothing of it, and no value of a row. Of each setting
# the values that say so; docker-compose.yml and the development servers set the first.
LOG_SETTINGS: dict[str, tuple[str, ...]] = {
    "log_min_error_statement": ("panic", "fatal"),
    "log_parameter_max_length": ("0",),
    "log_parameter_max_length_on_error": ("0",),
    "log_error_verbosity": ("terse",),  # the DETAIL of an error is the row
}


def canonical(event: Any) -> str:
    """The event as text that two programs would write alike."""
    content = {
        "id": str(event.id),
        "at": event.created_at.isoformat(),
        "by": str(event.created_by),
        "action": event.action,
        "object": [event.object_type, str(event.object_id)],
        "clients": [str(client) for client in event.clients],
        "roles": list(event.roles),
        "outcome": event.outcome,
        "detail": event.detail,
    }
    if event.address is not None:  # events from before they were kept are chained without
        content["address"] = str(event.address)
    if event.request_id is not None:
        content["request"] = str(event.request_id)
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def link(previous: str, sequence: int, event: Any) -> str:
    """The hash of one link: SHA-256 over the previous hash, the sequence and the event."""
    return hashlib.sha256(f"{previous}|{sequence}|{canonical(event)}".encode()).hexdigest()


@dataclass(frozen=True)
class Broken:
    """The first bad link and what is wrong with it."""

    sequence: int
    why: str


SEALS = ("sha256", "key", "signature")  # of an anchor: what stands over the rest of it


def anchor_text(content: Mapping[str, Any]) -> bytes:
    """An anchor without what stands over it, as two programs would write it: what is hashed and signed."""
    kept = {key: value for key, value in content.items() if key not in SEALS}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def anchor_digest(content: Mapping[str, Any]) -> str:
    """SHA-256 over an anchor without what stands over it."""
    return hashlib.sha256(anchor_text(content)).hexdigest()


def anchor_name(content: Mapping[str, Any]) -> str:
    """Names sort by their moments, and tell how many links the anchor holds."""
    moment = re.sub("[^0-9]", "", str(content["at"])[:23]).ljust(17, "0")
    return f"anchor-{moment}-{content['audit']['sequence']:012d}-{anchor_digest(content)[:8]}.json"


def links_in(name: str) -> int | None:
    """How many links the anchor of that name holds; None for the name of something else."""
    found = re.fullmatch(r"anchor-[0-9]{17}-([0-9]{12})-[0-9a-f]{8}\.json", name)
    return int(found[1]) if found else None


def first_broken(seals: Iterable[Any], *, after: int = 0, start: str = GENESIS) -> Broken | None:
    """Walk the chain from its start, or behind the link `after` of the hash `start`; None when every link holds."""
    expected, previous = after + 1, start
    for seal in seals:
        if seal.sequence != expected:
            return Broken(expected, "is missing")
        if seal.previous_hash != previous:
            return Broken(seal.sequence, "does not follow the link before it")
        if link(previous, seal.sequence, seal.event) != seal.hash:
            return Broken(seal.sequence, "was changed after it was sealed")
        expected, previous = expected + 1, seal.hash
    return None


def uuid_floor(last: UUID, *, back: timedelta) -> UUID:
    """The smallest UUIDv7 that could have been made `back` before `last`."""
    millis = (last.int >> 80) - int(back / timedelta(milliseconds=1))
    return UUID(int=max(millis, 0) << 80)


def lease(attempts: int) -> timedelta:
    """How long a claimed message stays claimed, and so how long a failed one waits: 1, 2, 4 … 64 minutes."""
    return timedelta(minutes=2 ** min(attempts - 1, 6))
