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
        user = User.objects.filter(email_key=key).first()
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


# Writes down that a token was used; one that is over already stays over.
USED = """
UPDATE practice_authtoken SET last_used_at = %(at)s
WHERE digest = %(digest)s AND revoked_at IS NULL AND expires_at > %(at)s
    AND COALESCE(last_used_at, created_at) <= %(noted)s AND COALESCE(last_used_at, created_at) > %(idle)s
"""


@cache
def _lookup() -> tuple[Straight, list[str], list[str]]:
    """The statement that finds a token with its user, by digest, and the fields of both in its order.

    Compiled once a process: every request sends it, and compiling cost more than asking.
    """
    rows = AuthToken.objects.select_related("user").filter(digest="", revoked_at__isnull=True)
    statement, params = rows.query.get_compiler(connection=connection).as_sql()
    assert params == ("",), params
    told = ([field.attname for field in model._meta.concrete_fields] for model in (AuthToken, User))
    return Straight("kap_token", statement.replace("%s", "%(digest)s")), *told


def live_token(digest: str, *, at: datetime) -> AuthToken | None:
    """The token of this digest that was not taken back, with its user, as both were before this use, which is noted.

    Nobody has looked at their dates yet.
    """
    statement, of_token, of_user = _lookup()
    row = statement.row({"digest": digest})
    if row is None:
        return None
    token = as_row(AuthToken, of_token, row)
    if at - (token.last_used_at or token.created_at) >= tokens.COARSE:
        with connection.cursor() as cursor:
            cursor.execute(USED, {"digest": digest, "at": at, **tokens.since(at=at)})
    token.user = as_row(User, of_user, row[len(of_token) :])
    return token


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
