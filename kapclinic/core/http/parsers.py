"""JSON in: strict, bounded, without what no column can hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

LARGEST = 2**63
_SURROGATE = re.compile("[\ud800-\udfff]")


def _unreadable(value: object) -> str | None:
    """Why a value can't be kept by PostgreSQL or shown as JSON again; None when it can."""
    if isinstance(value, str):
        if "\x00" in value:
            return "Text can't hold a NUL byte."
        return None if value.isascii() or not _SURROGATE.search(value) else "Text holds half a character."
    if isinstance(value, Mapping):
        return next(filter(None, map(_unreadable, [*value, *value.values()])), None)
    if isinstance(value, list):
        return next(filter(None, map(_unreadable, value)), None)
    if isinstance(value, int | float) and not -LARGEST <= value < LARGEST:
        return "A number lies past 64 bits."
    return None


class StrictJSONParser(JSONParser):
    """Refuses NaN, numbers past 64 bits, NUL bytes, lone surrogates and deep nesting, each with a 400."""

    strict = True

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
            reason = _unreadable(data)
        except RecursionError as exc:
            raise ParseError("JSON parse error - nested too deeply") from exc
        if reason:
            raise ParseError(reason)
        return data
