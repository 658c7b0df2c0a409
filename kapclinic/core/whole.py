"""A request comes to Django when all of it is there: a body that is sent slowly, or never to its end, waits outside.

A few hands do the work, each with its own connection to the database. Our own worker (`kapclinic/core/arriving.py`)
gives its threads whole requests alone, so they are the hands themselves. Under any other server the threads read and
wait, and cost next to nothing: whoever sends half a request holds a thread, never a hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from time import monotonic
from typing import Any

from kapclinic.core import metrics
from kapclinic.core.stack import roomy

HANDS = 4  # at work at the same time in one process; each keeps a connection
DRAINED = 8_000_000  # bytes of a body that will be refused
CHUNK = 65_536
READ_AT = "kapclinic.read_at"  # of a request: when its last byte was here, on the monotonic clock

Headers = list[tuple[str, str]]
Start = Callable[[str, Headers], object]
Application = Callable[
    [dict[str, Any], Any], Any
]  # as PEP 3333 has it; frameworks type it each in their own way


def longest(path: str, *, usual: int, uploads: Mapping[str, int]) -> int:
    """The longest body in bytes that an address takes: that of the first pattern of `uploads` which is all of it."""
    return next((most for pattern, most in uploads.items() if re.fullmatch(pattern, path)), usual)


def drain(read: Callable[[int], bytes], length: int) -> None:
    """Read a body that is refused, up to a bound, so that the connection can carry the next request."""
    left = min(length, DRAINED)
    while left > 0 and (chunk := read(min(left, CHUNK))):
        left -= len(chunk)


def _read(environ: dict[str, Any], most: int) -> None:
    """Take the body off the wire: all of it, or nothing of one that is longer than `most` bytes."""
    told = environ.get("CONTENT_LENGTH") or "0"
    length = int(told) if re.fullmatch("[0-9]{1,18}", told) else 0
    if not length:
        return
    stream = environ["wsgi.input"]
    if length <= most:
        environ["wsgi.input"] = BytesIO(stream.read(length))
        return
    drain(stream.read, length)
    environ["wsgi.input"] = BytesIO()


class Pieces:
    """An answer that is made as it leaves: a hand makes each piece, and nobody holds the next one.

    Its pieces may be made by different hands, so nothing of it may keep a transaction open from one to the next.
    """

    def __init__(self, answer: Any, ask: Callable[..., Any]) -> None:
        self._answer, self._pieces, self._ask = answer, iter(answer), ask

    def __iter__(self) -> Pieces:
        return self

    def __next__(self) -> bytes:
        piece: bytes | None = self._ask(next, self._pieces, None)
        if piece is None:
            raise StopIteration
        return piece

    def close(self) -> None:
        """End the request; no piece is asked for after it."""
        self._ask(self._answer.close)


def _at_once(work: Callable[..., Any], *given: Any) -> Any:
    """By the thread that asks, which is a hand."""
    return work(*given)


class Whole:
    """A WSGI application around another: reads in the caller's thread, works in one of its hands.

    A server that says when the request was whole (`read_at` of `gunicorn.socket`) has read it, and asks by a hand.
    `most` is the longest body in bytes that the other one takes, but for the addresses of `uploads` (`longest`). What
    it does about a longer one, it does without it.
    """

    def __init__(
        self,
        application: Application,
        *,
        most: int,
        uploads: Mapping[str, int] | None = None,
        hands: int = HANDS,
    ) -> None:
        self.application = application
        self.most = most
        self.uploads = uploads or {}
        # No thread of it runs before the first request, so a server may fork after this.
        self._hands = ThreadPoolExecutor(hands, thread_name_prefix="hand")

    def __call__(self, environ: dict[str, Any], start: Start) -> list[bytes] | Pieces:
        if environ.get("CONTENT_LENGTH"):
            _read(environ, longest(str(environ.get("PATH_INFO", "")), usual=self.most, uploads=self.uploads))
        line = environ.get("gunicorn.socket")
        read_at: float | None = getattr(line, "read_at", None)
        if read_at is not None:
            environ[READ_AT] = read_at
            status, headers, body = self._work(environ, _at_once)
        else:
            environ[READ_AT] = monotonic()
            with metrics.IN_HAND.track_inprogress():
                status, headers, body = self._by_hand(self._work, environ, self._by_hand)
        start(status, headers)
        keep = getattr(line, "keep", None)
        if isinstance(body, Pieces) and keep is not None:  # who sends it asks for more when there is room
            keep(body)
            return []
        return body

    def _by_hand(self, work: Callable[..., Any], *given: Any) -> Any:
        return self._hands.submit(work, *given).result()

    def _work(
        self, environ: dict[str, Any], ask: Callable[..., Any]
    ) -> tuple[str, Headers, list[bytes] | Pieces]:
        """The whole answer: what ends a request (`close`) has to run where it was worked on.

        One that streams and says its length is made piece by piece, as it leaves.
        """
        told: list[tuple[str, Headers]] = []
        answer = roomy(self.application, environ, lambda status, headers: told.append((status, headers)))
        sized = told and any(name.lower() == "content-length" for name, _ in told[0][1])
        streams, asks_head = (
            getattr(answer, "streaming", False) and sized,
            environ.get("REQUEST_METHOD") == "HEAD",
        )
        if streams and not asks_head:
            return *told[0], Pieces(answer, ask)
        try:
            body = [] if streams else list(answer)
        finally:
            if (close := getattr(answer, "close", None)) is not None:
                close()
        return *told[0], body
