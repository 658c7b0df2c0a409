"""Eight clients in one lean process: raw keep-alive connections, each sends its next request when it has its answer."""

from __future__ import annotations

import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

Ask = Callable[[int, int], bytes]  # (client, how many before) -> one whole request
PATIENCE = 30.0  # seconds without any answer after which nobody will answer


@dataclass
class Heard:
    """What the clients were answered, and how long each waited."""

    seconds: float = 0.0
    took: list[float] = field(default_factory=list)  # seconds
    statuses: Counter[int] = field(default_factory=Counter)
    bytes: int = 0  # of the last body
    refused: bytes = b""  # the last answer that was no 2xx and no 304

    @property
    def rate(self) -> float:
        """Answers a second that were as asked for."""
        good = sum(count for status, count in self.statuses.items() if status < 400)
        return good / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share of the answers came."""
        ordered = sorted(self.took)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else 0.0


@dataclass
class _Line:
    """One client's connection."""

    number: int
    address: tuple[str, int]
    sent: int = 0
    began: float = 0.0
    _socket: socket.socket | None = None
    _got: bytearray = field(default_factory=bytearray)

    def ask(self, request: bytes, selector: selectors.BaseSelector) -> None:
        if self._socket is None:
            self._socket = socket.create_connection(self.address)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(self._socket, selectors.EVENT_READ, self)
        self.began = time.perf_counter()
        self.sent += 1
        self._socket.sendall(request)

    def answer(self, selector: selectors.BaseSelector) -> tuple[int, bytes] | None:
        """Status and body once both are there.

        :raises ConnectionError: when the server ended the connection before
        """
        assert self._socket is not None
        part = self._socket.recv(262_144)
        self._got += part
        head, found, body = self._got.partition(b"\r\n\r\n")
        if not part:
            self.hang_up(selector)
            raise ConnectionError("The server hung up before it had answered.")
        if not found:
            return None
        fields = head.lower()
        status = int(head[9:12])
        length = 0
        if status not in {204, 304}:
            at = fields.find(b"\r\ncontent-length:")
            assert at >= 0, head
            length = int(fields[at + 17 :].split(b"\r\n", 1)[0])
        if len(body) < length:
            return None
        whole = bytes(body)
        self._got.clear()
        if b"\r\nconnection: close" in fields:
            self.hang_up(selector)
        return status, whole

    def hang_up(self, selector: selectors.BaseSelector) -> None:
        if self._socket is not None:
            selector.unregister(self._socket)
            self._socket.close()
            self._socket = None


def load(port: int, ask: Ask, *, clients: int, seconds: float, begin: int = 0) -> Heard:
    """Let `clients` ask as fast as they are answered; the n-th request of client c is `ask(c, begin + n)`.

    :raises TimeoutError: when nothing was answered for `PATIENCE`
    """
    heard, lines = Heard(), [_Line(number, ("127.0.0.1", port), sent=begin) for number in range(clients)]
    start = time.perf_counter()
    until, busy = start + seconds, clients
    with selectors.DefaultSelector() as selector:
        for line in lines:
            line.ask(ask(line.number, line.sent), selector)
        while busy:
            ready = selector.select(PATIENCE)
            if not ready:
                raise TimeoutError(f"No answer within {PATIENCE:g} s.")
            for key, _ in ready:
                line = key.data
                if (told := line.answer(selector)) is None:
                    continue
                now = time.perf_counter()
                _note(heard, told, now - line.began)
                if now < until:
                    line.ask(ask(line.number, line.sent), selector)
                else:
                    busy -= 1
                    line.hang_up(selector)
    heard.seconds = time.perf_counter() - start
    return heard


def _note(heard: Heard, told: tuple[int, bytes], took: float) -> None:
    status, body = told
    heard.took.append(took)
    heard.statuses[status] += 1
    if status < 400:
        heard.bytes = len(body)
    else:
        heard.refused = body[:400]
