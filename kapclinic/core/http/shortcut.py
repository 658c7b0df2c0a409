"""What a program asks by token goes past what is there for browsers: sessions, cookies, redirects, who is signed in.

`ByToken` stands where the middleware of browsers begins, `Inside` behind its end: between them nothing is to be done
for a request of the API that brings a token and no cookie. A view that begins a session for it all the same has that
saved as for anybody. What looks at each view before it is asked (CSRF) looks at this one too.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware

GetResponse = Callable[[HttpRequest], HttpResponseBase]
API, TOKEN = "/api/", "token "
HOSTS_MOST = 100  # names that one process remembers, where all of a domain are ours; then it begins anew


class Inside:
    """The last of the middleware; `ByToken`, which Django makes after it, asks it directly."""

    made: Inside | None = None

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        Inside.made = self

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)


class ByToken:
    """Adds to an answer by token what the middleware of browsers would have added."""

    def __init__(self, get_response: GetResponse) -> None:
        assert Inside.made is not None, "Inside is the last of MIDDLEWARE"
        self.get_response, self.inside = get_response, Inside.made.get_response
        self.session: type[SessionBase] = import_module(settings.SESSION_ENGINE).SessionStore
        self.unopened = vars(self.session(None))
        self.hosts, self.ours = settings.ALLOWED_HOSTS, set[str]()  # and the names that were found among them
        self.sessions, self.cookies = SessionMiddleware(get_response), CsrfViewMiddleware(get_response)
        self.frames = settings.X_FRAME_OPTIONS

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_by_token(request):
            return self.get_response(request)
        self._refuse_other_host(request)
        request.session, request.user = self._unopened(), AnonymousUser()
        answer: Any = self.inside(request)
        if request.session.accessed or request.META.get("CSRF_COOKIE_NEEDS_UPDATE"):
            self.cookies.process_response(request, answer)
            answer = self.sessions.process_response(request, answer)
        headers = answer.headers
        if not answer.streaming and "Content-Length" not in headers:
            headers["Content-Length"] = str(len(answer.content))
        if "X-Frame-Options" not in headers:
            headers["X-Frame-Options"] = self.frames
        told: HttpResponseBase = answer
        return told

    def _unopened(self) -> SessionBase:
        """A session that nobody has begun; made anew, it would look for its serializer."""
        session = self.session.__new__(self.session)
        vars(session).update(self.unopened)
        return session

    def _refuse_other_host(self, request: HttpRequest) -> None:
        """Programs ask by few names, so each is looked at once.

        :raises DisallowedHost: for a name that is not ours
        """
        named = request.META.get("HTTP_HOST", "")
        if named in self.ours and settings.ALLOWED_HOSTS is self.hosts:
            return
        request.get_host()
        if settings.ALLOWED_HOSTS is not self.hosts or len(self.ours) >= HOSTS_MOST:
            self.hosts, self.ours = settings.ALLOWED_HOSTS, set()
        self.ours.add(named)


def is_by_token(request: HttpRequest) -> bool:
    """Is this a request of the API with a token and without any cookie, at an address that is spelt out?"""
    meta, path = request.META, request.path_info
    return (
        "HTTP_COOKIE" not in meta
        and path.startswith(API)
        and path.endswith("/")
        and meta.get("HTTP_AUTHORIZATION", "")[: len(TOKEN)].lower() == TOKEN
    )
