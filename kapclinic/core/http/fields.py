"""Serializer bases and fields: unknown names are refused, times need an offset, amounts are exact."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from threading import local
from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from rest_framework import serializers
from rest_framework.fields import SkipField
from rest_framework.relations import PKOnlyObject

from kapclinic.core import limits
from kapclinic.core.http.messages import explain

S = TypeVar("S", bound="serializers.Serializer[Any]")
AS_TEXT = {
    serializers.CharField,
    serializers.EmailField,
    serializers.UUIDField,
}  # in an answer, as str() has it
NUMBERED = (
    serializers.IntegerField,
    serializers.FloatField,
    serializers.DecimalField,
    serializers.DateField,
    serializers.DateTimeField,
    serializers.TimeField,
)
UNREADABLE = "?Z"  # no number, date or time
_OFFSET = re.compile(r"(Z|[+-]\d{2}:?\d{2})$", re.IGNORECASE)


class Moment(serializers.DateTimeField):
    """An instant. A time without an offset is refused: the server won't guess a zone."""

    default_error_messages = {
        "offset_required": "Give the time with its UTC offset, e.g. 2026-05-04T09:00:00-06:00."
    }

    def to_internal_value(self, value: Any) -> datetime:
        if isinstance(value, str) and not _OFFSET.search(value.strip()):
            self.fail("offset_required")
        moment: datetime = super().to_internal_value(value)
        if not 1900 <= moment.year <= 2200:
            self.fail("invalid", format="a year from 1900 to 2200")
        return moment


class Money(serializers.DecimalField):
    """Dollars with two decimals at most, as a string; more are refused, not rounded."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_digits": 12, "decimal_places": 2} | kwargs)


class Milligrams(serializers.DecimalField):
    """Milligrams with three decimals at most; more are refused, not rounded."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_digits": 9, "decimal_places": 3, "min_value": 0} | kwargs)


class Text(serializers.CharField):
    """Free text with a stated limit."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 4000} | kwargs)


KINDS: tuple[tuple[type[serializers.Field[Any, Any, Any, Any]], str], ...] = (
    (serializers.DateField, limits.DATE),
    (serializers.DateTimeField, limits.MOMENT),
    (Money, limits.MONEY),
    (Milligrams, limits.MILLIGRAMS),
    (serializers.DecimalField, limits.NUMBER),
)


def limited(body: serializers.BaseSerializer[Any], name: str, field: Any) -> limits.Days | limits.Size | None:
    """The limit of a date or an amount, or of a list of them; nothing for another field."""
    inner = getattr(field, "child", field)
    kind = next((kind for shape, kind in KINDS if isinstance(inner, shape)), None)
    bodies = (each.__name__ for each in type(body).__mro__)
    return None if kind is None else limits.limit_of(bodies, name, kind)


class Input(serializers.Serializer[Any]):
    """A request body: a field that nobody reads is refused, so that nothing is lost in silence."""

    default_error_messages = {"unknown_field": "This field is not known here."}

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for field in fields.values():
            explain(field)
        return fields

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, Mapping):
            unknown = set(map(str, data)) - set(self.fields)
            if unknown:
                message = serializers.ErrorDetail(
                    str(self.error_messages["unknown_field"]), code="unknown_field"
                )
                raise serializers.ValidationError({name: [message] for name in sorted(unknown)})
        value: dict[str, Any] = super().to_internal_value(self._as_typed(data))
        self._refuse_beyond(value)
        return value

    def _as_typed(self, data: Any) -> Any:
        """Python reads 1_5 as 15, and digits of any script: what nobody here can read back is no number, date or time,
        and its field refuses it.
        """
        if not isinstance(data, dict):
            return data
        odd = [
            name
            for name, value in data.items()
            if isinstance(value, str)
            and ("_" in value or not value.isascii())
            and isinstance(self.fields.get(name), NUMBERED)
        ]
        return {**data, **dict.fromkeys(odd, UNREADABLE)} if odd else data

    def _refuse_beyond(self, value: Mapping[str, Any]) -> None:
        """:raises ValidationError: for each date and amount that makes no sense (`core.limits`)"""
        at: datetime | None = getattr(self.context.get("view"), "at", None)
        if at is None:
            return  # not in a request
        errors: dict[str, Any] = {}
        for name, field in self.fields.items():
            limit, given = limited(self, name, field), value.get(str(field.source))
            if limit is None or given is None:
                continue
            many = isinstance(given, list)
            found = {i: _beyond(one, limit, at) for i, one in enumerate(given if many else [given])}
            if found := {i: error for i, error in found.items() if error}:
                errors[name] = found if many else found[0]
        if errors:
            raise serializers.ValidationError(errors)


def _beyond(value: Any, limit: limits.Days | limits.Size, at: datetime) -> list[serializers.ErrorDetail]:
    words = limits.beyond(value, limit, at=at)
    return [serializers.ErrorDetail(words, code="implausible")] if words else []


class Output(serializers.Serializer[Any]):
    """An answer: read-only, and never the place where a rule lives."""

    @cached_property
    def _ways(self) -> list[Way]:
        return [_way(field) for field in self._readable_fields]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """As Django REST framework shows a row; what a field needs for that is looked up once."""
        by_key = isinstance(instance, Mapping)
        told: dict[str, Any] = {}
        for way in self._ways:
            try:
                value = _read(instance, way, by_key=by_key)
            except SkipField:
                continue
            told[way.name] = None if value is None else way.show(value)
        return told


@dataclass(frozen=True, slots=True)
class Way:
    """How a field of an answer comes from a row: by `key`, where it is one of the row's own, and shown by `show`."""

    name: str
    key: str | None
    get: Callable[[Any], Any]
    show: Callable[[Any], Any]


