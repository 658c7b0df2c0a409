"""What was said and answered, in the order of the clock: hashed as it grows, the last of it kept to be read."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

KEPT = 60  # acts that a failure shows
SECRET = ("auth/", "calendar-feeds/")  # their answers hold secrets, which no trace keeps


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request and its answer. `died` tells that the process died before it could answer."""

    at: datetime
    who: dict[str, Any]
    method: str
    path: str
    query: dict[str, Any]
    body: Any
    status: int
    answer: Any
    replayed: bool = False
    died: bool = False

    def words(self) -> str:
        asked = f"{self.method} {self.path}"
        if self.query:
            asked += "?" + "&".join(f"{key}={value}" for key, value in self.query.items())
        told = "" if self.body is None else json.dumps(self.body, default=str)[:400]
        ended = "died" if self.died else str(self.status) + (" (replayed)" if self.replayed else "")
        why = ""
        if self.status >= 400 and isinstance(self.answer, dict):
            why = f" {self.answer.get('code')}: {str(self.answer.get('detail'))[:160]}"
        return f"{self.at:%a %Y-%m-%d %H:%M:%S} {self.who['name']:<24} {asked} {told} -> {ended}{why}"


@dataclass
class Trace:
    """The whole story as a hash, its numbers, and the last acts in words."""

    acts: Counter[str] = field(default_factory=Counter)
    last: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT))
    _hash: Any = field(default_factory=hashlib.sha256)

    def call(self, call: Call) -> None:
        self.acts["calls"] += 1
        self.acts["died"] += call.died
        if not call.died:
            self.acts[f"status {call.status // 100}xx"] += 1
        answer = None if call.path.startswith(SECRET) else call.answer
        self._add([call.at.isoformat(), call.who["name"], call.method, call.path, call.query, call.body])
        self._add([call.status, call.died, call.replayed, answer])
        self.last.append(call.words())

    def event(self, at: datetime, kind: str, what: str) -> None:
        """Something that nobody asked over HTTP: a step of the sweep, a message, a crash."""
        self.acts[kind] += 1
        self._add([at.isoformat(), kind, what])
        self.last.append(f"{at:%a %Y-%m-%d %H:%M:%S} {'—':<24} {kind}: {what}")

    def _add(self, what: Any) -> None:
        self._hash.update(json.dumps(what, sort_keys=True, default=str).encode())

    @property
    def digest(self) -> str:
        found: str = self._hash.hexdigest()
        return found
