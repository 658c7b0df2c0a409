"""Which clearance a dose stands on, and what takes it away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from programs.models import Program
from screening.models import Clearance, Suspension


def open_reasons(clearance_id: UUID) -> QuerySet[Suspension]:
    """What suspends a clearance and no prescriber has answered, the oldest first."""
    found: QuerySet[Suspension] = Suspension.objects.filter(clearance=clearance_id, uphold__isnull=True)
    return found.select_related("fact").order_by("fact__at", "pk")


def decisions_of(program_id: UUID | Subquery) -> QuerySet[Clearance]:
    """Every decision of a program, the latest first, each with `is_suspended`: a reason that nobody answered stands."""
    reasons = Suspension.objects.filter(clearance=OuterRef("pk"), uphold__isnull=True)
    found: QuerySet[Clearance] = Clearance.objects.filter(program_id=program_id)
    found = found.select_related("program__location").annotate(is_suspended=Exists(reasons))
    return found.order_by("-valid_from", "-pk")


def to_review() -> QuerySet[Clearance]:
    """Clearances of courses that go on which a prescriber must uphold or void: suspended, and not decided anew."""
    newer = Clearance.objects.filter(
        program=OuterRef("program"),
        decision=Clearance.Decision.CLEARED,
        voided_at__isnull=True,
        valid_from__gt=OuterRef("valid_from"),
    )
    reasons = Suspension.objects.filter(clearance=OuterRef("pk"), uphold__isnull=True)
    found: QuerySet[Clearance] = Clearance.objects.filter(
        Exists(reasons),
        ~Exists(newer),
        voided_at__isnull=True,
        program__status__in=[Program.Status.ACTIVE, Program.Status.ON_HOLD],
    )
    return found.select_related("program__location")


def _standing_clearances(program_ids: Collection[UUID], at: datetime) -> dict[UUID, list[Clearance]]:
    """Program -> the clearance that was the latest at `at`, and if another came after it, the latest of all."""
    unexpired = at.date() - timedelta(days=1)  # no zone is a whole day behind; the day itself is asked below
    rows = clearances_in_force(program_ids=program_ids, at=at, unexpired=unexpired)
    return _by_program(rows, at)


def clearances_in_force(
    *, program_ids: Collection[UUID] | QuerySet[Program, object], at: datetime, unexpired: date
) -> QuerySet[Clearance]:
    """Clearances that no later decision of `at` has overtaken, the latest first, but for those that expired before
    `unexpired`; each with whether it is suspended, and who answered last what suspended it.
    """
    overtaken = Clearance.objects.filter(
        program_id=OuterRef("program_id"),
        decision__in=[Clearance.Decision.DECLINED, Clearance.Decision.DEFERRED],
        voided_at__isnull=True,
        valid_from__gte=OuterRef("valid_from"),
        valid_from__lte=at,
    )
    reasons = Suspension.objects.filter(clearance=OuterRef("pk"), fact__at__lte=at)
    answers = reasons.filter(uphold__isnull=False).order_by("-uphold__created_at")
    stood = Q(voided_at__isnull=True) | Q(voided_at__gt=at, valid_from__lte=at)  # void from that moment on
    in_force: QuerySet[Clearance] = Clearance.objects.filter(
        ~Exists(overtaken),
        Q(program_id__in=program_ids),
        stood,
        decision=Clearance.Decision.CLEARED,
        expires_on__gte=unexpired,
    ).annotate(
        is_suspended=Exists(reasons.filter(uphold__isnull=True)),
        answered_at=Subquery(answers.values("uphold__created_at")[:1]),
        answered_by=Subquery(answers.values("uphold__created_by")[:1]),
    )
    return in_force.select_related("screening", "program__location").order_by("-valid_from")


def _by_program(rows: Iterable[Clearance], at: datetime) -> dict[UUID, list[Clearance]]:
    found: dict[UUID, list[Clearance]] = {}
    for row in rows:
        last = row.expires_on
        if last is not None and last >= at.astimezone(row.program.location.zone).date():
            found.setdefault(row.program_id, []).append(row)
    return {program_id: _at_and_after(rows, at) for program_id, rows in found.items()}


def _at_and_after(rows: Sequence[Clearance], at: datetime) -> list[Clearance]:
    """Of one program's clearances, the latest first: that of `at` and the latest of all, which may be one."""
    by_then = next((row for row in rows if row.valid_from <= at), None)
    return [row for row in (by_then, rows[0]) if row is not None] if by_then != rows[0] else [rows[0]]


def current_clearances(*, program_ids: Collection[UUID], at: datetime) -> dict[UUID, Clearance]:
    """Program -> the clearance that a dose at `at` stands on: cleared, not voided by then, not expired on that day.

    One that was decided after `at` counts where none did by then, because a day may be written up late. One does not
    count when a later decision, made by `at`, is `declined` or `deferred`, nor when something that was so at `at`
    suspends it; no earlier one counts in its place then. A program without one is left out.
    """
    return _firm(_standing_clearances(program_ids, at))


def current_of(rows: Iterable[Clearance], *, program_id: UUID, at: datetime) -> Clearance | None:
    """`current_clearance` among `clearances_in_force` of the program."""
    return _firm(_by_program(rows, at)).get(program_id)


def _firm(standing: Mapping[UUID, Sequence[Clearance]]) -> dict[UUID, Clearance]:
    firm = {pk: next((row for row in rows if not row.is_suspended), None) for pk, rows in standing.items()}  # type: ignore[attr-defined]
    return {program_id: row for program_id, row in firm.items() if row is not None}


def current_clearance(*, program_id: UUID, at: datetime) -> Clearance | None:
    """`current_clearances` for one program."""
    return current_clearances(program_ids=[program_id], at=at).get(program_id)


def open_reasons_of(*, program_id: UUID, at: datetime) -> QuerySet[Suspension, tuple[UUID, str, datetime]]:
    """(clearance, code, moment) of all that was so at `at`, suspends a clearance of the program and is unanswered."""
    found = Suspension.objects.filter(
        clearance__program=program_id, uphold__isnull=True, fact__at__lte=at
    ).order_by("fact__at", "pk")
    return found.values_list("clearance_id", "fact__code", "fact__at")


def suspended_by(
    rows: Iterable[Clearance],
    reasons: Iterable[tuple[UUID, str, datetime]],
    *,
    program_id: UUID,
    at: datetime,
) -> list[tuple[str, datetime]]:
    """Code and moment of what suspends the clearance that a dose at `at` would stand on, among `clearances_in_force`
    of the program and its `open_reasons_of`.
    """
    found = _by_program(rows, at).get(program_id)
    return [(code, since) for of, code, since in reasons if found and of == found[-1].pk]


def decided_at(clearance: Clearance) -> datetime:
    """When the decision was made on which a current clearance stands: with the last answer to what suspended it."""
    answered: datetime | None = clearance.answered_at  # type: ignore[attr-defined]
    return max(clearance.valid_from, answered or clearance.valid_from)


def decided_by(clearance: Clearance) -> UUID:
    """Whose decision that was: who decided, or who answered last what suspended it."""
    answered: UUID | None = clearance.answered_by  # type: ignore[attr-defined]
    by: UUID = answered or clearance.decided_by_id
    return by
