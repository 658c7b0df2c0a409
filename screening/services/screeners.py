"""The C-SSRS that an answer about wanting to die asks for on its day, and what one that was taken settles."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from kapclinic.practice.models import Actor
from kapclinic.practice.selectors import person
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from kapclinic.trail.models import Task
from screening import selectors
from screening.models import Measure
from screening.rules.instruments import CSSRS
from screening.services.access import lock_client
from screening.services.releases import end_incomplete


def ask_for_screener(*, measure: Measure, by: Actor, at: datetime) -> None:
    """Put `cssrs_today` on the worklist until the end of the measure's local day, unless a C-SSRS came after it."""
    program = measure.program
    lock_client(program.client_id)
    if (
        selectors.tiered_screeners(client_id=program.client_id)
        .filter(taken_at__gte=measure.taken_at)
        .exists()
    ):
        return
    zone = program.location.zone
    tomorrow = measure.taken_at.astimezone(zone).date() + timedelta(days=1)
    trail.open_task(
        kind=Kind.CSSRS_TODAY,
        location=program.location_id,
        client=program.client_id,
        subject_type="measure",
        subject_id=measure.pk,
        due_at=datetime.combine(tomorrow, time.min, tzinfo=zone),
        by=by,
        at=at,
    )


def hear_screener(*, measure: Measure, by: Actor, at: datetime) -> None:
    """A C-SSRS was taken: rows that asked for it go, and a complete one ends the alert of one that was left open."""
    if measure.instrument != CSSRS:
        return
    client_id = measure.program.client_id
    lock_client(client_id)
    if measure.band is not None:
        asked = Task.objects.open().filter(kind=Kind.CSSRS_TODAY, client__in=person(client_id))
        subjects = asked.values_list("subject_id", flat=True)
        for pk in Measure.objects.filter(pk__in=subjects, taken_at__lte=measure.taken_at).values_list(
            "pk", flat=True
        ):
            trail.settle_tasks(kind=Kind.CSSRS_TODAY, subject_id=pk, by=by, at=at, outcome="C-SSRS taken")
    end_incomplete(client_id=client_id, by=by, at=at)
