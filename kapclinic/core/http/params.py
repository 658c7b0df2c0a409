"""Query parameters as declared data: parsed, documented, and refused when unknown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from ipaddress import ip_address
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import QuerySet
from django.utils.dateparse import parse_date, parse_datetime, parse_time
from rest_framework.request import Request

from kapclinic.core.errors import FieldError, Invalid, merge

RESERVED = frozenset({"format"})
PAGING = frozenset({"page", "page_size"})
FLAGS = {"true": True, "1": True, "false": False, "0": False}
D = TypeVar("D", date, datetime)
Apply = Callable[[QuerySet[Any], Any, Any], QuerySet[Any]]


def _uuid(raw: str) -> UUID:
    return UUID(raw)


def _in_range(value: D) -> D:
    if not 1900 <= value.year <= 2200:
        raise ValueError("a year from 1900 to 2200 is expected")
    return value


def _date(raw: str) -> date:
    if (value := parse_date(raw)) is None:
        raise ValueError("a date such as 2026-05-04 is expected")
    return _in_range(value)


def _datetime(raw: str) -> datetime:
    value = parse_datetime(raw.replace(" ", "+"))
    if value is None or value.tzinfo is None:
        raise ValueError("a time with its offset is expected, e.g. 2026-05-04T09:00:00Z")
    return _in_range(value)


def _moment(raw: str) -> date | datetime:
    """A date, or a time with its offset."""
    return _date(raw) if len(raw) <= 10 else _datetime(raw)


def _minutes(raw: str) -> int:
    if not raw.isascii() or not raw.isdigit() or not 1 <= int(raw) <= 1440:
        raise ValueError("a whole number from 1 to 1440 is expected")
    return int(raw)


def _clock(raw: str) -> time:
    if (value := parse_time(raw)) is None or value.tzinfo is not None:
        raise ValueError("a local time such as 09:00 is expected")
    return value


def _weekday(raw: str) -> int:
    if not re.fullmatch("[0-6]", raw):
        raise ValueError("weekdays from 0 (Monday) to 6 (Sunday) are expected, e.g. 0,2")
    return int(raw)


def _hours(raw: str) -> dict[str, str]:
    """Local times of a day, as a client's preferred hours are kept."""
    start, _, end = raw.partition("-")
    if not all(re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", part) for part in (start, end)) or start >= end:
        raise ValueError("two local times are expected, the end after the start, e.g. 09:00-13:00")
    return {"from": start, "to": end}


def _address(raw: str) -> str:
    try:
        return str(ip_address(raw))
    except ValueError as exc:
        raise ValueError("an IPv4 or IPv6 address is expected") from exc


def _bool(raw: str) -> bool:
    if raw not in FLAGS:
        raise ValueError("true or false (1 or 0) is expected")
    return FLAGS[raw]


def _text(raw: str) -> str:
    if len(raw) > 200:
        raise ValueError("200 characters at most")
    return raw


def _cursor(raw: str) -> str:
    if len(raw) > 4000:
        raise ValueError("4000 characters at most")
    return raw


_READ: Mapping[str, tuple[Callable[[str], Any], dict[str, Any]]] = {
    "uuid": (_uuid, {"type": "string", "format": "uuid"}),
    "date": (_date, {"type": "string", "format": "date"}),
    "datetime": (_datetime, {"type": "string", "format": "date-time"}),
    "moment": (_moment, {"type": "string"}),
    "minutes": (_minutes, {"type": "integer"}),
    "clock": (_clock, {"type": "string"}),
    "weekday": (_weekday, {"type": "integer", "minimum": 0, "maximum": 6}),
    "hours": (_hours, {"type": "string", "example": "09:00-13:00"}),
    "bool": (_bool, {"type": "boolean"}),
    "address": (_address, {"type": "string"}),
    "text": (_text, {"type": "string"}),
    "cursor": (_cursor, {"type": "string"}),
}


@dataclass(frozen=True)
class Param:
    """One parameter. `lookup` is an ORM path, or a function (queryset, value, user) -> queryset."""

    name: str
    kind: str = "text"
    lookup: str | Apply | None = None
    choices: tuple[str, ...] = ()
    required: bool = False
    doc: str = ""
    several: bool = False  # values with a comma between them; a row that has any of them is kept

    def parse(self, raw: str) -> Any:
        """:raises ValueError: in words that name the rule"""
        if self.several:
            return [self._one(part.strip()) for part in raw.split(",")]
        return self._one(raw)

    def _one(self, raw: str) -> Any:
        if self.choices and raw not in self.choices:
            raise ValueError(f"one of {', '.join(self.choices)} is expected")
        return _READ[self.kind][0](raw)

    def narrow(self, queryset: QuerySet[Any], value: Any, user: Any) -> QuerySet[Any]:
        if callable(self.lookup):
            return self.lookup(queryset, value, user)
        path = self.lookup or self.name
        return queryset.filter(**{f"{path}__in" if self.several else path: value})

    def schema(self) -> dict[str, Any]:
        shape: dict[str, Any] = dict(_READ[self.kind][1])
        if self.choices:
            shape["enum"] = list(self.choices)
        if self.several:
            return {
                "name": self.name,
                "in": "query",
                "required": self.required,
                "description": self.doc or "one or more, with a comma between them",
                "schema": {"type": "array", "items": shape},
                "style": "form",
                "explode": False,
            }
        return {
            "name": self.name,
            "in": "query",
            "required": self.required,
            "description": self.doc,
            "schema": shape,
        }


def read(request: Request, known: tuple[Param, ...], *, also: frozenset[str] = RESERVED) -> dict[str, Any]:
    """The declared parameters that the request gives, parsed.

    :raises Invalid: for each unknown, repeated, missing or unreadable parameter, by name
    """
    by_name = {param.name: param for param in known}
    errors, values = [], {}
    for name, raws in request.query_params.lists():
        if name in also:
            continue
        if name not in by_name:
            errors.append(
                FieldError(f"/{name}", "unknown_parameter", f"{name}: this parameter is not known here.")
            )
        elif len(raws) > 1 and not by_name[name].several:
            errors.append(FieldError(f"/{name}", "repeated", f"{name}: give it once."))
        elif raws[0] or by_name[name].kind == "bool":  # an empty `?preview=` is refused, not read as false
            try:
                values[name] = by_name[name].parse(",".join(raws))
            except ValueError as exc:
                reason = str(exc) if by_name[name].kind != "uuid" else "an id (UUID) is expected"
                errors.append(FieldError(f"/{name}", "invalid", f"{name}: {reason}."))
    errors += [
        FieldError(f"/{p.name}", "required", f"{p.name}: this parameter is required.")
        for p in known
        if p.required and p.name not in values and f"/{p.name}" not in {error.pointer for error in errors}
    ]
    merge(errors)
    return values


def order(
    queryset: QuerySet[Any], raw: str | None, allowed: Mapping[str, str], default: tuple[str, ...]
) -> QuerySet[Any]:
    """Order by an allow-listed public name.

    :raises Invalid: for a name that is not allow-listed
    """
    return queryset.order_by(*ordering(raw, allowed, default))


def ordering(raw: str | None, allowed: Mapping[str, str], default: tuple[str, ...]) -> tuple[str, ...]:
    """The ORM paths of an allow-listed order, always ending in the key so that pages don't overlap.

    :raises Invalid: for a name that is not allow-listed
    """
    if not raw:
        return (*default, "pk")
    names = []
    for part in raw.split(","):
        path = allowed.get(part.lstrip("-"))
        if path is None:
            raise Invalid.field("ordering", f"ordering: one of {', '.join(sorted(allowed))} is expected.")
        names.append(f"-{path}" if part.startswith("-") else path)
    return (*names, "pk")
