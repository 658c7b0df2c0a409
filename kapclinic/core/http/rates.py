"""How often a minute somebody may ask: strangers and wrong passwords by address, staff by account.

A stranger can't make the clinic work without end, nor can a program gone wild. Nothing of this stands before what
somebody's safety hangs on (`vital` of a view): a nurse's readings are never counted.

Counts are kept in Valkey, for all processes together. Each process tells it by batches, so most requests ask nobody.
While Valkey is away each counts for itself.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import salted_hmac
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from kapclinic.core.errors import ClinicError
from kapclinic.core.http.addresses import household, source_address
from kapclinic.core.http.problems import plain

SECONDS = 60
KEYS_MOST = 50_000  # addresses that one process counts in a minute; then it begins anew
WAIT_SECONDS = 0.1  # for Valkey
AWAY_SECONDS = 5.0  # it isn't asked for so long after it did not answer
LOGIN = "/api/v1/auth/login/"
ASKED_FOR_MORE = "second_factor_required"  # the code of an answer to a right password
UNCOUNTED = frozenset({"/healthz"})


class TooManyRequests(ClinicError):
    """`retry_after`: the seconds until the next minute begins."""

    code, status, title = "too_many_requests", 429, "Too many requests"


@dataclass
class Counts:
    """How often each key was seen this minute: here, and together with what other processes told."""

    minute: int = -1
    here: Counter[str] = field(default_factory=Counter)
    unsaid: Counter[str] = field(default_factory=Counter)  # of here, what Valkey doesn't know yet
    together: Counter[str] = field(default_factory=Counter)  # as Valkey knew it last
    away_until: float = 0.0
    _client: Redis | None = None
    _lock: Lock = field(default_factory=Lock)

    def add(self, key: str, *, amount: int = 1, batch: int = 1) -> int:
        """Count, and return how often the key was seen this minute, as far as this process knows."""
        minute = int(time.time() // SECONDS)
        with self._lock:
            if minute != self.minute or len(self.here) > KEYS_MOST:
                self.minute = minute
                for counter in (self.here, self.unsaid, self.together):
                    counter.clear()
            self.here[key] += amount
            self.unsaid[key] += amount
            unsaid = self.unsaid[key]
            if abs(unsaid) < batch:
                return max(self.here[key], self.together[key] + unsaid)
            self.unsaid[key] = 0
        total = self._tell(key, minute, unsaid)
        with self._lock:
            if total is None:
                self.unsaid[key] += unsaid
            elif minute == self.minute:
                self.together[key] = total
            return max(self.here[key], self.together[key] + self.unsaid[key])

    def _tell(self, key: str, minute: int, amount: int) -> int | None:
        """The count of all processes after `amount` more; None while Valkey is away."""
        now = time.monotonic()
        if now < self.away_until:
            return None
        # No address stands in Valkey in plain text.
        name = f"kap:rate:{minute}:{salted_hmac('kapclinic.rates', key).hexdigest()[:32]}"
        try:
            if self._client is None:
                self._client = _connected()
            with self._client.pipeline(transaction=False) as pipe:
                pipe.incrby(name, amount)
                pipe.expire(name, 2 * SECONDS)
                return int(pipe.execute()[0])
        except (RedisError, OSError, ValueError):
            self.away_until = now + AWAY_SECONDS
            return None


def _connected() -> Redis:
    once = Retry(NoBackoff(), 0)
    return Redis.from_url(
        settings.VALKEY_URL, socket_timeout=WAIT_SECONDS, socket_connect_timeout=WAIT_SECONDS, retry=once
    )


COUNTS = Counts()


def _wait() -> int:
    """Seconds until the next minute begins."""
    return SECONDS - int(time.time() % SECONDS)


def _refused() -> HttpResponseBase:
    wait = _wait()
    refused = plain(TooManyRequests("Ask again in the next minute.", retry_after=wait))
    refused["Retry-After"] = str(wait)
    return refused


class AddressLimit:
    """Bounds what an address may ask for without a login, and how many wrong passwords it may send.

    Who brings a token or a session is looked at first, since the whole clinic may sit behind one address: only when
    nobody was signed in by it does the request count.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info in UNCOUNTED:
            return self.get_response(request)
        says_who = "HTTP_AUTHORIZATION" in request.META or settings.SESSION_COOKIE_NAME in request.COOKIES
        if not says_who and _is_stranger_over(request):
            return _refused()
        if request.path_info == LOGIN and request.method == "POST":
            return self._signing_in(request, household(source_address(request)))
        answer = self.get_response(request)
        unknown = says_who and answer.status_code == 401
        return _refused() if unknown and _is_stranger_over(request) else answer

    def _signing_in(self, request: HttpRequest, address: str) -> HttpResponseBase:
        """Counted before the password is looked at, so that many at once can't pass; a right one is taken back, also
        when a second factor is asked for next."""
        if _is_over("login", address, settings.LOGINS_PER_MINUTE):
            return _refused()
        answer = self.get_response(request)
        right = (
            answer.status_code == 200 or (getattr(answer, "data", None) or {}).get("code") == ASKED_FOR_MORE
        )
        if right and settings.LOGINS_PER_MINUTE:
            COUNTS.add(f"login:{address}", amount=-1)
        return answer


def _is_stranger_over(request: HttpRequest) -> bool:
    return _is_over("stranger", household(source_address(request)), settings.STRANGER_PER_MINUTE, batch=10)


def _is_over(kind: str, whose: str, limit: int, *, batch: int = 1) -> bool:
    return bool(limit) and COUNTS.add(f"{kind}:{whose}", batch=min(batch, limit)) > limit


class AccountLimit(BaseThrottle):
    """Bounds what one account may ask for, whatever it signs in with."""

    def allow_request(self, request: Request, view: Any) -> bool:
        limit: int = settings.ACCOUNT_PER_MINUTE
        if not limit or not request.user.is_authenticated or view.action in view.vital:
            return True
        return not _is_over("account", str(request.user.pk), limit, batch=50)

    def wait(self) -> float:
        return float(_wait())
