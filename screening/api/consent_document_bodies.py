"""Bodies of the documents that clients sign."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from screening.models.consent_documents import LANGUAGES
from screening.rules.documents import DOCUMENTS


class ConsentDocumentIn(Input):
    document = serializers.ChoiceField(sorted(DOCUMENTS))
    language = serializers.ChoiceField(LANGUAGES)
    version = serializers.RegexField(
        r"^[0-9A-Za-z][0-9A-Za-z.-]{0,9}$",
        help_text="letters, digits, dots and dashes, at most ten",
    )
    effective_on = serializers.DateField(
        help_text="its first day, from today on; what is older is signed anew then"
    )
    text = Text(
        min_length=100,
        max_length=40_000,
        help_text="an empty line ends a paragraph; lines that begin with #, > and - are headings, notes and lists; "
        "**words** are bold",
    )


class ConsentDocumentOut(Output):
    id = serializers.UUIDField(allow_null=True, help_text="null for one that ships")
    document = serializers.CharField()
    language = serializers.CharField()
    version = serializers.CharField()
    effective_on = serializers.DateField()
    text = serializers.CharField()
    content_hash = serializers.CharField(help_text="SHA-256 of the text in UTF-8")
    shipped = serializers.BooleanField(
        help_text="comes with the software: a template for the clinic's own words"
    )
    created_at = Moment(allow_null=True)
    signed = serializers.IntegerField(
        help_text="of your clients in a course that is not over: whose newest signature in this language is on this "
        "text, was not taken back and is not too old"
    )
    standing = serializers.IntegerField(
        help_text="the same, on an older text of this language: from the first day of this one they sign anew"
    )
