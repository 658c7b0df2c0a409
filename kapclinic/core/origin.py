"""Where a request comes from: its address and an id of its own, which every audit event of it carries.

The address is that of the connection, or behind `hops` proxies of ours what the outermost of them saw. Each proxy
appends to `X-Forwarded-For` whom it spoke to; what stands further left a stranger may have written, and is not read.
The id is made here and taken from no header.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Origin:
    """`address` is text as `ipaddress` writes it, an IPv4 address always as such; None when nobody knows it."""

    address: str | None
    request_id: UUID


_present: ContextVar[Origin | None] = ContextVar("origin", default=None)


def present() -> Origin | None:
    """That of the request that this thread works on; None in the worker and in a command."""
    return _present.get()


class coming_from:  # noqa: N801  (a block, as `kapclinic.core.logs.about`)
    """In here, in this thread, a request is worked on that comes from there."""

    __slots__ = ("_origin", "_token")

    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    def __enter__(self) -> None:
        self._token: Token[Origin | None] = _present.set(self._origin)

    def __exit__(self, *_: object) -> None:
        _present.reset(self._token)


def address_of(environ: Mapping[str, Any], *, hops: int) -> str | None:
    """The address that a request came from; `hops` is how many proxies of ours stand before us.

    A request with fewer entries than that went round a proxy: then the connection's own address counts.
    """
    if hops:
        told = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
        if len(told) >= hops and (seen := _read(told[-hops])) is not None:
            return seen
    return _read(environ.get("REMOTE_ADDR", ""))


@lru_cache(maxsize=4096)
def _read(text: str) -> str | None:
    """An address, also one with its port or in brackets."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(mapped or found)
