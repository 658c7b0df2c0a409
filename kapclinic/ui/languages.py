"""Which language a page speaks: the one that was chosen on this device, else the browser's first that we have."""

from __future__ import annotations

import re

from django.http import HttpRequest

LANGUAGES = ("en", "es")
COOKIE = "kap_lang"


def language_of(request: HttpRequest) -> str:
    """A code of `LANGUAGES`."""
    chosen = request.COOKIES.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    wanted = sorted(_wanted(request.headers.get("Accept-Language", "")), reverse=True)
    return next((code for _, _, code in wanted if code in LANGUAGES), "en")


def _wanted(header: str) -> list[tuple[float, int, str]]:
    """(weight, minus place, code) of each language that a browser names; what cannot be read is left out."""
    found = []
    for place, part in enumerate(header.split(",")[:20]):
        match = re.fullmatch(r"\s*([A-Za-z]{2,3})(?:-[\w-]+)?\s*(?:;\s*q=([01](?:\.\d{1,3})?))?\s*", part)
        if match:
            found.append((float(match[2] or 1), -place, match[1].lower()))
    return found
