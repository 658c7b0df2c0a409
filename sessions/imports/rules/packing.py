"""Rows as they wait for the worker: JSON in which days, moments and ids keep their kind."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

Body = dict[str, Any]
_KINDS: Mapping[str, Any] = {"moment": datetime.fromisoformat, "day": date.fromisoformat, "id": UUID}
MARK = "="  # no field of a body is called so


def _marked(value: object) -> dict[str, str]:
    if isinstance(value, datetime):
        return {MARK: "moment", "is": value.isoformat()}
    if isinstance(value, date):
        return {MARK: "day", "is": value.isoformat()}
    if isinstance(value, UUID):
        return {MARK: "id", "is": str(value)}
    raise TypeError(type(value).__name__)


def _told(value: dict[str, Any]) -> Any:
    return _KINDS[value[MARK]](value["is"]) if MARK in value else value


def packed(rows: Sequence[tuple[int, Body]]) -> bytes:
    """Each row with its number in the file."""
    return json.dumps(rows, default=_marked, separators=(",", ":")).encode()


def unpacked(content: bytes) -> list[tuple[int, Body]]:
    """What was packed."""
    return [(number, body) for number, body in json.loads(content, object_hook=_told)]