def _way(field: Any) -> Way:
    if type(field) is serializers.SerializerMethodField:  # of the whole row
        return Way(str(field.field_name), None, _itself, getattr(field.parent, str(field.method_name)))
    usual = type(field).get_attribute is serializers.Field.get_attribute
    parts = field.source_attrs
    show = str if type(field) in AS_TEXT else field.to_representation
    return Way(
        str(field.field_name), parts[0] if usual and len(parts) == 1 else None, field.get_attribute, show
    )


def _itself(row: Any) -> Any:
    return row


def _read(row: Any, way: Way, *, by_key: bool) -> Any:
    """What the field shows of the row; whatever is not plainly there is left to the field.

    :raises SkipField: when the answer lacks the field
    """
    if way.key is not None:
        try:
            value = row[way.key] if by_key else getattr(row, way.key)
        except (AttributeError, KeyError, ObjectDoesNotExist):
            return way.get(row)
        return way.get(row) if callable(value) else value
    value = way.get(row)
    return None if isinstance(value, PKOnlyObject) and value.pk is None else value


class _Idle(local):
    """Serializers of this thread that nobody uses at the moment, by class.

    Django REST framework copies all fields of a serializer for each body and answer. Those of an `Input` and an
    `Output` are kept for the next: fields know nothing of it, and all that it depends on besides is in the `context`.
    """

    def __init__(self) -> None:
        self.of: dict[type[serializers.Serializer[Any]], list[Any]] = {}

    def take(self, kind: type[S], context: Mapping[str, Any]) -> S:
        waiting = self.of.setdefault(kind, [])
        serializer: S = waiting.pop() if waiting else kind()
        serializer._context = dict(context)  # noqa: SLF001
        return serializer

    def give_back(self, serializer: Any, own: Collection[str]) -> None:
        """It is as it was when it was taken, with the attributes `own`."""
        known = vars(serializer)
        if len(known) != len(own):
            for name in set(known) - set(own) - {"fields", "_ways"}:
                delattr(serializer, name)
        serializer._context = {}  # noqa: SLF001
        self.of[type(serializer)].append(serializer)


_idle = _Idle()


def checked(
    kind: type[serializers.BaseSerializer[Any]], data: Any, *, context: Mapping[str, Any]
) -> dict[str, Any]:
    """The body `data` as `kind` reads it.

    :raises ValidationError: naming each field and its rule
    """
    if not issubclass(kind, Input):
        serializer = kind(data=data, context=dict(context))
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)
    read = _idle.take(kind, context)
    own = tuple(vars(read))
    try:
        read.initial_data = data
        read.is_valid(raise_exception=True)
        return dict(read.validated_data)
    finally:
        _idle.give_back(read, own)


def shown(
    kind: type[serializers.BaseSerializer[Any]], row: Any, *, many: bool = False, context: Mapping[str, Any]
) -> Any:
    """`row`, or each of the rows, as `kind` shows it."""
    if not issubclass(kind, Output):
        return kind(row, many=many, context=dict(context)).data
    serializer = _idle.take(kind, context)
    own = tuple(vars(serializer))
    try:
        told = serializer.to_representation
        return [told(one) for one in row] if many else told(row)
    finally:
        _idle.give_back(serializer, own)


class Empty(Input):
    """A body with nothing in it."""


class VoidedOut(Output):
    """By whom, when and why a row was taken back; the row itself stays."""

    at = Moment(source="created_at")
    by = serializers.UUIDField(source="created_by")
    reason = serializers.CharField()


class Reason(Input):
    """Why: every refusal, waiver and void says so in words."""

    reason = Text(min_length=3, max_length=1000)
