"""Django's queries made into SQL, the same to the last letter, with less work for a plain column.

A row of ours has some forty columns, and half of the time that Python needs for a question went to naming them: each is
looked at for what only annotations, other databases and fields of other kinds have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.backends.postgresql import compiler
from django.db.models.expressions import Col, F, OrderBy

NOTHING = object()  # stands where a column stands that no ordering can mean
NAMES: dict[tuple[str, str], str] = {}  # a table and a column of it, as they are written
OWN = "_kap_own"  # of a model's options: its columns, as they are selected from its own table

Selected = tuple[Any, tuple[str, Any], str | None]  # an expression, its SQL with parameters, its alias


def _names_alone(ordering: Iterable[Any]) -> bool:
    """Is all of it told by name? What a name means in the SELECT is an alias there, never a column itself."""
    return all(
        isinstance(one, (str, F)) or (type(one) is OrderBy and isinstance(one.expression, F))
        for one in ordering
    )


def _own(compiler: Any, query: Any) -> list[Selected] | None:
    """A model's columns, where they stand in its own table under its own name."""
    options = query.get_meta()
    if options.parents or options.proxy or query.get_initial_alias() != options.db_table:
        return None
    fields = options.concrete_fields
    kept: Any = options.__dict__.get(OWN)
    if kept is None or kept[0] is not fields:
        kept = fields, frozenset(field.column for field in fields), []
        options.__dict__[OWN] = kept
    _, names, found = kept
    if not names.isdisjoint(query.alias_map):
        return None
    if not found:
        columns = (field.get_col(options.db_table) for field in fields)
        told: list[Selected] = [
            (one, one.select_format(compiler, *compiler.compile(one)), None) for one in columns
        ]
        options.__dict__[OWN] = fields, names, told
        found = told
    return list(found)


class _Plain:
    """What each of Django's compilers is given."""

    query: Any
    connection: Any
    select: list[Selected] | None

    def compile(self, node: Any) -> tuple[str, Any]:
        if type(node) is Col:
            return self._named(node)
        sql: tuple[str, Any] = super().compile(node)  # type: ignore[misc]
        return sql

    def _named(self, column: Any) -> tuple[str, Any]:
        query, name = self.query, (column.alias, column.target.column)
        plain = name[0] in query.table_map and name[1] not in query.alias_map
        if plain and not (query.extra or query.external_aliases):
            told = NAMES.get(name)
            if told is None:
                told = NAMES[name] = column.as_sql(self, self.connection)[0]
            return told, []
        usual: tuple[str, Any] = column.as_sql(self, self.connection)
        return usual

    def get_select(self, with_col_aliases: bool = False) -> Any:  # noqa: FBT001, FBT002 - as Django calls it
        """As Django's; a model's own columns are told once."""
        query = self.query
        alone = (
            query.default_cols
            and query.selected is None
            and not (query.select_related or query.annotations or query.deferred_loading[0])
            and not (with_col_aliases or query.extra or query.external_aliases)
        )
        found = _own(self, query) if alone else None
        if found is None:
            return super().get_select(with_col_aliases=with_col_aliases)  # type: ignore[misc]
        return found, {"model": query.model, "select_fields": list(range(len(found)))}, {}

    def get_converters(self, expressions: Iterable[Any]) -> dict[int, tuple[list[Any], Any]]:
        """By the place of a column, what makes a value of it; the database's own operations make none."""
        found = list(expressions)
        if not all(type(one) is Col and one.target is one.output_field for one in found):
            usual: dict[int, tuple[list[Any], Any]] = super().get_converters(found)  # type: ignore[misc]
            return usual
        connection = self.connection
        converters = (
            (place, one, one.target.get_db_converters(connection)) for place, one in enumerate(found)
        )
        return {place: (convert, one) for place, one, convert in converters if convert}

    def _order_by_pairs(self) -> Iterator[tuple[Any, bool]]:
        """Django looks each ordering up among all that is selected, and makes a key of each column for that."""
        select, query = self.select, self.query
        meta = query.get_meta()
        ordering = query.order_by or (meta and meta.ordering) or ()
        if select and not query.extra_order_by and not query.combinator and _names_alone(ordering):
            self.select = [row if row[2] else (NOTHING, row[1], None) for row in select]
        try:
            yield from super()._order_by_pairs()  # type: ignore[misc]
        finally:
            self.select = select


class SQLCompiler(_Plain, compiler.SQLCompiler):  # type: ignore[misc]
    """A SELECT."""


class SQLInsertCompiler(_Plain, compiler.SQLInsertCompiler):  # type: ignore[misc]
    """An INSERT."""


class SQLUpdateCompiler(_Plain, compiler.SQLUpdateCompiler):  # type: ignore[misc]
    """An UPDATE."""


class SQLDeleteCompiler(_Plain, compiler.SQLDeleteCompiler):  # type: ignore[misc]
    """A DELETE."""


class SQLAggregateCompiler(_Plain, compiler.SQLAggregateCompiler):  # type: ignore[misc]
    """An aggregate over a SELECT."""
