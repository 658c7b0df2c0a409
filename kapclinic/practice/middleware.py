"""How long a signed-in browser stays signed in: idle 15 minutes, 12 hours in all (HIPAA 164.312(a)(2)(iii)).

Only what a person does keeps it signed in: a page that asks by itself says so in the header `X-Kap-Poll: 1`, and
`auth/me/`, which tells when it ends, never puts that off.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from kapclinic.core import clock
from kapclinic.practice.rules import session_ends

RENEW_SECONDS = 60
ME = "/api/v1/auth/me/"


class SessionLifetime:
    """Ends a session past its absolute age; renews the idle clock at most once a minute, so reads stay reads."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        session = request.session
        if session.session_key and "_auth_user_id" in session:
            now = int(clock.now().timestamp())
            began, seen = session.get("kap_began", 0), session.get("kap_seen", 0)
            idle, absolute = settings.SESSION_IDLE_SECONDS, settings.SESSION_ABSOLUTE_SECONDS
            if now > session_ends(began=began, seen=seen, idle=idle, absolute=absolute):
                session.flush()
            elif now - seen >= min(RENEW_SECONDS, idle // 3) and _is_an_act(request):
                session["kap_seen"] = now
        return self.get_response(request)


def _is_an_act(request: HttpRequest) -> bool:
    """Did a person ask for this, rather than a page by itself?"""
    return request.headers.get("X-Kap-Poll") != "1" and request.path_info != ME


def begin_session(sender: Any, request: HttpRequest, **_: Any) -> None:
    """Start both clocks at login, by whichever form (`user_logged_in`)."""
    request.session["kap_began"] = request.session["kap_seen"] = int(clock.now().timestamp())
