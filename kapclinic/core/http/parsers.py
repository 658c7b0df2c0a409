"""JSON in: strict, bounded, without NUL bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


def _holds_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, Mapping):
        return any(_holds_nul(key) or _holds_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_holds_nul, value))


class StrictJSONParser(JSONParser):
    """Refuses NaN, Infinity, NUL bytes and nesting past Python's limit, each with a 400."""

    strict = True

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
            nul = _holds_nul(data)
        except RecursionError as exc:
            raise ParseError("JSON parse error - nested too deeply") from exc
        if nul:
            raise ParseError("Text can't hold a NUL byte.")
        return data
