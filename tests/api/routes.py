"""The addresses of the API as they are, each with somebody who may ask and ids that lead somewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import get_resolver

from kapclinic.trail.management.commands.permissions_matrix import PREFIX, ROLES, Entry, entries, routes
from sessions.booking.models import Session
from tests import cast as people
from tests.cast import PERSON, Cast, Desk

READS = [entry for entry in entries() if entry.method == "GET" and entry.roles is not None]


def ids(entry_list: list[Entry]) -> list[str]:
    return [entry.route for entry in entry_list]


@cache
def view_of(entry: Entry) -> Any:
    """The view class behind an address."""
    for route, view in routes(get_resolver().url_patterns):
        if getattr(view, "actions", {}).get(entry.method.lower()) != entry.action:
            continue
        shown = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.removeprefix(PREFIX)).replace("{pk}", "{id}")
        if shown == entry.route:
            return view.cls
    raise LookupError(entry.route)


@dataclass
class Places:
    """A clinic where a dose was given today, so that every address below a session leads somewhere."""

    cast: Cast
    session: Session

    def path(self, entry: Entry) -> str:
        """The address with its ids filled in: of rows that are there, else of nobody."""
        found = entry.route.replace("{session_id}", str(self.session.pk))
        known = {
            "clients": self.session.client_id,
            "programs": self.session.program_id,
            "sessions": self.session.pk,
            "staff": self.cast.therapist.pk,
            "locations": self.cast.north.pk,
            "rooms": self.cast.aspen.pk,
        }
        nobody = "01900000-0000-7000-8000-00000000dead"
        return re.sub(
            r"\{\w+_id\}", nobody, found.replace("{id}", str(known.get(found.split("/")[0], nobody)))
        )

    def asker(self, entry: Entry) -> Desk:
        """Somebody who may, at a browser where a token may not."""
        role = next(role for role in ROLES if entry.roles and role in entry.roles)
        if entry.action in getattr(view_of(entry), "by_session", ()):
            return self.cast.browser(PERSON[role])
        return self.cast.desk("therapist" if entry.route.startswith("psychotherapy") else PERSON[role])

    def needed(self, entry: Entry) -> dict[str, str]:
        """Parameters without which the address says nothing."""
        samples = {
            "kind": "preparation",
            "program": str(self.session.program_id),
            "location": str(self.cast.north.pk),
            "date": "2026-05-04",
            "object_type": "client",
            "object_id": str(self.session.client_id),
            "instrument": "phq9",
        }
        params = view_of(entry)().params_of().get(entry.action, ())
        return {param.name: samples[param.name] for param in params if param.required}

    def get(self, entry: Entry, /, **query: str) -> Any:
        return self.asker(entry).get(self.path(entry), **self.needed(entry) | query)


def places(cast: Cast) -> Places:
    session = people.ready_dose(cast)
    people.give(cast, session)
    return Places(cast, session)
