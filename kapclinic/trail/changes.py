"""What changed since the sweep last looked: noted by triggers in the transaction of the change, taken away here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from kapclinic.core.rows import in_batches
from kapclinic.trail.models import Changed

MOST = 20_000  # subjects of one pass; the rest wait for the next


def look_at_changed(topic: str, work: Callable[[Sequence[UUID]], int]) -> int:
    """Let `work` look at each subject of `topic` that changed, in batches; the sum of what it returns.

    A note goes in the transaction of its look, before the facts are read: what changes meanwhile is noted anew, and a
    look that fails is had again.
    """
    notes = Changed.objects.filter(topic=topic)
    subjects = notes.order_by("subject_id").values_list("subject_id", flat=True).distinct()

    def look(batch: Sequence[UUID]) -> int:
        notes.filter(subject_id__in=batch).delete()
        return work(batch)

    return in_batches(subjects[:MOST], look)
