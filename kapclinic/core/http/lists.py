"""Hot lists: one statement, put together once for each shape of question, whose rows are the answer's."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, ClassVar, TypeAlias
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http import params
from kapclinic.core.http.etags import about_of, known_of, tag_of
from kapclinic.core.http.renderers import Unchanged
from kapclinic.core.statements import Asker, Look, Looking, Row, StandIns, Statement, compiled, like, of_asker

KEPT = 1000  # statements that a process keeps, over all lists, roles and filters
Page: TypeAlias = list[Row]
_LATER = 987_654_321  # stands in the SQL where a later page starts
_START = ("start",)
NOTHING = Look(tag="", total=None, rows=[])  # to somebody who can never see a row


class Rows:
    """Rows of a list as its pages ask for them: a slice is read, and `count` is asked when a page is full."""

    def __init__(self, find: Callable[[int, int], Page], count: Callable[[], int]) -> None:
        self._find = find
        self.count = count

    def __getitem__(self, span: slice) -> Page:
        return self._find(span.start, span.stop)


Path: TypeAlias = Mapping[str, UUID]  # the ids of an address


@dataclass(frozen=True)
class Shape:
    """What stands in a statement for who asks and for the ids of the address."""

    asker: Asker
    path: Path
    stand_ins: StandIns


class HotList:
    """GET of the collection as plain rows.

    `visible` and the filters say which rows, as for any list; `columns` says what is shown of them to whom. The rows of
    the statement are handed to `rows`, which puts the answer together. With `tagged`, the answer has an `ETag` of all
    that was read, and a request that names it in `If-None-Match` is told so by 304: nothing was
    told then, so nothing is logged.

    `hints` are filters that nobody asks by: `hinted` adds them where it knows that they leave out no row, and that the
    database finds the rows sooner by them.
    """

    tagged: ClassVar[frozenset[str]] = frozenset()
    hints: ClassVar[tuple[params.Param, ...]] = ()

    @classmethod
    @abstractmethod
    def visible(cls, user: Any, path: Path) -> QuerySet[Any]:
        """The rows of this address that the user may see."""

    @classmethod
    @abstractmethod
    def columns(cls, queryset: QuerySet[Any], user: Any) -> QuerySet[Any, Any]:
        """What is shown of rows to the user, as `values()`."""

    @classmethod
    def terms(cls, text: str) -> Sequence[str]:
        """The parts of a search, of which a row must hold each; none where nothing is searched."""
        return ()

    @classmethod
    def sought(cls, queryset: QuerySet[Any], terms: Sequence[str]) -> QuerySet[Any]:
        """The rows that hold each of these terms."""
        return queryset

    @classmethod
    def versions(cls) -> str:
        """Where the list is tagged: the versions of all that is shown, as `core.statements.MARK` wants them."""
        raise NotImplementedError

    @classmethod
    def shaped(cls, page: Statement, shape: Shape) -> Statement | None:
        """The statement of a page with what stands beside its rows; None when the user can never see one."""
        return page

    def hinted(self, values: dict[str, Any]) -> dict[str, Any]:
        """What was asked, with those of `hints` that help."""
        return values

    def list(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        order = params.ordering(request.query_params.get("ordering"), self.orderings, self.default_order)
        values = self.hinted(self.query())
        if "list" in self.tagged:
            return self._told_if_new(request, values, order)  # type: ignore[no-any-return]

        def count() -> int:
            rows = self.narrowed(self.visible(self.user, self.kwargs))
            for param in self.hints:
                rows = param.narrow(rows, values[param.name], self.user) if param.name in values else rows
            return int(rows.using(self.source).count())

        def find(start: int, stop: int) -> Page:
            return self.found(values, order, start, stop)  # type: ignore[no-any-return]

        return self.told(self.paginate_queryset(Rows(find, count)))  # type: ignore[no-any-return]

    def _told_if_new(self: Any, request: Request, values: dict[str, Any], order: tuple[str, ...]) -> Response:
        """The page with its tag, or 304 to whoever holds it; rows and count are of one moment."""
        about, seen = about_of(request, self.user), NOTHING

        def find(start: int, stop: int) -> Page:
            nonlocal seen
            looking, given = self.question(values, order, start, stop)
            if looking is not None:
                known = known_of(request, about)
                still = looking.still(given, known=known, using=self.source) if known else None
                if still is None:
                    self.begin()
                seen = still or looking.look(given, using=self.source)
            return seen.rows or []

        page = self.paginate_queryset(Rows(find, lambda: seen.total or 0))
        tag = tag_of(about, seen)
        if seen.rows is None:
            return Unchanged(tag)
        answer: Response = self.told(page)
        answer["ETag"] = tag
        return answer

    def told(self: Any, page: Page) -> Response:
        self.touch_all(page)
        return self.get_paginated_response(self.rows(page))  # type: ignore[no-any-return]

    def found(self: Any, values: dict[str, Any], order: tuple[str, ...], start: int, stop: int) -> Page:
        """The rows from `start` to before `stop`."""
        statement, given = self.question(values, order, start, stop)
        return [] if statement is None else statement.rows(given, using=self.source)

    def question(
        self: Any, values: dict[str, Any], order: tuple[str, ...], start: int, stop: int
    ) -> tuple[Any, dict[Any, Any]]:
        """The statement of the rows from `start` to before `stop` (a `Looking` where the list is tagged), if the user
        can ever see one, and its values.
        """
        user = self.user
        given = tuple((name, _literal(value)) for name, value in sorted(values.items()))
        begins = "later" if start else "first"
        terms = self.terms(self.request.query_params.get("search", "").strip()[:200])
        shape = (
            frozenset(user.role_set),
            len(user.locations),
            order,
            given,
            stop - start,
            begins,
            tuple(self.kwargs),
            len(terms),
        )
        statement = _statement(type(self), *shape)  # type: ignore[arg-type]  # a class is hashable
        of_path = {("path", name): key for name, key in self.kwargs.items()}
        patterns = {("term", n): like(term) for n, term in enumerate(terms)}
        return statement, of_asker(user) | values | of_path | patterns | {_START: start}


def _literal(value: Any) -> Any:
    """What of a value shapes the statement: of an id, a date and a moment nothing."""
    if isinstance(value, UUID | date):
        return type(value)
    return tuple(value) if isinstance(value, list) else value


@lru_cache(maxsize=KEPT)
def _statement(
    view: Any,  # a view set that is a HotList
    roles: frozenset[str],
    locations: int,
    order: tuple[str, ...],
    given: tuple[tuple[str, Any], ...],
    size: int,
    begins: str,
    path: tuple[str, ...],
    terms: int,
) -> Statement | Looking | None:
    stand_ins = StandIns()
    asker = stand_ins.asker(roles, locations)
    shape = Shape(asker, {name: stand_ins.key(("path", name)) for name in path}, stand_ins)
    rows = view.visible(asker, shape.path)
    by_name: dict[str, Any] = dict(given)
    for param in (*view.filters, *view.hints):
        if param.name in by_name:
            rows = param.narrow(rows, _standing(param.name, by_name[param.name], stand_ins), asker)
    rows = view.sought(rows, [stand_ins.word(("term", n)) for n in range(terms)])
    start = _LATER if begins == "later" else 0
    page = compiled(view.columns(rows.order_by(*order), asker)[start : start + size], stand_ins)
    if page is None:
        return None
    page = _from_there(page) if start else page
    whole: Statement | None = view.shaped(page, shape)
    if whole is None or "list" not in view.tagged:
        return whole
    every = compiled(rows.order_by().values("pk"), stand_ins)
    return Looking.at(whole, rows=page, seen=view.versions(), every=every, size=size - 1, later=bool(start))


def _standing(name: str, shape: Any, stand_ins: StandIns) -> Any:
    """The value that a filter is built with; one that may hold several ids at once is built with what was given."""
    if shape is UUID:
        return stand_ins.key(name)
    if shape is datetime:
        return stand_ins.moment(name)
    if shape is date:
        return stand_ins.day(name)
    return list(shape) if isinstance(shape, tuple) else shape


def _from_there(page: Statement) -> Statement:
    """The statement of a later page, wherever that begins: its start is the last value of the statement."""
    here = (len(page.params), lambda values: values[_START])
    sql = page.sql.removesuffix(f" OFFSET {_LATER}") + " OFFSET %s"
    return replace(page, sql=sql, params=(*page.params, None), puts=(*page.puts, here))
