"""Signing in: e-mail and password for the cookie, hashed expiring tokens for programs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from kapclinic.core import clock
from kapclinic.practice.models import AuthToken, User
from kapclinic.practice.rules import token_digest
from kapclinic.practice.services import count_login, login_is_locked


class ClinicBackend(BaseBackend):
    """One e-mail, one password, active staff only; wrong ones count towards a lock, on every way in.

    The same time is spent on an e-mail that nobody has.
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
        now = clock.now()
        if login_is_locked(email=email, at=now):
            return None
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            User().set_password(password)
        right = user is not None and user.check_password(password) and user.is_active
        count_login(email=email, succeeded=right, at=now)
        return user if right else None

    def get_user(self, user_id: UUID) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return bool(user_obj.is_active and "admin" in user_obj.role_set)


class CookieAuthentication(SessionAuthentication):
    """The session cookie, with CSRF enforced on every unsafe method."""


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Token …`: one query, by digest, for a token that is alive and whose user is active."""

    keyword = b"token"

    def authenticate(self, request: Request) -> tuple[User, AuthToken] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != self.keyword:
            return None
        if len(parts) != 2:
            raise AuthenticationFailed("The token header is malformed.")
        digest = token_digest(parts[1].decode("latin-1"))
        token = (
            AuthToken.objects.select_related("user").filter(digest=digest, revoked_at__isnull=True).first()
        )
        if token is None or token.expires_at <= clock.now() or not token.user.is_active:
            raise AuthenticationFailed("This token is unknown, ended or expired.")
        return token.user, token

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
