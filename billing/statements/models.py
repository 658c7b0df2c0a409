"""Tables of the statements."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billing.documents.models import Document


class Statement(Document):
    """What was charged, adjusted, paid and given back in a period, between the balance before and the balance after.

    One may hold payments alone, so `charges` may be empty.
    """

    class Meta(Document.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="statement_period", condition=Q(from_date__lte=F("to_date"))),
            models.CheckConstraint(name="statement_placed", condition=Q(locations__len__gte=1)),
        ]
