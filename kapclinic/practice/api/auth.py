"""Signing in and out, and bearer tokens."""

from __future__ import annotations

from datetime import datetime
from math import ceil
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.middleware.csrf import get_token
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.emails import email_key
from kapclinic.core.errors import ClinicError, Invalid, NotFound, NotPermitted
from kapclinic.core.http.problems import Problem
from kapclinic.practice import doors, services, tokens
from kapclinic.practice.api import auth_bodies
from kapclinic.practice.api.second_step import passes_by_key, question_of_closed_door, second_step
from kapclinic.practice.factors import freshness
from kapclinic.practice.models import User
from kapclinic.trail.http import ANYONE, ClinicViewSet
from kapclinic.trail.services import log_act


class WrongCredentials(ClinicError):
    code, status, title = "wrong_credentials", 401, "E-mail or password is wrong"


class TooManyAttempts(ClinicError):
    """`retry_after`: the seconds until this e-mail may try again."""

    code, status, title = "too_many_attempts", 429, "Too many attempts: try again later"


class AuthViewSet(ClinicViewSet):
    """`auth/…`: a program without a browser may sign in without a CSRF token, a browser of another site may not."""

    object_type = "auth"
    idempotent = False
    public = frozenset({"login", "logout"})
    always = frozenset({"me", "password"})
    found: User | Problem
    confirmed: bool
    is_proven = False  # by a passkey, at a door that wrong passwords closed
    roles: ClassVar = {"me": ANYONE, "password": ANYONE}
    unenrolled = frozenset({"me", "password"})
    asks_nothing = frozenset({"me"})
    inputs: ClassVar = {"login": auth_bodies.LoginIn, "password": auth_bodies.PasswordIn}
    outputs: ClassVar = {"login": auth_bodies.MeOut, "me": auth_bodies.MeOut}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if "HTTP_AUTHORIZATION" not in request.META:  # who comes with a token fills in no form
            get_token(request._request)  # noqa: SLF001  (also on a 401: the login form needs the cookie)
        super().initial(request, *args, **kwargs)

    def _refuse_other_site(self, request: Request) -> None:
        origin = request.headers.get("Origin")
        if origin and urlsplit(origin).netloc != request.get_host():
            raise NotPermitted("This page belongs to another site.")

    def before_write(self) -> None:
        """Look at passwords outside the transaction: a wrong one is counted although it is refused."""
        if self.action == "login":
            self._refuse_other_site(self.request)
            self.found = self._identified(self.body())
        elif self.action == "password":
            old = self.body()["old_password"]
            self.confirmed = doors.confirm_password(user=self.user, password=old, at=self.at)

    def _identified(self, body: Any) -> User | Problem:
        """Whose e-mail and password these are, or the refusal."""
        key = email_key(body["email"])
        until = doors.login_locked_until(key=key, at=self.at)
        if until is not None:
            return self._at_closed_door(key, body, until)
        asked = self.request._request  # noqa: SLF001
        user: Any = authenticate(asked, email=body["email"], password=body["password"])
        return Problem(WrongCredentials()) if user is None else user

    def _at_closed_door(self, key: str, body: Any, until: datetime) -> User | Problem:
        """Whoever shows their passkey beside the right password comes in; others wait, and their tries are noted."""
        user = User.objects.filter(email_key=key, is_active=True).first()
        if user is not None and passes_by_key(self.request, user=user, body=body, at=self.at):
            self.is_proven = True
            return user
        authenticate(self.request._request, email=body["email"], password=body["password"])  # noqa: SLF001
        wait = ceil((until - self.at).total_seconds())
        question = question_of_closed_door(self.request, user=user, at=self.at)
        detail = "Wait a few minutes, use a passkey, or ask the administrator."
        locked = TooManyAttempts(detail, retry_after=wait, passkey=question)
        return Problem(locked, headers={"Retry-After": str(wait)})

    def login(self, request: Request) -> Response:
        if isinstance(self.found, Problem):
            return self.found
        body = self.body()
        asked = None if self.is_proven else second_step(request, user=self.found, body=body, at=self.at)
        if asked is None:
            self._enter(self.found)
            return self.answer(self.found)
        if not (body.get("otp") or body.get("credential")):
            doors.clear_tries(key=self.found.email_key)  # it was right: codes have a lock of their own
        code = asked.data["code"]
        doors.note_wrong_login(user=self.found, tried=doors.Try.TAKEN, code=code, at=self.at)
        return asked

    def _enter(self, user: User) -> None:
        """Let them in, under a session id that nobody had before: also whoever was signed in here already."""
        doors.clear_tries(key=user.email_key)
        asked = self.request._request  # noqa: SLF001
        asked.session.flush()
        login(asked, user)
        freshness.mark(asked.session, at=self.at)
        self.request.user = user

    def logout(self, request: Request) -> Response:
        if request.user.is_authenticated:
            log_act(
                by=request.user.pk,
                roles=request.user.role_set,
                action="auth.logout",
                object_type="auth",
                at=self.at,
            )
        logout(request._request)  # noqa: SLF001
        # What this browser keeps of lists and boards is not for whoever signs in at it next.
        return Response(status=204, headers={"Clear-Site-Data": '"cache"'})

    def me(self, request: Request) -> Response:
        return self.answer(request.user)

    def password(self, request: Request) -> Response:
        body = self.body()
        if not self.confirmed:
            raise Invalid.field("old_password", "The old password is wrong.", code="wrong")
        user = doors.change_password(user=self.user, password=body["new_password"], at=self.at)
        update_session_auth_hash(request._request, user)  # noqa: SLF001
        return Response(status=204)


class TokenViewSet(ClinicViewSet):
    """The caller's own bearer tokens, at a browser in which they have just said who they are."""

    object_type = "token"
    idempotent = False
    roles: ClassVar = {"list": ANYONE, "create": ANYONE, "revoke_all": ANYONE, "revoke": ANYONE}
    by_session = fresh_for_all = frozenset(roles)
    inputs: ClassVar = {"create": auth_bodies.TokenIn}
    output = auth_bodies.TokenOut
    outputs: ClassVar = {"create": auth_bodies.IssuedTokenOut}

    def get_queryset(self) -> Any:
        return tokens.live(self.user, at=self.at)

    def list(self, request: Request) -> Response:
        return self.get_paginated_response(
            self.represent(self.paginate_queryset(self.get_queryset()), many=True)
        )

    def create(self, request: Request) -> Response:
        row, secret = tokens.make_token(**self.body(), user=self.user, at=self.at)
        row.token = secret  # type: ignore[attr-defined]
        return self.answer(row, status=201)

    def revoke_all(self, request: Request) -> Response:
        services.revoke_tokens(user=self.user, at=self.at)
        return Response(status=204)

    def revoke(self, request: Request, pk: Any) -> Response:
        if not services.revoke_tokens(user=self.user, at=self.at, token_id=pk):
            raise NotFound
        return Response(status=204)
