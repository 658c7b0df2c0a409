"""The shape of every refusal (RFC 9457), for the OpenAPI document; settings read it before any app is ready."""

from __future__ import annotations

from typing import Any

PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {key: {"type": "string"} for key in ("pointer", "code", "detail")},
            },
        },
        "conflicts": {
            "type": "array",
            "description": "of 409 `resource_conflict`: what is taken. Where somebody keeps the time: `held_until`, "
            "`held_by` and `held_by_name`, without a session",
            "items": {"type": "object"},
        },
        "nearest": {
            "type": "array",
            "description": "of a booking, a kept slot or a move that was refused so: up to three free slots, as "
            "entries of `availability/`",
            "items": {"type": "object"},
        },
        "retry_after": {
            "type": "integer",
            "description": "of 429 at `auth/login/`: seconds until this e-mail may try again",
        },
    },
}
