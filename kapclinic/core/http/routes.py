"""Addresses found by what they begin with and how many parts they have, in place of one look at each of hundreds.

What is found, and with which names, is what Django finds: only those patterns are passed over that can't fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from django.urls import ResolverMatch, URLPattern, URLResolver
from django.urls.converters import IntConverter, SlugConverter, StringConverter, UUIDConverter
from django.urls.exceptions import Resolver404
from django.urls.resolvers import RoutePattern

Pattern: TypeAlias = URLPattern | URLResolver
Key: TypeAlias = tuple[str, int]  # the first part of an address, and how many slashes it has
WITHIN_A_PART = {IntConverter, SlugConverter, StringConverter, UUIDConverter}  # none of them takes a slash


class Routes(URLResolver):
    """As `path(route, include(patterns))`, for a route without parameters."""

    def __init__(self, route: str, patterns: Sequence[Pattern]) -> None:
        assert "<" not in route, route
        super().__init__(RoutePattern(route), list(patterns))
        self._known: tuple[dict[Key, list[Pattern]], list[Pattern]] | None = None

    def resolve(self, path: str) -> ResolverMatch:
        """:raises Resolver404: when no pattern fits"""
        text, route = str(path), str(self.pattern)
        rest = text[len(route) :]
        if text.startswith(route):
            for pattern in self._fitting(rest):
                try:
                    found = pattern.resolve(rest)
                except Resolver404:
                    continue
                if found:
                    if not isinstance(pattern, URLPattern):  # who holds this puts `route` before it
                        found.route = f"{pattern.pattern}{found.route}"
                    return found
        raise Resolver404({"path": rest})

    def _fitting(self, rest: str) -> Sequence[Pattern]:
        """The patterns that may fit, in their order."""
        by_key, others = self._known or self._learned()
        return by_key.get((rest.partition("/")[0], rest.count("/")), others)

    def _learned(self) -> tuple[dict[Key, list[Pattern]], list[Pattern]]:
        told = [(pattern, _key(pattern)) for pattern in _plain(self.url_patterns)]
        keys = {key for _, key in told if key is not None}
        by_key = {key: [pattern for pattern, of in told if of in {None, key}] for key in keys}
        self._known = by_key, [pattern for pattern, of in told if of is None]
        return self._known


def _plain(patterns: Sequence[Pattern]) -> Iterator[Pattern]:
    """The patterns, and in place of an `include` that adds nothing to them, those inside it."""
    for pattern in patterns:
        bare = type(pattern) is URLResolver and not (
            str(pattern.pattern) or pattern.namespace or pattern.app_name or pattern.default_kwargs
        )
        if bare:
            yield from _plain(pattern.url_patterns)  # type: ignore[union-attr]
        else:
            yield pattern


def _key(pattern: Pattern) -> Key | None:
    """What every address that fits has; None where one pattern fits addresses of several kinds."""
    route: Any = pattern.pattern
    if not isinstance(pattern, URLPattern) or not isinstance(route, RoutePattern):
        return None
    if any(type(converter) not in WITHIN_A_PART for converter in route.converters.values()):
        return None
    text = str(route)
    first = text.partition("/")[0]
    return None if "<" in first else (first, text.count("/"))
