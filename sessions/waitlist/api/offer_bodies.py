"""Bodies of offers."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Moment, Output


class OfferedStaff(Output):
    user = serializers.UUIDField()
    role = serializers.CharField()


class WaitlistOfferOut(Output):
    """A slot that was offered: with the entry's program and kind it is the body of a booking."""

    id = serializers.UUIDField()
    created_at = Moment()
    entry = serializers.UUIDField(source="entry_id")
    program = serializers.UUIDField(source="entry.program_id")
    client = serializers.UUIDField(source="entry.program.client_id")
    kind = serializers.CharField(source="entry.kind")
    rank = serializers.IntegerField()
    starts_at = Moment()
    ends_at = Moment()
    modality = serializers.CharField()
    room = serializers.UUIDField(source="room_id", allow_null=True)
    staff = OfferedStaff(many=True)
    freed_by = serializers.UUIDField(source="freed_by_id")
