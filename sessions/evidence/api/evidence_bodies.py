"""Bodies of evidence."""

from __future__ import annotations

import json
from typing import Any

from rest_framework import serializers

from kapclinic.core.http.fields import Moment, Output


class BundleOut(Output):
    """A frozen bundle without its bytes."""

    id = serializers.UUIDField()
    session = serializers.UUIDField(source="session_id")
    sequence = serializers.IntegerField()
    sha256 = serializers.CharField()
    pdf_sha256 = serializers.CharField()
    made_at = Moment(source="created_at")
    made_by = serializers.UUIDField(source="created_by")


class FrozenOut(BundleOut):
    """A frozen bundle; `sha256` is that of `evidence` in its canonical text."""

    evidence = serializers.SerializerMethodField()

    def get_evidence(self, bundle: Any) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(bytes(bundle.content))
        return found


class EvidenceOut(Output):
    """The evidence now, its hash, and what was frozen before."""

    sha256 = serializers.CharField()
    evidence = serializers.DictField(source="content")
    frozen = BundleOut(many=True)
