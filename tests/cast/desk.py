"""A person at the API: the one way in which tests ask it."""

from __future__ import annotations

import functools
import itertools
from typing import Any

from django.conf import UserSettingsHolder, settings
from django.core.handlers.base import BaseHandler
from rest_framework.test import APIClient

from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.practice.entry_models import AuthToken
from kapclinic.practice.models import User
from kapclinic.practice.rules import token_digest
from tests.replay import beside_the_story, taped

_keys = itertools.count(1)


def signed_in(user: User) -> str:
    """The secret of a token of this moment."""
    _, secret = practice.issue_token(user=user, name="desk", at=clock.now())
    return secret


def holds(secret: str) -> bool:
    """Whether nobody has ended it meanwhile."""
    return AuthToken.objects.filter(digest=token_digest(secret), revoked_at=None).exists()


@functools.cache
def _way_in() -> dict[str, Any]:
    """All that a request comes through, built once: a client of Django's builds it anew for its first request."""
    handler = BaseHandler()
    handler.load_middleware()
    return vars(handler)


def client_of_api() -> APIClient:
    client = APIClient()
    if not isinstance(
        settings._wrapped, UserSettingsHolder
    ):  # a test that sets a setting has a way of its own
        vars(client.handler).update(_way_in())
    return client


class Desk:
    """A person at the API: signed in by token, an Idempotency-Key on every POST, If-Match on every PATCH."""

    def __init__(self, user: User | None, secret: str = "") -> None:
        """`secret`: of a token that the user has got at this moment."""
        self.user, self.opened_at = user, clock.now()
        self.client = client_of_api()
        if user is not None:
            with beside_the_story():
                secret = secret or signed_in(user)
            self.client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")

    def get(self, path: str, **query: Any) -> Any:
        """What a look leaves behind is that somebody looked: a factory comes to the same as without it."""
        with beside_the_story():
            return self.client.get(f"/api/v1/{path}", query)

    def post(self, path: str, body: Any = None, *, key: str | None = "", **headers: Any) -> Any:
        if key is not None:
            headers["HTTP_IDEMPOTENCY_KEY"] = key or f"key-{next(_keys)}"
        return self.client.post(f"/api/v1/{path}", body if body is not None else {}, format="json", **headers)

    def patch(self, path: str, body: Any, *, match: str | None = None) -> Any:
        tag = match if match is not None else self.client.get(f"/api/v1/{path}").headers["ETag"]
        return self.client.patch(f"/api/v1/{path}", body, format="json", HTTP_IF_MATCH=tag)

    def put(self, path: str, body: Any) -> Any:
        return self.client.put(f"/api/v1/{path}", body, format="json")

    @property
    def tape_word(self) -> str:
        """Who asks, in the words of a tape; a browser's cookies have none."""
        if type(self) is not Desk or self.user is None:
            raise AttributeError
        return f"desk of {self.user.pk}"

    @taped
    def must(
        self, path: str, body: Any = None, *, status: int | tuple[int, ...] = (200, 201), **more: Any
    ) -> Any:
        """POST that has to succeed; returns the answer's body."""
        answer = self.post(path, body, **more)
        allowed = status if isinstance(status, tuple) else (status,)
        assert answer.status_code in allowed, (path, answer.status_code, answer.content[:2000])
        return answer.json()

    def delete(self, path: str) -> Any:
        return self.client.delete(f"/api/v1/{path}")


class Browser(Desk):
    """A person at a browser: signed in by password, and kept so by its cookie."""

    def __init__(self, user: User) -> None:
        super().__init__(None)
        self.user = user

    def sign_in(self, password: str, **shown: Any) -> Any:
        """`shown`: the second factor, as `otp` or `credential`."""
        assert self.user is not None
        body = {"email": self.user.email, "password": password, **shown}
        return self.post("auth/login/", body, key=None)
