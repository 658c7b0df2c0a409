"""Bodies of what happened at the doors."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.practice.api.client_bodies import AccessOut


class AuditEventOut(AccessOut):
    """One act at the doors. It names no client; `detail` holds codes, roles and words about an account."""

    id = serializers.UUIDField()
    detail = serializers.JSONField()
