"""A broken glass: for some hours its user reads one person's record of another location, and each read says so.

Source: 45 CFR 164.312(a)(2)(ii) (emergency access procedure) and clinic policy. Only GETs that are logged as reads of a
record (R10) pass, and only answers about that person alone; nothing is ever written through it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.http import Http404

from kapclinic.core import scope
from kapclinic.core.errors import NotFound
from kapclinic.trail.models import BreakGlass
from kapclinic.trail.rules import CARE

Answer = TypeVar("Answer")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def may_stand(*, user: Any, at: datetime) -> bool:
    """Does the account say that there may be a glass (`User.glass_until`)? Without asking the database."""
    until = getattr(user, "glass_until", None)
    return until is not None and until > at


def standing(*, user: Any, at: datetime) -> list[BreakGlass]:
    """The glasses that stand for a user at this moment: neither ended nor expired, and their roles as they were.

    Asked of the database only of somebody of whom there may be one.
    """
    if not may_stand(user=user, at=at):
        return []
    rows = BreakGlass.objects.filter(created_by=user.pk, ended_at__isnull=True, expires_at__gt=at)
    return [row for row in rows.order_by("created_at", "pk") if set(row.roles) == user.role_set]


def may_pass(view: Any) -> bool:
    """Is this action a read of a record that clinicians make in their care (R10)? Money is none."""
    roles = view.roles.get(view.action)
    reads = view.request.method in SAFE and view.client_path is not None and view.action in view.logged
    return reads and view.opens_by_glass and roles is not None and (not roles or bool(roles & CARE))


def answered(view: Any, ask: Callable[[], Answer]) -> Answer:
    """What `ask` answers; where it finds nothing, what it answers through a glass that stands for the user.

    An address or a filter `client` that names the person is asked through the glass at once.
    """
    glasses = _standing_of(view) if may_pass(view) else []
    if not glasses:
        return ask()
    named = _named(view)
    found = _first(view, [glass for glass in glasses if not named.isdisjoint(glass.clients)], ask)
    return _asked_plainly(view, glasses, ask) if found is None else found


def _standing_of(view: Any) -> list[BreakGlass]:
    if not may_stand(user=view.user, at=view.at):
        return []
    with scope.of(view.user):
        return standing(user=view.user, at=view.at)


def _asked_plainly(view: Any, glasses: Sequence[BreakGlass], ask: Callable[[], Answer]) -> Answer:
    """What `ask` answers as to everybody; through a glass, where that is nothing and it is something there."""
    view.forget()
    try:
        answer = ask()
    except (Http404, NotFound):
        if (found := _first(view, glasses, ask)) is None:
            raise
        return found
    if view.seen():
        return answer
    found = _first(view, glasses, ask)
    return answer if found is None else found


def _first(view: Any, glasses: Sequence[BreakGlass], ask: Callable[[], Answer]) -> Answer | None:
    answers = (_through(glass, view, ask) for glass in glasses)
    return next((answer for answer in answers if answer is not None), None)


def admit(view: Any, answer: Any) -> None:
    """Let an answer leave only if it is about the person of the glass and nobody else.

    Of a list that does not name the person no part leaves: beside their row it would count everybody there.

    :raises Http404: as if there were nothing
    """
    glass, seen = view.glass, view.seen()
    if glass is None:
        return
    ours = set(glass.clients)
    whole = not ours.isdisjoint(_named(view)) or not _is_part(answer.data)
    if not (seen and whole and seen <= ours):
        raise Http404


def _is_part(data: Any) -> bool:
    """Is this a page that tells of more rows than it holds?"""
    return isinstance(data, Mapping) and "results" in data and data["count"] != len(data["results"])


def _named(view: Any) -> set[UUID]:
    """The ids that an address or its filter `client` names."""
    found = {key for key in view.kwargs.values() if isinstance(key, UUID)}
    with suppress(ValueError):
        found.add(UUID(view.request.query_params.get("client", "")))
    return found


def _through(glass: BreakGlass, view: Any, ask: Callable[[], Answer]) -> Answer | None:
    """What `ask` answers with the person's places beside the user's own; None when it finds nothing of them."""
    meta = view.request._request.META  # noqa: SLF001  (the tag of a 304 says nothing of who is told)
    meta.pop("HTTP_IF_NONE_MATCH", None)
    vars(view.request._request).pop("headers", None)  # noqa: SLF001
    view.forget()
    with _places(view.user, glass.locations), scope.of(view.user):
        view.glass = glass
        try:
            return ask()
        except (Http404, NotFound):
            return None
        finally:
            view.glass = None


@contextmanager
def _places(user: Any, more: Collection[UUID]) -> Iterator[None]:
    own = user.locations
    user.locations = list(dict.fromkeys([*own, *more]))
    try:
        yield
    finally:
        user.locations = own
