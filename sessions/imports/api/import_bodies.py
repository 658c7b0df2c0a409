"""Bodies of imports."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output
from sessions.imports.models import ImportKind
from sessions.imports.rules import IMPORT_MOVES


class ImportIn(Input):
    """A form: a CSV file or a workbook (XLSX) of 10 MB and 10,000 rows at most, whose head names the fields of the POST
    of one such row.

    An address is `line1` to `postal_code`; another object's field `escort.name`; of a list the first one
    `staff.1.user`; several values of one cell stand apart by `;`. A time without an offset is local to the program's
    location.
    """

    kind = serializers.ChoiceField(ImportKind.choices)
    file = serializers.FileField(max_length=255)


class ImportErrorOut(Output):
    """What is wrong in one cell, never what stands in it; `row` is counted as a spreadsheet does."""

    row = serializers.IntegerField()
    column = serializers.CharField(allow_blank=True)
    pointer = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class ImportWarningOut(Output):
    """A row that may be somebody who is there: in an earlier row of the file, or as a client."""

    row = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    same_rows = serializers.ListField(child=serializers.IntegerField())
    clients = serializers.ListField(child=serializers.UUIDField())


class ImportOut(Output):
    """`sha256` and `size` are those of the file; `wrong` counts the rows that were refused, of which `errors` tells
    500 at most; `hanging` is what kept the last try to undo it from being one.
    """

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    kind = serializers.CharField()
    dry_run = serializers.BooleanField()
    asked_by = serializers.CharField()
    state = serializers.CharField()
    failure = serializers.CharField()
    total = serializers.IntegerField()
    wrong = serializers.IntegerField()
    errors = ImportErrorOut(many=True)  # type: ignore[assignment]
    warnings = ImportWarningOut(many=True)
    hanging = serializers.IntegerField()
    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    ended_at = Moment(allow_null=True)
    undo_reason = serializers.CharField()
    undone_at = Moment(allow_null=True)
    allowed_moves = serializers.SerializerMethodField()

    def get_allowed_moves(self, row: Any) -> list[str]:
        if row.dry_run:
            return []
        return transitions.allowed(IMPORT_MOVES, state=row.state, by=self.context["request"].user)
