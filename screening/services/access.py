"""The program that a request names, as far as the actor may see it."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from kapclinic.core.asking import AtOnce, Questions
from kapclinic.core.errors import Invalid
from kapclinic.core.postgresql.scoped import Asks
from kapclinic.practice.models import Actor, Client
from kapclinic.practice.selectors import person
from programs.models import Program
from programs.services import ProgramNotActive

OVER = frozenset({Program.Status.COMPLETED, Program.Status.DISCONTINUED})


def visible_programs(*, program_ids: Collection[UUID], by: Actor) -> dict[UUID, Program]:
    """Those of the programs that the actor may see, each with its protocol, client and location: one statement."""
    found = Program.objects.visible_to(by).select_related("protocol", "client", "location")
    return {program.pk: program for program in found.filter(pk__in=program_ids)}


def visible_program(*, program_id: UUID, by: Actor) -> Program:
    """The program with its protocol, client and location.

    :raises Invalid: naming `program`, when the actor may not see such a program
    """
    program = visible_programs(program_ids=[program_id], by=by).get(program_id)
    if program is None:
        raise Invalid.field("program", "There is no such row for you.", code="not_found")
    return program


def require_open(program: Program) -> None:
    """A program on hold may be screened, so that it can be resumed; one that is over may not.

    :raises ProgramNotActive: when the course is completed or discontinued
    """
    if program.status in OVER:
        raise ProgramNotActive(f"The program is {program.status}.", state=program.status)


def _ask(*, client_id: UUID) -> Questions:
    rows = Client.objects.select_for_update(no_key=True).filter(pk__in=person(client_id)).order_by("pk")
    return (rows.values_list("pk", flat=True),)


_locked = AtOnce(_ask)


def lock_client(client_id: UUID) -> None:
    """Hold what is said of a client until the transaction ends: a decision and what it must hear come one by one.

    After program, session and screening; only rows of medications come after it, and of a dose what it then writes.
    """
    _locked(client_id=client_id)


def asks_lock_client(client_id: UUID) -> Asks:
    """The statement of `lock_client`, to be sent ahead."""
    return _locked.asks(client_id=client_id)
