"""Which language a page speaks: the one that was chosen on this device, else the browser's first that we have."""

from __future__ import annotations

from django.http import HttpRequest

from kapclinic.core.languages import best_of

LANGUAGES = ("en", "es")
COOKIE = "kap_lang"


def language_of(request: HttpRequest) -> str:
    """A code of `LANGUAGES`."""
    chosen = request.COOKIES.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    return best_of(request.headers.get("Accept-Language", ""), LANGUAGES)
