"""How long a signed-in browser stays signed in: idle 15 minutes, 12 hours in all (HIPAA 164.312(a)(2)(iii))."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from kapclinic.core import clock

RENEW_SECONDS = 60


class SessionLifetime:
    """Ends a session past its absolute age; renews the idle clock at most once a minute, so reads stay reads."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        session = request.session
        if session.session_key and "_auth_user_id" in session:
            now = int(clock.now().timestamp())
            began, seen = session.get("kap_began", 0), session.get("kap_seen", 0)
            if now - began > settings.SESSION_ABSOLUTE_SECONDS or now - seen > settings.SESSION_IDLE_SECONDS:
                session.flush()
            elif now - seen >= min(RENEW_SECONDS, settings.SESSION_IDLE_SECONDS // 3):
                session["kap_seen"] = now
        return self.get_response(request)


def begin_session(sender: Any, request: HttpRequest, **_: Any) -> None:
    """Start both clocks at login, by whichever form (`user_logged_in`)."""
    request.session["kap_began"] = request.session["kap_seen"] = int(clock.now().timestamp())
