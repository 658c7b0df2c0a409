"""`manage.py permissions_matrix`: who may do what at every address, as docs/permissions.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandError
from django.urls import URLPattern, URLResolver, get_resolver

from kapclinic.trail.management.documents import DocumentCommand, table

PREFIX = "api/v1/"
ROLES = (
    "front_desk",
    "nurse_practitioner",
    "therapist",
    "prescriber",
    "billing",
    "medical_director",
    "admin",
)
HEADS = ("front desk", "NP", "therapist", "prescriber", "billing", "director", "admin")
YES, NO = "✓", ""
OUTSIDE = frozenset({"schema/", "docs/"})  # the API's own description: anybody may read it
INTRO = """# Who may do what

Written by `manage.py permissions_matrix --write` from the views themselves; `tests/test_permissions.py` asks every
address as every role and compares the answers with this page. A tick means that the role is let in; which rows it
then sees is bounded by its locations (404 elsewhere), and the state of a row may still refuse (409).

What happened more than 7 days ago is entered by the medical director alone, with `override_reason`: on these addresses
the director is let in without a tick, for nothing else. {late}.

Where a location has `desk_takes_payments`, its front desk is let in without a tick, for money of
that location: {leave}.

A bearer token that is narrowed to some roles and locations acts as somebody who holds these alone. What would tell or
open more is closed to it (403 `session_required`): {whole}."""


@dataclass(frozen=True)
class Entry:
    """One action of one address. `roles` is None where no login is needed."""

    route: str
    method: str
    action: str
    roles: frozenset[str] | None
    late: bool = False  # further roles are let in long afterwards
    leave: bool = False  # further roles are let in where a location lets them
    whole: bool = False  # a narrowed token is not

    def allows(self, role: str) -> bool:
        return self.roles is None or role in self.roles

    def row(self) -> list[str]:
        ticks = [YES if self.allows(role) else NO for role in ROLES]
        return [f"`{self.route}`", self.method, *ticks, YES if self.roles is None else NO]


def routes(patterns: Iterable[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every (address, view) below `patterns`."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route, pattern.callback


def _roles_of(view: Any, action: str, where: str) -> frozenset[str] | None:
    if action in view.public:
        return None
    if action not in view.roles:
        raise CommandError(f"{where}: {view.__name__} names no roles for '{action}'.")
    return frozenset(map(str, view.roles[action])) or frozenset(ROLES)


def entries() -> list[Entry]:
    """Every action below /api/v1/, by address.

    :raises CommandError: for a view that does not say who may do one of its actions
    """
    found = []
    for route, view in routes(get_resolver().url_patterns):
        short = route.removeprefix(PREFIX)
        if not route.startswith(PREFIX) or short in OUTSIDE:
            continue
        actions = getattr(view, "actions", None)
        if actions is None or not hasattr(view.cls, "roles"):
            raise CommandError(f"{route}: this view declares no roles.")
        shown = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", short).replace("{pk}", "{id}")
        for method, action in sorted(actions.items()):
            if method == "head":  # REST framework adds it to GET at a view's first request
                continue
            roles = _roles_of(view.cls, action, f"{method.upper()} {route}")
            late = action in getattr(view.cls, "late_roles", ())
            leave = action in getattr(view.cls, "leave_roles", ())
            whole = action in getattr(view.cls, "whole", ())
            found.append(Entry(shown, method.upper(), action, roles, late, leave, whole))
    return sorted(found, key=lambda entry: (entry.route, entry.method))


class Command(DocumentCommand):
    help = (
        "Prints who may do what at every address; --write keeps it in docs/permissions.md, --check compares."
    )
    document = "permissions.md"

    def render(self) -> str:
        heads = ["address under /api/v1/", "method", *HEADS, "signed out"]
        late = ", ".join(f"`{entry.route}`" for entry in entries() if entry.late)
        leave = ", ".join(f"{entry.method} `{entry.route}`" for entry in entries() if entry.leave)
        whole = ", ".join(f"{entry.method} `{entry.route}`" for entry in entries() if entry.whole)
        intro = INTRO.format(late=late, leave=leave, whole=whole)
        return f"{intro}\n\n{table(heads, [entry.row() for entry in entries()])}"
