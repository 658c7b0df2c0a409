"""The rows of a file as bodies of the POST of one: its serializer alone says which columns there are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from rest_framework import serializers

from kapclinic.core.errors import FieldError, Invalid
from kapclinic.core.http.fields import Input, Moment, checked
from kapclinic.core.http.problems import flatten
from kapclinic.practice.api.client_bodies import ClientIn
from screening.api.measure_bodies import ItemAnswers, MeasureIn
from sessions.imports import rules
from sessions.imports.models import ImportKind
from sessions.imports.rules import packing, sheets
from sessions.visits.api.session_bodies import SessionIn

BODIES: Mapping[str, type[Input]] = {
    ImportKind.CLIENTS: ClientIn,
    ImportKind.APPOINTMENTS: SessionIn,
    ImportKind.MEASURES: MeasureIn,
}
NO_COLUMN = frozenset({"hold", "override"})  # a dialog's kept slot, and a double use on purpose
FLAT = "address"  # its fields stand in the head by their own names
MOST_OF_A_LIST = 10
APART = ";"
_WHOLE = re.compile(r"-?[0-9]{1,9}")
Cell = Callable[[str], Any]
Path = tuple[str | int, ...]
Zones = Callable[[set[UUID]], Mapping[UUID, ZoneInfo]]


def _plain(text: str) -> str:
    return text


def _several(text: str) -> list[str]:
    return [part.strip() for part in text.split(APART) if part.strip()]


def _answer(text: str) -> Any:
    """A whole number, yes or no; an empty one was not answered. Anything else is left to the body, which refuses it."""
    if not text:
        return None
    if _WHOLE.fullmatch(text):
        return int(text)
    return {"true": True, "false": False, "yes": True, "no": False}.get(text.casefold(), text)


def _answers(text: str) -> list[Any]:
    return [_answer(part.strip()) for part in text.split(APART)]


def columns_of(kind: str) -> dict[str, tuple[Path, Cell]]:
    """Each column that a file of this kind may have: where its cell goes in the body, and as what."""
    fields = BODIES[kind]().fields
    return {
        column: place
        for name, field in fields.items()
        if name not in NO_COLUMN
        for column, place in _columns(name, field)
    }


def _columns(name: str, field: Any) -> Iterator[tuple[str, tuple[Path, Cell]]]:
    if isinstance(field, serializers.ListSerializer):
        inner: Any = field.child
        for index in range(MOST_OF_A_LIST):
            for part in inner.fields:
                yield f"{name}.{index + 1}.{part}", ((name, index, part), _plain)
    elif isinstance(field, serializers.Serializer):
        for part in map(str, field.fields):
            yield part if name == FLAT else f"{name}.{part}", ((name, part), _plain)
    else:
        is_list = isinstance(field, serializers.ListField)
        several = _answers if isinstance(field, ItemAnswers) else _several
        yield name, ((name,), several if is_list else _plain)


def read(
    content: bytes, kind: str, *, zones: Zones, context: Mapping[str, Any]
) -> list[tuple[int, packing.Body]]:
    """Each row of a file as the POST of one would read it.

    :raises Invalid: naming `file`, or each cell: a column that nobody knows, a formula, what the serializer refuses
    """
    sheet = sheets.read(content)
    columns = columns_of(kind)
    unknown = [name for name in sheet.columns if name not in columns]
    if unknown:
        errors = [
            FieldError(
                f"/columns/{sheet.columns.index(name) + 1}", "unknown_field", "This column is not known here."
            )
            for name in unknown
        ]
        raise Invalid("The head has columns that are not known here.", errors=errors)
    refused = [
        error
        for row, column in sheet.formulas
        for error in rules.row_errors(row, [FieldError(f"/{column}", "formula", "A formula is no value.")])
    ]
    body_of = _bodies(sheet, kind, columns, zones)
    found = []
    for number, cells in sheet.rows:
        try:
            found.append((number, checked(BODIES[kind], body_of(cells), context=context)))
        except serializers.ValidationError as exc:
            refused += rules.row_errors(number, flatten(exc.detail))
        except Invalid as exc:
            refused += rules.row_errors(number, exc.errors)
    if refused:
        wrong = len({error["row"] for error in refused})
        raise Invalid(
            f"Rows that can't be read: {wrong}. Nothing came in.",
            errors=rules.as_fields(refused),
            wrong=wrong,
        )
    return found


def _bodies(
    sheet: sheets.Sheet, kind: str, columns: Mapping[str, tuple[Path, Cell]], zones: Zones
) -> Callable[[Mapping[str, str]], dict[str, Any]]:
    """How the cells of one row become a body: without what is empty, local times with their offset."""
    fields = BODIES[kind]().fields
    moments = [name for name, field in fields.items() if isinstance(field, Moment)]
    nested = [
        name for name, field in fields.items() if field.required and isinstance(field, serializers.Serializer)
    ]
    known = zones(set(_ids(cells.get("program", "") for _, cells in sheet.rows))) if moments else {}

    def body(cells: Mapping[str, str]) -> dict[str, Any]:
        made: dict[str, Any] = {name: {} for name in nested}
        for column, text in cells.items():
            path, value = columns[column]
            _put(made, path, value(text))
        for name, value in made.items():
            if isinstance(value, dict) and value and all(isinstance(key, int) for key in value):
                made[name] = [value[index] for index in sorted(value)]
        key = next(_ids([cells.get("program", "")]), None)
        zone = known.get(key) if key is not None else None
        for name in moments:
            if name in made:
                made[name] = _in_zone(name, made[name], zone)
        return made

    return body


def _put(made: dict[Any, Any], path: Path, value: Any) -> None:
    for part in path[:-1]:
        made = made.setdefault(part, {})
    made[path[-1]] = value


def _ids(texts: Iterable[str]) -> Iterator[UUID]:
    for text in texts:
        try:
            yield UUID(text)
        except ValueError:
            continue


def _in_zone(name: str, text: str, zone: ZoneInfo | None) -> str:
    """A time without an offset is one of the location's clock.

    :raises Invalid: for an hour that the clock leaves out, or shows twice, and without a program whose clock it is
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text  # the serializer says so
    if moment.tzinfo is not None or len(text) < len("2026-05-04T09:00"):
        return text
    if zone is None:
        raise Invalid.field("program", "There is no such program for you.", code="not_found")
    local, later = moment.replace(tzinfo=zone), moment.replace(tzinfo=zone, fold=1)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
        raise Invalid.field(
            name, "There is no such time on that day: the clock goes forward.", code="no_such_time"
        )
    if local.utcoffset() != later.utcoffset():
        raise Invalid.field(
            name, "This time comes twice on that day: give its offset.", code="ambiguous_time"
        )
    return local.isoformat()
