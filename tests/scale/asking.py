"""Who asks: over both webs by turns, as a proxy would, and again at the other one when nobody answered."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any, TypeVar

T = TypeVar("T")
SECONDS = 20.0  # for one answer
STUBBORN = 60.0  # for all tries together
AGAIN = frozenset({409, 502, 503})


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def replayed(self) -> bool:
        return "Idempotency-Replayed" in self.headers

    @property
    def code(self) -> str:
        return str(self.body.get("code", ""))


@dataclass(frozen=True)
class Request:
    """One write under its key, or a read without one."""

    token: str
    path: str
    body: dict[str, Any] | None = None
    key: str = ""


def send(port: int, asked: Request) -> Answer | None:
    """The answer of one web; None when it gave none."""
    headers = {"Authorization": f"Token {asked.token}", "Host": "127.0.0.1"}
    if asked.body is not None:
        headers |= {"Content-Type": "application/json", "Idempotency-Key": asked.key}
    sent = None if asked.body is None else json.dumps(asked.body)
    line = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        line.request("GET" if sent is None else "POST", f"/api/v1/{asked.path}", sent, headers)
        told = line.getresponse()
        text = told.read()
        return Answer(told.status, json.loads(text) if text else {}, dict(told.getheaders()))
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        line.close()


@dataclass
class Proxy:
    """Requests go to each web by turns."""

    ports: Sequence[int]
    unanswered: int = 0
    busy: int = 0
    broken: list[str] = field(default_factory=list)  # 500 and its like
    _turn: itertools.count[int] = field(default_factory=itertools.count)

    def ask(self, asked: Request) -> Answer | None:
        answer = send(self.ports[next(self._turn) % len(self.ports)], asked)
        if answer is None:
            self.unanswered += 1
        elif answer.status == 503:
            self.busy += 1
        elif answer.status >= 500:
            self.broken.append(f"{asked.path}: {answer.status} {answer.body}")
        return answer

    def insist(self, asked: Request) -> Answer:
        """The answer, asked for at the other web under the same key as long as none is to be had."""
        until = time.monotonic() + STUBBORN
        while True:
            answer = self.ask(asked)
            waits = answer is None or answer.status == 503 or answer.code == "request_in_progress"
            if answer is not None and not waits:
                return answer
            if time.monotonic() > until:
                raise TimeoutError(f"No answer for {STUBBORN:g} s: {asked.path} {answer}")
            time.sleep(0.1)


def at_once(work: Sequence[Callable[[], T]]) -> list[T]:
    """What each returns, all let go at the same moment."""
    gate = threading.Barrier(len(work))
    found: dict[int, T] = {}

    def run(number: int) -> None:
        gate.wait(30)
        found[number] = work[number]()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert len(found) == len(work), "somebody was never answered"
    return [found[number] for number in range(len(work))]
