"""A PATCH of a part: a nested object is laid over the present one by key, and null clears."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rest_framework import serializers

Field = serializers.Field[Any, Any, Any, Any]
WORDS = (
    "A field that is left out stays as it is. A nested object is merged by key: a key that is left out stays, `null` "
    "clears the key, and `null` in place of the object clears all of it. A list is sent whole."
)


def is_nested(field: Field) -> bool:
    """Is it an object of its own that is kept as one? What only adds rows (`merges = False`) is none."""
    return isinstance(field, serializers.Serializer | serializers.DictField) and getattr(
        field, "merges", True
    )


def laid_over(present: Mapping[str, Any], sent: Mapping[str, Any], *, field: Field) -> dict[str, Any]:
    """`sent` over `present`, as a body would send the whole; a key that is null falls away, if it can't be null.

    One that says another `anew` of its field is another: nothing of the present one is left then.
    """
    anew: str | None = getattr(field, "anew", None)
    if anew is not None and anew in sent and str(sent[anew]).strip() != present.get(anew):
        present = {}
    fields: Mapping[str, Field] | None = getattr(field, "fields", None)  # a table of free keys has none
    kept = {key: _as_sent(value) for key, value in present.items() if fields is None or key in fields}
    return {key: value for key, value in {**kept, **sent}.items() if value is not None or _stays(key, fields)}


def changes_nothing(present: Mapping[str, Any] | None, sent: object) -> bool:
    """Is it an object without a key, over one that is there? It was not sent then: it confirms nothing either."""
    return bool(present) and isinstance(sent, Mapping) and not sent


def cleared(field: Field, *, required: bool) -> Any:
    """What null makes of the object: null where it may be, else an empty one; None of `field`'s rules bends.

    Returns null for an object that can't be empty, which its own rule then refuses.
    """
    fields: Mapping[str, Field] = getattr(field, "fields", {})
    empty = {key: None for key, child in fields.items() if child.allow_null}
    may_be_empty = all(child.allow_null or not child.required for child in fields.values())
    return None if field.allow_null or (required and not may_be_empty) else empty


def _stays(key: str, fields: Mapping[str, Field] | None) -> bool:
    """Is a null of this key for the field to judge: one that may be null, or one that nobody knows?"""
    return fields is not None and (key not in fields or fields[key].allow_null)


def _as_sent(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
