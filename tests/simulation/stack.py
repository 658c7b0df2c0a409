"""The real stack in this process: every act is an HTTP request through middleware, login and transactions.

A request or a task may die at its n-th statement: its transaction is rolled back and its connection is gone, as a
killed process leaves them; whoever asked asks again with the same key.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.test import Client

from kapclinic.celery import app
from kapclinic.core import clock, doorbell
from tests.simulation import at_once
from tests.simulation.schedule import Schedule
from tests.simulation.trace import Call, Trace

PASSWORD = "correct horse 42 staple"
FIRST = "violet lantern 42 harbour"  # as the administrator tells it; its owner changes it
AWAY = timedelta(days=6)  # a token that is not used ends a day later
REPLAYED = "Idempotency-Replayed"
AGAIN = 0.03  # how often a request is sent twice, or from a window that has not heard of a change


class Died(BaseException):
    """The process is killed at this statement: nothing may catch it."""


@dataclass
class Person:
    """Somebody of the staff, signed in."""

    email: str
    id: str = ""
    name: str = ""
    roles: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    token: str = ""
    token_at: datetime | None = None

    @property
    def told(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "roles": self.roles, "locations": self.locations}


@dataclass(frozen=True)
class Answer:
    status: int
    data: Any
    etag: str = ""
    replayed: bool = False

    @property
    def ok(self) -> bool:
        return self.status < 300

    @property
    def code(self) -> str:
        return str(self.data.get("code", "")) if isinstance(self.data, dict) else ""

    def errors(self) -> set[tuple[str, str]]:
        """Field errors as (pointer, code)."""
        rows = self.data.get("errors", []) if isinstance(self.data, dict) else []
        return {(row["pointer"], row["code"]) for row in rows}


@dataclass
class Stack:
    """The clinic's processes. `heard` is told every call, `worked` what the worker did."""

    schedule: Schedule
    trace: Trace
    chance: random.Random
    heard: Callable[[Call], None]
    repeated: Callable[[str, Any, Any], None]
    dying: float = 0.0  # how many of a hundred writes die
    _keys: int = 0
    ring: Callable[[str, dict[str, str]], None] = field(default=lambda name, ids: None)
    _client: Client = field(default_factory=lambda: Client(raise_request_exception=False))
    _second: Client = field(default_factory=lambda: Client(raise_request_exception=False))
    _rival: at_once.Rival | None = None
    _lengths: dict[str, int] = field(default_factory=dict)

    def get(self, who: Person, path: str, **query: Any) -> Answer:
        return self._sent(who, "GET", path, None, query, {})

    def rows(self, who: Person, path: str, **query: Any) -> list[dict[str, Any]]:
        """Every row of a list, page by page."""
        found: list[dict[str, Any]] = []
        page = 1
        while True:
            answer = self.get(who, path, page=page, page_size=200, **query)
            if not answer.ok:
                return found
            found += answer.data["results"]
            if not answer.data["next"]:
                return found
            page += 1

    def post(self, who: Person, path: str, body: Any = None) -> Answer:
        """One act of one person: with a key of its own, and asked again with it when the process died."""
        self._keys += 1
        headers = {"HTTP_IDEMPOTENCY_KEY": f"sim-{self._keys}"}
        sent = {} if body is None else body
        answer = self._sent(who, "POST", path, sent, {}, headers, may_die=True)
        if answer.ok and self.chance.random() < AGAIN and "preview" not in path:  # a look is kept by no key
            repeated = self._sent(who, "POST", path, sent, {}, headers)
            self.repeated(path, answer.data, repeated.data if repeated.replayed else None)
        return answer

    def patch(self, who: Person, path: str, body: Any) -> Answer:
        found = self.get(who, path)
        if not found.ok:
            return found
        if self.chance.random() < AGAIN:  # another window has been at work in between
            stale = self._sent(who, "PATCH", path, body, {}, {"HTTP_IF_MATCH": '"0-stale"'})
            self.repeated(path, 412, stale.status)
        return self._sent(who, "PATCH", path, body, {}, {"HTTP_IF_MATCH": found.etag}, may_die=True)

    def put(self, who: Person, path: str, body: Any) -> Answer:
        return self._sent(who, "PUT", path, body, {}, {})

    def begin(self, who: Person) -> Answer:
        """A new colleague signs in by their first password, chooses their own, and goes to work."""
        self._client.cookies.clear()
        self._raw(who, "POST", "auth/login/", {"email": who.email, "password": FIRST}, {}, {}, signed=False)
        own = {"old_password": FIRST, "new_password": PASSWORD}
        self._raw(who, "POST", "auth/password/", own, {}, {}, signed=False)
        return self.sign_in(who)

    def sign_in(self, who: Person) -> Answer:
        """By password, then a token: the cookie is left behind."""
        self._client.cookies.clear()
        login = self._raw(
            who, "POST", "auth/login/", {"email": who.email, "password": PASSWORD}, {}, {}, signed=False
        )
        if login.ok:
            self._raw(who, "DELETE", "auth/tokens/", None, {}, {}, signed=False)  # those of earlier shifts
            issued = self._raw(who, "POST", "auth/tokens/", {"name": "bedside"}, {}, {}, signed=False)
            who.token, who.token_at = issued.data["token"], self.schedule.now
            me = self._raw(who, "GET", "auth/me/", None, {}, {}, signed=False)
            who.id, who.roles = me.data["id"], tuple(me.data["roles"])
            who.locations = tuple(
                str(row["id"] if isinstance(row, dict) else row) for row in me.data["locations"]
            )
        self._client.cookies.clear()
        return login

    def work(self, name: str, ids: dict[str, str]) -> None:
        """The worker takes one message."""
        self.trace.event(self.schedule.now, "task", f"{name} {json.dumps(ids, sort_keys=True)}")
        with clock.fixed(self.schedule.now):
            try:
                with at_once.meanwhile(self._rival, self._lengths, name), self._dying(self.dying):
                    app.tasks[name].run(**ids)
            except Died:
                connection.close()
                self.trace.event(self.schedule.now, "worker died", name)
            except Exception as exc:  # noqa: BLE001 — a worker logs it and takes the next message
                self.trace.event(self.schedule.now, "task failed", f"{name} {type(exc).__name__}")
        self._let_in(name)

    def _sent(
        self,
        who: Person,
        method: str,
        path: str,
        body: Any,
        query: dict[str, Any],
        headers: dict[str, str],
        *,
        may_die: bool = False,
    ) -> Answer:
        self.schedule.pass_time(self.chance.uniform(1, 8))
        if who.token_at is not None and self.schedule.now - who.token_at > AWAY:
            self.sign_in(who)
        body = json.loads(json.dumps(body, default=str)) if body is not None else None
        chance = self.dying if may_die else 0.0
        while True:
            answer = self._raw(who, method, path, body, query, headers, dying=chance)
            self._let_in(method)
            if answer is not None:
                return answer
            self.schedule.pass_time(self.chance.uniform(2, 20))
            chance = chance / 2

    def _raw(
        self,
        who: Person,
        method: str,
        path: str,
        body: Any,
        query: dict[str, Any],
        headers: dict[str, str],
        *,
        signed: bool = True,
        dying: float = 0.0,
    ) -> Any:
        rival = None if method == "GET" else self._rival
        with at_once.meanwhile(rival, self._lengths, f"{method} {path}"), self._dying(dying):
            call, etag = self._asked(self._client, who, method, path, body, query, headers, signed=signed)
        if rival is not None:
            rival.heard()
        self._tell(call)
        return None if call.died else Answer(call.status, call.answer, etag, call.replayed)

    def _asked(
        self,
        client: Client,
        who: Person,
        method: str,
        path: str,
        body: Any,
        query: dict[str, Any],
        headers: dict[str, str],
        *,
        signed: bool = True,
        at: datetime | None = None,
    ) -> tuple[Call, str]:
        """One request and its answer, of which nobody is told yet; with the ETag."""
        extra = headers | ({"HTTP_AUTHORIZATION": f"Token {who.token}"} if signed else {})
        address = f"/api/v1/{path}" + (f"?{urlencode(query)}" if query else "")
        at = at or self.schedule.now
        told: dict[str, Any] = {
            "at": at,
            "who": who.told,
            "method": method,
            "path": path,
            "query": query,
            "body": body,
        }
        with clock.fixed(at):
            try:
                response = client.generic(
                    method,
                    address,
                    "" if body is None else json.dumps(body),
                    content_type="application/json",
                    **extra,  # type: ignore[arg-type]
                )
            except Died:
                connection.close()
                return Call(**told, status=0, answer=None, died=True), ""
        kind = response.headers.get("Content-Type", "")
        data = json.loads(response.content) if "json" in kind and response.content else None
        call = Call(**told, status=response.status_code, answer=data, replayed=REPLAYED in response.headers)
        return call, response.headers.get("ETag", "")

    def _tell(self, call: Call) -> None:
        self.trace.call(call)
        self.heard(call)

    # --- two people at the same moment ------------------------------------------------------------------------

    @contextmanager
    def beside(self, act: Callable[[], at_once.Tell], share: float) -> Iterator[None]:
        """What is written first inside is met by `act`, at that share of its statements."""
        self._rival = at_once.Rival(act, share)
        try:
            yield
        finally:
            self._rival = None

    def rival(self, who: Person, path: str, body: Any = None, *, again: bool = False) -> at_once.Asked:
        """The act of somebody at the same moment; with `again` the same request as the first one, by its key."""
        if not again:
            self._keys += 1
        headers = {"HTTP_IDEMPOTENCY_KEY": f"sim-{self._keys + again}"}  # the first one's act takes the next
        sent = json.loads(json.dumps({} if body is None else body, default=str))
        came: list[datetime] = []

        def ask() -> Call:
            if not came:  # who has to wait came when it came
                self.schedule.pass_time(self.chance.uniform(0.05, 0.5))
                came.append(self.schedule.now)
            return self._asked(self._second, who, "POST", path, sent, {}, headers, at=came[0])[0]

        return at_once.Asked(ask, self._tell)

    def _let_in(self, method: str) -> None:
        rival = None if method == "GET" else self._rival
        if rival is not None:
            self._rival = None
            rival.late()
            self.trace.event(self.schedule.now, f"met {rival.fate}", "")

    @contextmanager
    def _dying(self, chance: float) -> Iterator[None]:
        """Perhaps the process dies at one of the next statements."""
        if self.chance.random() * 100 >= chance:
            yield
            return
        left = self.chance.randint(1, 40)

        def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                raise Died
            return execute(sql, params, many, context)

        with connection.execute_wrapper(count):
            yield


@contextmanager
def wired(stack: Stack) -> Iterator[None]:
    """Rings reach the simulated wire in place of the broker."""
    usual = doorbell._send
    doorbell._send = stack.ring  # type: ignore[assignment]
    try:
        yield
    finally:
        doorbell._send = usual


def moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
