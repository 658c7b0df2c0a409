"""What a filling-in is compared with: the program, and the client's others of its instrument.

Asked for one (`Asked`), or read once for many and kept up while they are recorded (`Read`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from django.db.models import QuerySet

from kapclinic.core.errors import Invalid
from kapclinic.practice.models import Actor
from kapclinic.practice.selectors import person, persons
from programs.models import Program
from screening.models import Measure
from screening.services.access import visible_program, visible_programs


class Course(Protocol):
    """Questions of whoever records a filling-in."""

    def program(self, program_id: UUID) -> Program:
        """:raises Invalid: naming `program`, when the actor may not see such a program"""

    def total_before(self, program: Program, *, instrument: str, moment: datetime) -> int | None:
        """The total of the client's filling-in before this moment, in whatever program."""

    def only_later(self, measure: Measure) -> Measure | None:
        """The client's one filling-in after this; None when there is none, or more than one."""

    def add(self, measure: Measure) -> None:
        """It is recorded now."""


def _standing(client_id: UUID, instrument: str) -> QuerySet[Measure]:
    rows: QuerySet[Measure] = Measure.objects.standing()
    return rows.filter(program__client__in=person(client_id), instrument=instrument)


class Asked:
    """Each question is a statement."""

    def __init__(self, by: Actor) -> None:
        self.by = by

    def program(self, program_id: UUID) -> Program:
        return visible_program(program_id=program_id, by=self.by)

    def total_before(self, program: Program, *, instrument: str, moment: datetime) -> int | None:
        rows = _standing(program.client_id, instrument).filter(total__isnull=False, taken_at__lt=moment)
        found: int | None = rows.order_by("-taken_at", "-created_at").values_list("total", flat=True).first()
        return found

    def only_later(self, measure: Measure) -> Measure | None:
        rows = _standing(measure.program.client_id, measure.instrument).filter(taken_at__gt=measure.taken_at)
        found = rows.select_related("program__protocol", "program__therapist")
        last, *more = found.order_by("-taken_at", "-created_at")[:2] or [None]
        return None if more else last

    def add(self, measure: Measure) -> None:
        """Nothing: it is asked again."""


class _Taken(NamedTuple):
    """One filling-in; they stand in the order of their times."""

    taken_at: datetime
    created_at: datetime
    place: int
    pk: UUID
    total: int | None


class Read:
    """Of some programs and instruments, read by three statements, and as this transaction adds to them.

    What others record meanwhile is not in it: for rows that come one right after the other.
    """

    def __init__(self, *, program_ids: Collection[UUID], instruments: Iterable[str], by: Actor) -> None:
        self._programs = visible_programs(program_ids=program_ids, by=by)
        clients = {program.client_id for program in self._programs.values()}
        everybody = persons(clients)
        self._person = {pk: ids[0] for ids in everybody.values() for pk in ids}
        self._taken: dict[tuple[UUID, str], list[_Taken]] = defaultdict(list)
        rows = Measure.objects.standing().filter(
            program__client__in=list(self._person), instrument__in=set(instruments)
        )
        fields = ("program__client", "instrument", "taken_at", "created_at", "pk", "total")
        for place, (client, instrument, *row) in enumerate(rows.values_list(*fields)):
            taken_at, created_at, pk, total = row
            self._taken[self._person[client], instrument].append(
                _Taken(taken_at, created_at, place, pk, total)
            )
        self._added = sum(map(len, self._taken.values()))
        for found in self._taken.values():
            found.sort()

    def program(self, program_id: UUID) -> Program:
        program = self._programs.get(program_id)
        if program is None:
            raise Invalid.field("program", "There is no such row for you.", code="not_found")
        return program

    def _of(self, client_id: UUID, instrument: str) -> list[_Taken]:
        return self._taken[self._person[client_id], instrument]

    def total_before(self, program: Program, *, instrument: str, moment: datetime) -> int | None:
        rows = self._of(program.client_id, instrument)
        earlier = rows[: bisect_left(rows, moment, key=_moment)]
        return next((row.total for row in reversed(earlier) if row.total is not None), None)

    def only_later(self, measure: Measure) -> Measure | None:
        rows = self._of(measure.program.client_id, measure.instrument)
        later = rows[bisect_right(rows, measure.taken_at, key=_moment) :]
        if len(later) != 1:
            return None
        found = Measure.objects.select_related("program__protocol", "program__therapist")
        return found.get(pk=later[0].pk)

    def add(self, measure: Measure) -> None:
        self._added += 1
        row = _Taken(measure.taken_at, measure.created_at, self._added, measure.pk, measure.total)
        insort(self._of(measure.program.client_id, measure.instrument), row)


def _moment(row: _Taken) -> datetime:
    return row.taken_at
