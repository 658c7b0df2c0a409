"""Which language a browser asks for, of those that a page has."""

from __future__ import annotations

import re
from collections.abc import Sequence


def best_of(header: str, languages: Sequence[str]) -> str:
    """The first of `languages` that an Accept-Language names, by its weights; else the first one that there is."""
    wanted = sorted(_wanted(header), reverse=True)
    return next((code for _, _, code in wanted if code in languages), languages[0])


def _wanted(header: str) -> list[tuple[float, int, str]]:
    """(weight, minus place, code) of each language that a browser names; what cannot be read is left out."""
    found = []
    for place, part in enumerate(header.split(",")[:20]):
        match = re.fullmatch(r"\s*([A-Za-z]{2,3})(?:-[\w-]+)?\s*(?:;\s*q=([01](?:\.\d{1,3})?))?\s*", part)
        if match:
            found.append((float(match[2] or 1), -place, match[1].lower()))
    return found
