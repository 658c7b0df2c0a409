"""A question that is put together once, from a queryset, and then asked again and again with other values.

What Django spends on a hot list is putting the same SQL together each time. Here a queryset is built with stand-ins in
place of what changes from one question to the next, and compiled; a question then only puts its values where the
stand-ins stood. Who may see which row is so said by the queryset alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

import orjson
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Field, JSONField, QuerySet
from psycopg.types.json import Jsonb

from kapclinic.core.postgresql import alone

Value: TypeAlias = Any  # of a parameter or a column, of whatever type its column has
Row: TypeAlias = dict[str, Any]  # a column's value by its name
Values: TypeAlias = Mapping[Hashable, Value]
# Far from every value that a clinic has; nothing is read of them but where they stand.
ASKER = ("asker",)
_FIRST_DAY = date(1201, 1, 1)
_FIRST_KEY = UUID("5d1f7c1e-0000-4000-8000-000000000000").int
WHOLE = 2**31  # numbers that PostgreSQL takes for `integer`


@dataclass(frozen=True)
class Asker:
    """A member of staff of whom only what shapes a question is known: the roles, and how many locations."""

    pk: UUID
    role_set: frozenset[str]
    locations: tuple[UUID, ...]

    @property
    def location_ids(self) -> tuple[UUID, ...]:
        return self.locations


def at_places(places: Iterable[UUID]) -> Asker:
    """Somebody of these places, for a question that looks at nothing else of who asks."""
    return Asker(UUID(int=0), frozenset(), tuple(places))


def places_of(user: Value) -> dict[str, UUID]:
    """The places of a user by name, as the values of a question that is asked by `at_places`."""
    return {f"place_{n}": place for n, place in enumerate(user.locations)}


class StandIns:
    """Values that stand for those of a question, each by its name."""

    def __init__(self) -> None:
        self._names: dict[Value, Hashable] = {}

    def key(self, name: Hashable) -> UUID:
        """In place of an id."""
        key = UUID(int=_FIRST_KEY + len(self._names))
        self._names[key] = name
        return key

    def day(self, name: Hashable) -> date:
        day = _FIRST_DAY + timedelta(days=len(self._names))
        self._names[day] = name
        return day

    def moment(self, name: Hashable) -> datetime:
        moment = datetime(_FIRST_DAY.year, 1, 1, tzinfo=UTC) + timedelta(days=len(self._names))
        self._names[moment] = name
        return moment

    def word(self, name: Hashable) -> str:
        """In place of a part of a text that is looked for; its value is the pattern of LIKE, as `like` makes it."""
        word = f"standin{len(self._names)}x"
        self._names[word] = name
        return word

    def asker(self, roles: frozenset[str], locations: int) -> Asker:
        """In place of a user with these roles and so many locations; `of_asker` gives the values."""
        places = tuple(self.key(("location", n)) for n in range(locations))
        return Asker(self.key(ASKER), roles, places)

    def are_places(self, params: Sequence[Value]) -> bool:
        """Are these the first places of `asker`, in their order?"""
        names = [self._names.get(param) if isinstance(param, UUID) else None for param in params]
        return names == [("location", n) for n in range(len(names))]

    def put(self, param: Value) -> Callable[[Values], Value] | None:
        """How a parameter of the statement gets its value; None for one that is the same in every question."""
        if isinstance(param, Jsonb):
            inner = self.put(param.obj)
            return None if inner is None else lambda values: Jsonb(inner(values), dumps=param.dumps)
        if isinstance(param, dict):
            of_key = {key: self.put(value) or _same(value) for key, value in param.items()}
            found = any(map(self.put, param.values()))
            return (lambda values: {key: of(values) for key, of in of_key.items()}) if found else None
        if isinstance(param, list | tuple):
            each = [self.put(value) or _same(value) for value in param]
            return (lambda values: [of(values) for of in each]) if any(map(self.put, param)) else None
        return self._of(param)

    def _of(self, param: Value) -> Callable[[Values], Value] | None:
        if isinstance(param, UUID | date) and param in self._names:
            name = self._names[param]
            return lambda values: values[name]
        if isinstance(param, str) and param.strip("%") in self._names:
            pattern = self._names[param.strip("%")]
            return lambda values: values[pattern]
        texts = {str(value): name for value, name in self._names.items() if isinstance(value, UUID)}
        if isinstance(param, str) and param in texts:
            inside = texts[param]
            return lambda values: str(values[inside])
        return None


def _same(value: Value) -> Callable[[Values], Value]:
    return lambda values: value


def of_asker(user: Value) -> dict[Hashable, Value]:
    """The values of `StandIns.asker` for this user."""
    places: dict[Hashable, Value] = {("location", n): place for n, place in enumerate(user.locations)}
    return {ASKER: user.pk, **places}


OVER = """
WITH one AS MATERIALIZED ({one})
SELECT said.*, page.*
FROM one LEFT JOIN (SELECT p.*, row_number() OVER () AS place FROM ({page}) p) page ON true
LEFT JOIN one said ON {where}
ORDER BY page.place
"""
EACH, FIRST = "true", "coalesce(page.place, 1) = 1"

# The tag of a page without its columns: a hash of how many rows there are in all (`{total}`, or NULL) and of the sum of
# all versions, 64 bits each, that `{seen}` gives of what the page (`{page}`) shows. A sum needs no order.
MARK = """
WITH page AS MATERIALIZED (SELECT p.*, row_number() OVER () AS place FROM ({page}) p), {seen},
counted AS MATERIALIZED (SELECT {total} AS total FROM (SELECT count(*) AS found FROM page) found)
SELECT left(encode(sha256(convert_to(concat_ws(E'\n', total, number, versions), 'UTF8')), 'hex'), 32) AS tag, total
  FROM counted CROSS JOIN (SELECT count(*) AS number, sum(version) AS versions FROM seen) summed
