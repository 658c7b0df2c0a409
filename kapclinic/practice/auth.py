"""Signing in: e-mail and password for the cookie, hashed expiring tokens for programs."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.auth.backends import BaseBackend
from django.db import connection
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from kapclinic.core import clock
from kapclinic.core.emails import email_key
from kapclinic.core.postgresql.straight import Straight
from kapclinic.core.rows import as_row
from kapclinic.practice import doors, tokens
from kapclinic.practice.entry_models import AuthToken
from kapclinic.practice.models import User
from kapclinic.practice.rules import token_digest


def _whose(key: str) -> User | None:
    """Who has the e-mail of this key."""
    return User.objects.filter(email_key=key).first()


class ClinicBackend(BaseBackend):
    """One e-mail, one password, active staff only; wrong ones count towards a lock, on every way in.

    The same time is spent on an e-mail that nobody has. Whoever lets the person in clears their tries
    (`doors.clear_tries`), once they are through every door.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        email = kwargs.get("email") or username
        if not email or password is None:
            return None
        now, key = clock.now(), email_key(email)
        user = _whose(key)
        tried = doors.take_try(key=key, at=now)
        if tried is not doors.Try.LOCKED:
            if user is None:
                User().set_password(password)
            elif user.check_password(password) and user.is_active:
                return user
        doors.note_wrong_login(user=user, tried=tried, at=now)
        return None

    def get_user(self, user_id: UUID) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()


class CookieAuthentication(SessionAuthentication):
    """The session cookie, with CSRF enforced on every unsafe method."""


# Writes down, once an hour, that a token was used; one that is over already stays over.
USED = """
WITH used AS (
    UPDATE practice_authtoken SET last_used_at = %(at)s::timestamptz
    WHERE digest = %(digest)s AND revoked_at IS NULL AND expires_at > %(at)s::timestamptz
        AND COALESCE(last_used_at, created_at) <= %(noted)s::timestamptz
        AND COALESCE(last_used_at, created_at) > %(idle)s::timestamptz
)
"""
KNOWN_MOST = 10_000  # tokens of which one process knows when their use was noted; then it begins anew
_noted: dict[str, datetime] = {}  # by digest


def forget() -> None:
    """Begin anew, as a process that has just started."""
    _noted.clear()


class _Lookup:
    """The statements that find a token with its user, by digest: `asks`, and `notes` which writes down its use too.

    Compiled once a process: every request sends one, and compiling cost more than asking.
    """

    def __init__(self) -> None:
        rows = AuthToken.objects.select_related("user").filter(digest="", revoked_at__isnull=True)
        statement, params = rows.query.get_compiler(connection=connection).as_sql()
        assert params == ("",), params
        named = statement.replace("%s", "%(digest)s")
        self.asks, self.notes = Straight("kap_token", named), Straight("kap_token_used", USED + named)
        self.of_token, self.of_user = (
            [field.attname for field in model._meta.concrete_fields] for model in (AuthToken, User)
        )


_lookup = cache(_Lookup)


def live_token(digest: str, *, at: datetime) -> AuthToken | None:
    """The token of this digest that was not taken back, with its user, as both were before this use, which is noted.

    Nobody has looked at their dates yet.
    """
    lookup, known = _lookup(), _noted.get(digest)
    is_known = known is not None and at - known < tokens.COARSE
    if is_known:
        row = lookup.asks.row({"digest": digest})
    else:
        row = lookup.notes.row({"digest": digest, "at": at, **tokens.since(at=at)})
    if row is None:
        return None
    token = as_row(AuthToken, lookup.of_token, row)
    user = as_row(User, lookup.of_user, row[len(lookup.of_token) :])
    token._state.fields_cache["user"] = user  # as `select_related` puts it there
    if not is_known:
        _note(token, at=at)
    return token


def _note(token: AuthToken, *, at: datetime) -> None:
    """This process knows from when on the use of the token need not be written down."""
    if len(_noted) >= KNOWN_MOST:
        _noted.clear()
    before = token.last_used_at or token.created_at
    is_written = tokens.is_live(token, at=at) and at - before >= tokens.COARSE
    _noted[token.digest] = at if is_written else before


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Token …`: one statement, by digest, for a token that is alive and whose user is active.

    Its owner has what it is narrowed to (`tokens.owner_by`); one that names nothing of theirs any more lets nobody in.
    Its use is written down once an hour: one that nobody uses for TOKEN_IDLE_DAYS ends.
    """

    keyword = b"token"

    def authenticate(self, request: Request) -> tuple[User, AuthToken] | None:
        parts = request.META.get("HTTP_AUTHORIZATION", "").encode("latin-1").split()
        if not parts or parts[0].lower() != self.keyword:
            return None
        if len(parts) != 2:
            raise AuthenticationFailed("The token header is malformed.")
        now = clock.now()
        token = live_token(token_digest(parts[1].decode("latin-1")), at=now)
        if token is None or not tokens.is_live(token, at=now) or not token.user.is_active:
            raise AuthenticationFailed("This token is unknown, ended or expired.")
        owner = tokens.owner_by(token)
        if owner is None:
            raise AuthenticationFailed("Nothing that this token was narrowed to is its owner's any more.")
        return owner, token

    def authenticate_header(self, request: Request) -> str:
        return "Token"


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "kapclinic.practice.auth.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Token …`"}


class CookieScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "kapclinic.practice.auth.CookieAuthentication"
    name = "cookie"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "POST auth/login/"}
