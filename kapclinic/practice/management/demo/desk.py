"""A demo person at the API: in this process while seeding, over HTTP while telling the story."""

from __future__ import annotations

import json
import urllib.request
from datetime import timedelta
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.parse import urlencode
from uuid import uuid4

from rest_framework.test import APIClient

from kapclinic.core import clock
from kapclinic.practice import services
from kapclinic.practice.models import User

AWAY = timedelta(days=6)  # a token that is not used ends a day later


class DemoRefused(RuntimeError):
    """The API refused what the demo asked: the demo is out of step with the clinic."""


class Desk(Protocol):
    def call(self, method: str, path: str, body: Any = None, *, match: str = "") -> Any: ...


def get(desk: Desk, path: str, **query: Any) -> Any:
    return desk.call("GET", f"{path}?{urlencode(query)}" if query else path)


def post(desk: Desk, path: str, body: Any = None) -> Any:
    return desk.call("POST", path, body if body is not None else {})


def patch(desk: Desk, path: str, body: Any) -> Any:
    return desk.call("PATCH", path, body, match="*")


class LocalDesk:
    """Calls the views in this process, signed in by a token that ends with the seeding."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.client = APIClient()
        self._open()

    def _open(self) -> None:
        self.token, secret = services.issue_token(user=self.user, name="seeding", at=clock.now())
        self.client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")

    def call(self, method: str, path: str, body: Any = None, *, match: str = "") -> Any:
        if abs(clock.now() - self.token.created_at) > AWAY:  # the days of a demo are told in no order
            self.leave()
            self._open()
        headers = {
            "HTTP_IDEMPOTENCY_KEY": str(uuid4()),
            "HTTP_IF_MATCH": match or "*",
            "HTTP_HOST": "localhost",
        }
        answer = self.client.generic(
            method,
            f"/api/v1/{path}",
            json.dumps(body, default=str) if body is not None else "",
            content_type="application/json",
            secure=True,
            **headers,
        )
        if answer.status_code >= 400:
            raise DemoRefused(f"{method} {path}: {answer.status_code} {answer.content[:500]!r}")
        return answer.json() if answer.content else None

    def leave(self) -> None:
        services.revoke_tokens(user=self.user, at=clock.now(), token_id=self.token.pk)


class RemoteDesk:
    """Calls a running clinic over HTTP with a bearer token, which a sign-in makes and another one ends."""

    def __init__(self, base_url: str, email: str, password: str) -> None:
        self.base_url, self.login = base_url.rstrip("/"), {"email": email, "password": password}
        issued = self._open("POST", "auth/tokens/", {"name": "demo story"}, self._signed_in())
        told = json.load(issued)
        self.token, self.own = told["token"], told["id"]

    def _signed_in(self) -> dict[str, str]:
        """A browser's headers, fresh from the form."""
        answer = self._open("POST", "auth/login/", self.login)
        cookies = "; ".join(value.split(";")[0] for value in answer.headers.get_all("Set-Cookie") or [])
        csrf = dict(part.split("=", 1) for part in cookies.split("; "))["csrftoken"]
        return {"Cookie": cookies, "X-CSRFToken": csrf}

    def _open(self, method: str, path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
        data = None if body is None else json.dumps(body, default=str).encode()
        sent = {"Content-Type": "application/json", "Accept": "application/json"} | (headers or {})
        request = urllib.request.Request(f"{self.base_url}/api/v1/{path}", data, sent, method=method)  # noqa: S310
        try:
            return urllib.request.urlopen(request, timeout=30)  # noqa: S310
        except HTTPError as exc:
            raise DemoRefused(f"{method} {path}: {exc.code} {exc.read()[:500]!r}") from exc

    def call(self, method: str, path: str, body: Any = None, *, match: str = "") -> Any:
        headers = {
            "Authorization": f"Token {self.token}",
            "Idempotency-Key": str(uuid4()),
            "If-Match": match or "*",
        }
        answer = self._open(method, path, body, headers).read()
        return json.loads(answer) if answer else None

    def leave(self) -> None:
        """End this story's token, and no other: somebody may be at work with theirs."""
        browser = self._signed_in()
        self._open("DELETE", f"auth/tokens/{self.own}/", None, browser).close()
        self._open("POST", "auth/logout/", {}, browser).close()
