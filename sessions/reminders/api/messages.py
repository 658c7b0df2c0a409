"""Messages over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Empty
from kapclinic.core.http.params import Param
from kapclinic.trail import services as trail
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from kapclinic.trail.models import Outbox
from sessions.reminders import selectors
from sessions.reminders.api import message_bodies
from sessions.reminders.rules import PLANNERS


class MessageViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    """What leaves the house, and what could not: ids and times only."""

    object_type = "message"
    client_path = "recipient"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "retry"), PLANNERS)
    inputs: ClassVar = {"retry": Empty}
    output = message_bodies.MessageOut
    filters = (
        Param("status", choices=tuple(Outbox.Status.values)),
        Param("channel", choices=tuple(Outbox.Channel.values)),
        Param("recipient_kind", choices=tuple(Outbox.Recipient.values)),
        Param("recipient", "uuid"),
        Param("subject", "uuid", "subject_id"),
        Param("template"),
    )
    orderings: ClassVar = {"created_at": "created_at", "next_at": "next_at"}
    default_order = ("-created_at",)

    def get_queryset(self) -> QuerySet[Outbox]:
        return selectors.messages_visible_to(self.user)

    def touch(self, row: Any) -> None:
        if row.recipient_kind == Outbox.Recipient.CLIENT:
            super().touch(row)

    def retry(self, request: Request, pk: Any) -> Response:
        row = self.get_object()
        self.body()
        return self.answer(trail.retry_message(message_id=row.pk, by=self.user, at=self.at))
