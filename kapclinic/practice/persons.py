"""Verbs of what is known of the person behind a registration: that two are one, that they have died.

Each is half of a verb of `sessions.course.services`, which knows what hangs on it and has locked it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from kapclinic.practice import rules, selectors
from kapclinic.practice.models import Client, ClientAlias, Death, DeathVoid, User


def lock_clients(ids: Sequence[UUID]) -> list[Client]:
    """The rows of clients, locked in one order until the transaction ends: the last lock of a writer."""
    return list(Client.objects.select_for_update().filter(pk__in=ids).order_by("pk"))


def keep_alias(*, client: Client, into: Client, reason: str, by: User, at: datetime) -> ClientAlias:
    """Write down that `client` is `into`; from then on `into` is found by what either is called."""
    alias: ClientAlias = ClientAlias(client=client, into=into, reason=reason).save_by(by, at=at)
    _find_anew(into, by=by, at=at)
    return alias


def end_alias(*, alias: ClientAlias, reason: str, by: User, at: datetime) -> ClientAlias:
    """Write down that the two are not one person."""
    alias.ended_at, alias.end_reason = at, reason
    alias.save_by(by, at=at)
    _find_anew(alias.into, by=by, at=at)
    return alias


def _find_anew(client: Client, *, by: User, at: datetime) -> None:
    client.search_text = rules.found_by(client, selectors.aliases_of(client))
    client.save_by(by, at=at)


def keep_death(
    *,
    client: Client,
    rows: Sequence[Client],
    died_on: date,
    source: str,
    ended: Mapping[str, object],
    by: User,
    at: datetime,
) -> Death:
    """Write down a death, and the day on every one of the person's `rows`."""
    for row in rows:
        row.died_on = died_on
        row.save_by(by, at=at)
    return Death(client=client, died_on=died_on, source=source, ended=dict(ended)).insert_by(by, at=at)


def void_deaths(
    *, deaths: Sequence[Death], rows: Sequence[Client], reason: str, by: User, at: datetime
) -> None:
    """Take back what was written down of a person's death; `rows` are the person's."""
    for row in rows:
        row.died_on = None
        row.save_by(by, at=at)
    for death in deaths:
        DeathVoid(death=death, reason=reason).insert_by(by, at=at)
