"""An address is found without a look at all of them, and is the one that Django finds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import Resolver404, URLResolver, include, path, resolve
from django.urls.resolvers import RegexPattern

from kapclinic import urls
from kapclinic.core.http.routes import Routes

SAMPLES = {"uuid": "0190a0a0-0000-7000-8000-000000000000", "int": "7", "str": "some-word", "slug": "a-b"}
PLAIN = URLResolver(RegexPattern("^/"), [path("", include(urls.outside)), path("api/v1/", include(urls.api))])


def addresses(patterns: Any, before: str = "/") -> Iterator[str]:
    """One address of each pattern."""
    for pattern in patterns:
        here = before + re.sub(
            "<(?:([a-z]+):)?[a-z_]+>", lambda m: SAMPLES[m[1] or "str"], str(pattern.pattern)
        )
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, here)
        else:
            yield here


def test_every_address_is_found_as_django_finds_it() -> None:
    asked = [*addresses(urls.urlpatterns)]
    assert len(asked) > 300
    for address in asked:
        ours, theirs = resolve(address), PLAIN.resolve(address)
        assert (ours.func, ours.args, ours.kwargs) == (theirs.func, theirs.args, theirs.kwargs), address
        assert (ours.route, ours.url_name, ours.view_name) == (
            theirs.route,
            theirs.url_name,
            theirs.view_name,
        )
        assert (ours.captured_kwargs, ours.extra_kwargs) == (theirs.captured_kwargs, theirs.extra_kwargs)


@pytest.mark.parametrize(
    "address",
    ["/api/v1/nothing/", "/api/v1/clients", "/api/v1/clients/7/", "/api/v2/clients/", "/x/y/z", "/l/"],
)
def test_an_address_that_is_none_is_not_found(address: str) -> None:
    with pytest.raises(Resolver404):
        PLAIN.resolve(address)
    with pytest.raises(Resolver404):
        resolve(address)


def test_what_fits_addresses_of_several_kinds_keeps_its_place() -> None:
    def view(request: Any, **_: Any) -> None: ...

    kinds = ["a/<path:rest>", "a/b/", "<str:any>/b/", "c/<int:number>/"]
    patterns = [path(kind, view, name=kind) for kind in kinds] + [path("c/", include([path("7/", view)]))]
    routes, plain = Routes("", patterns), URLResolver(RegexPattern(""), patterns)
    for address in ("a/b/", "a/b/c", "z/b/", "c/8/", "c/7/"):
        assert routes.resolve(address).url_name == plain.resolve(address).url_name
        assert routes.resolve(address).route == plain.resolve(address).route
