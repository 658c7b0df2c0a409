"""Bodies of the inbox: what waits for the one who asks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Moment, Output
from sessions.booking.models import Session
from sessions.notes import rules
from sessions.notes.models import Note
from sessions.notes.rules import owed


class WaitingOut(Output):
    """A session with its client, in names."""

    session = serializers.SerializerMethodField()
    session_kind = serializers.SerializerMethodField()
    session_number = serializers.SerializerMethodField()
    program = serializers.SerializerMethodField()
    client = serializers.SerializerMethodField()
    client_name = serializers.SerializerMethodField()
    starts_at = serializers.SerializerMethodField()
    completed_at = serializers.SerializerMethodField()
    due_at = serializers.SerializerMethodField()

    def its(self, row: Any) -> Session:
        """The session of the row."""
        found: Session = row if isinstance(row, Session) else row.session
        return found

    @property
    def at(self) -> datetime:
        found: datetime = self.context["view"].at
        return found

    def get_session(self, row: Any) -> str:
        return str(self.its(row).pk)

    def get_session_kind(self, row: Any) -> str:
        return str(self.its(row).kind)

    def get_session_number(self, row: Any) -> int:
        return int(self.its(row).number)

    def get_program(self, row: Any) -> str:
        return str(self.its(row).program_id)

    def get_client(self, row: Any) -> str:
        return str(self.its(row).client_id)

    def get_client_name(self, row: Any) -> str:
        return str(self.its(row).client.display_name)

    @extend_schema_field(Moment())
    def get_starts_at(self, row: Any) -> str:
        return _told(self.its(row).starts_at)

    @extend_schema_field(Moment(allow_null=True))
    def get_completed_at(self, row: Any) -> str | None:
        over = self.its(row).completed_at
        return None if over is None else _told(over)

    @extend_schema_field(Moment(allow_null=True))
    def get_due_at(self, row: Any) -> str | None:
        session = self.its(row)
        return None if session.completed_at is None else _told(owed.due_of(session, session.program))


def _told(moment: datetime) -> str:
    return str(Moment().to_representation(moment))


class ToWriteOut(WaitingOut):
    """A completed session of which the one who asks owes a note and has begun none; `kind` is that of the note."""

    kind = serializers.SerializerMethodField()

    def get_kind(self, row: Session) -> str:
        return rules.note_kind_of(self.context["request"].user, session_kind=row.kind)


class DraftOut(WaitingOut):
    """`age_hours` since it was begun; `due_at` is null until the session was completed."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    kind = serializers.CharField()
    created_at = Moment()
    updated_at = Moment()
    age_hours = serializers.SerializerMethodField()

    def get_age_hours(self, row: Note) -> float:
        return owed.hours_between(row.created_at, self.at)


class ToCosignOut(WaitingOut):
    """`age_hours` since its author signed; it is cosigned within 72 h of that."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    kind = serializers.CharField()
    author = serializers.UUIDField(source="author_id")
    author_name = serializers.CharField(source="author.name")
    signed_at = Moment()
    age_hours = serializers.SerializerMethodField()

    def get_age_hours(self, row: Note) -> float:
        assert row.signed_at is not None
        return owed.hours_between(row.signed_at, self.at)

    @extend_schema_field(Moment())
    def get_due_at(self, row: Note) -> str:
        assert row.signed_at is not None
        return _told(row.signed_at + owed.COSIGN_WITHIN)


class InboxOut(Output):
    """The oldest first."""

    to_write = ToWriteOut(many=True)
    drafts = DraftOut(many=True)
    to_cosign = ToCosignOut(many=True)