"""
# The same with the rows, all of one moment.
LOOK = """
WITH told AS MATERIALIZED ({mark})
SELECT told.tag, told.total, page.*
  FROM told LEFT JOIN (SELECT p.*, row_number() OVER () AS nth FROM ({page}) p) page ON true
 ORDER BY page.nth
"""
TOTAL = "CASE WHEN found > {size}{later} THEN (SELECT count(*) FROM ({every}) every) END"


def like(word: str) -> str:
    """What stands in a statement for `StandIns.word` while this word is looked for."""
    return f"%{connection.ops.prep_for_like_query(word)}%"


Load: TypeAlias = Callable[[Value], Value]


@dataclass(frozen=True)
class Statement:
    """SQL, its parameters, the names of its columns, and those columns (by place) that hold JSON as text.

    `puts` gives the value of each parameter (by place) that is another one in each question.
    """

    sql: str
    params: tuple[Value, ...]
    puts: tuple[tuple[int, Callable[[Values], Value]], ...]
    names: tuple[str, ...]
    loads: tuple[tuple[int, Load], ...] = ()

    def rows(self, values: Values, *, using: str = DEFAULT_DB_ALIAS) -> list[Row]:
        """What the database answers with these values, in order."""
        with connections[using].cursor() as cursor:
            cursor.execute(*self.asks(values))
            found = cursor.fetchall()
        return [self.row(row) for row in found]

    def asks(self, values: Values) -> tuple[str, list[Value]]:
        """The statement with its parameters, for who sends it ahead (`core.postgresql.scoped.ahead`)."""
        return self.sql, self.given(values)

    def polled(self, values: Values) -> list[Row]:
        """As `rows`, for a statement that is asked again and again, and mostly alone (`core.postgresql.alone`)."""
        return [self.row(tuple(row)) for row in alone.rows(self.sql, self.given(values))]

    def given(self, values: Values) -> list[Value]:
        """The parameters of the statement, with these values in their places."""
        params = list(self.params)
        for place, put in self.puts:
            params[place] = put(values)
        return params

    def row(self, columns: tuple[Value, ...]) -> Row:
        """The columns of one row by their names."""
        row = dict(zip(self.names, columns, strict=True))
        for place, load in self.loads:
            if columns[place] is not None:
                row[self.names[place]] = load(columns[place])
        return row

    def within(self, text: str, *, more: Mapping[str, Load | None]) -> Statement:
        """This statement as the part `{inner}` of a longer one, whose columns `more` follow its own."""
        start = len(self.names)
        loads = tuple((start + n, load) for n, load in enumerate(more.values()) if load is not None)
        return replace(
            self,
            sql=text.replace("{inner}", self.sql),
            names=(*self.names, *more),
            loads=(*self.loads, *loads),
        )

    def over(self, page: Statement, *, where: str = EACH) -> Statement:
        """Both in one: each row of the page, or the `FIRST` alone, with the one row of this statement before it.

        Without a row on the page, the one row stands alone, with nulls. Without that one, there is none. What is long
        stands before the first alone: it is sent once, and the tag of a look is taken of it once.
        """
        width, wide = len(self.params), len(self.names)
        return Statement(
            sql=OVER.replace("{where}", where).replace("{one}", self.sql).replace("{page}", page.sql),
            params=(*self.params, *page.params),
            puts=(*self.puts, *((width + place, put) for place, put in page.puts)),
            names=(*self.names, *page.names, "place"),
            loads=(*self.loads, *((wide + place, load) for place, load in page.loads)),
        )


@dataclass(frozen=True)
class Look:
    """What one look at a page has seen.

    tag     of all that was read, and of nothing else
    total   how many rows there are on all pages, where the page alone does not tell; else None
    rows    those of the page; None when whoever asks knows the tag
    """

    tag: str
    total: int | None
    rows: list[Row] | None


@dataclass(frozen=True)
class Looking:
    """A page that answers with the tag of its rows, and with the rows to whoever does not know that tag."""

    page: Statement
    mark: Statement  # the tag alone, and how many rows there are in all
    asked: Statement  # both, by the same values

    @classmethod
    def at(
        cls,
        page: Statement,
        *,
        rows: Statement,
        seen: str,
        every: Statement | None = None,
        size: int = 0,
        later: bool = False,
    ) -> Looking:
        """`seen` are the versions of all that `page` shows of its `rows`, as `MARK` wants them.

        `every` are all rows, counted when the page holds more than `size`, or a later page holds nothing.
        """
        total, marks = "NULL::bigint", rows
        if every is not None:
            total = TOTAL.format(size=size, later=" OR found = 0" if later else "", every=every.sql)
            marks = _followed(rows, every)
        sql = MARK.replace("{total}", total).replace("{seen}", seen).replace("{page}", rows.sql)
        mark = replace(marks, sql=sql, names=("tag", "total"), loads=())
        whole = LOOK.replace("{mark}", sql).replace("{page}", page.sql)
        return cls(page, mark, replace(_followed(mark, page), sql=whole))

    def still(self, values: Values, *, known: Sequence[str], using: str = DEFAULT_DB_ALIAS) -> Look | None:
        """The page that somebody holds by one of the tags `known`, when it still is that; one statement alone."""
        ((tag, total),) = alone.rows(self.mark.sql, self.mark.given(values), using=using)
        return Look(tag, total, None) if tag in known else None

    def look(self, values: Values, *, using: str = DEFAULT_DB_ALIAS) -> Look:
        """What there is with these values; one statement."""
        with connections[using].cursor() as cursor:
            cursor.execute(self.asked.sql, self.asked.given(values))
            found = cursor.fetchall()
        tag, total = found[0][:2]
        return Look(tag, total, [self.page.row(row[2:-1]) for row in found if row[-1] is not None])


def _followed(first: Statement, then: Statement) -> Statement:
    """The parameters of one statement and then those of another, for one that holds both."""
    width = len(first.params)
    puts = (*first.puts, *((width + place, put) for place, put in then.puts))
    return replace(first, params=(*first.params, *then.params), puts=puts)


def compiled(queryset: QuerySet[Value, Value], stand_ins: StandIns) -> Statement | None:
    """The statement of a queryset of `values()`; None when no row can ever be in it."""
    query = queryset.query
    compiler = query.get_compiler(queryset.db)
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        return None
    names = list(query.selected or (*query.values_select, *query.annotation_select))
    sql, params = _said(*_in_one(sql, params, stand_ins), stand_ins)
    puts = [(place, put) for place, param in enumerate(params) if (put := stand_ins.put(param))]
    loads = []
    for place, (column, _, _) in enumerate(compiler.select):
        if load := _load(column.output_field):
            loads.append((place, load))
    return Statement(sql, tuple(params), tuple(puts), tuple(names), tuple(loads))


def _in_one(sql: str, params: Sequence[Value], stand_ins: StandIns) -> tuple[str, list[Value]]:
    """The statement with one list in place of all places of who asks, where it names them one by one.

    A list is there once; of single values PostgreSQL makes an array for each row that it looks at.
    """
    kept: list[Value] = []
    given = iter(params)

    def put(found: re.Match[str]) -> str:
        here = [next(given) for _ in range(found[0].count("%s"))]
        if len(here) > 1 and stand_ins.are_places(here):
            kept.append(here)
            return "= ANY(%s)"
        kept.extend(here)
        return found[0]

    return re.sub(r"IN \(%s(?:, %s)+\)|%%|%s", put, sql), kept


def _said(sql: str, params: Sequence[Value], stand_ins: StandIns) -> tuple[str, list[Value]]:
    """The statement with those of its words and numbers in it that are the same in every question.

    What stands in a statement the planner reckons with, once for all: it finds the index of open rows, and a plan that
    is as good as one made for each question anew.
    """
    parts, kept, given = [], [], iter(params)
    for part in re.split("(%%|%s)", sql):
        if part != "%s":
            parts.append(part)
            continue
        param = next(given)
        word = None if stand_ins.put(param) else _as_word(param)
        if word is None:
            kept.append(param)
        parts.append(word or part)
    return "".join(parts), kept


def _as_word(param: Value) -> str | None:
    """A word or number of the code as it stands in SQL; None for all else, and so for whatever anybody wrote."""
    if isinstance(param, bool):
        return "true" if param else "false"
    if type(param) is int and 0 <= param < WHOLE:
        return str(param)
    if isinstance(param, str) and re.fullmatch("[a-z_]+", param):
        return f"'{param}'"
    return None


def read_json(text: Value) -> Value:
    """JSON as the driver hands it on, which is its text."""
    return orjson.loads(text)


def _load(field: Field[Value, Value]) -> Load | None:
    if isinstance(field, JSONField):
        return read_json
    if isinstance(field, ArrayField) and isinstance(field.base_field, JSONField):
        return lambda texts: [orjson.loads(text) for text in texts]
    return None
