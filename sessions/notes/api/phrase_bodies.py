"""Bodies of phrases."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text


class PhraseIn(Input):
    """A turn of words that goes into notes; nothing of a client stands in it."""

    name = Text(max_length=60)
    text = Text(max_length=4000, trim_whitespace=False)


class PhraseOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    updated_at = Moment()
    name = serializers.CharField()
    text = serializers.CharField()
