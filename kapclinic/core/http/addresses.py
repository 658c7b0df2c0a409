"""Whose address a request comes from, whatever a client writes into its headers."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

from kapclinic.core.origin import address_of

NETWORK_BITS = 64  # of an IPv6 address: all that is behind them is one household or host


def source_address(request: HttpRequest) -> str:
    """The client's address as the outermost of our own proxies saw it (`TRUSTED_PROXIES`); without one, the socket's.

    Each proxy puts the address that it was asked from at the end of X-Forwarded-For, so entries are counted from there:
    what a client writes itself stands further to the left.
    """
    return address_of(request.META, hops=settings.TRUSTED_PROXIES) or ""


def household(address: str) -> str:
    """What is counted together: an IPv4 address, or the network of an IPv6 one."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address):
        if known.ipv4_mapped is not None:
            return str(known.ipv4_mapped)
        return str(ip_network((known, NETWORK_BITS), strict=False))
    return address
