"""Pages of a list: {"count", "next", "previous", "results"}; no second COUNT scan for a page that is not full."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from django.db.models import QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from kapclinic.core.errors import Invalid
from kapclinic.core.http.renderers import Told

MAX_PAGE = 100_000


class Counted(Protocol):
    """Rows that are read by a slice and counted apart."""

    @property
    def count(self) -> Callable[[], int]: ...

    def __getitem__(self, span: slice, /) -> Iterable[Any]: ...


def _number(request: Request, name: str, default: int, highest: int) -> int:
    raw = request.query_params.get(name)
    if raw is None:
        return default
    if not re.fullmatch("[0-9]{1,9}", raw) or not 1 <= int(raw) <= highest:
        raise Invalid.field(name, f"{name} must be a whole number from 1 to {highest}.")
    return int(raw)


class Pages(BasePagination):
    """`page` from 1, `page_size` up to 200 (50 unless asked)."""

    page_size = 50
    max_page_size = 200

    def paginate_queryset(
        self, queryset: QuerySet[Any] | Sequence[Any] | Counted, request: Request, view: Any = None
    ) -> list[Any]:
        self.request = request
        self.page = _number(request, "page", 1, MAX_PAGE)
        self.size = _number(request, "page_size", self.page_size, self.max_page_size)
        start = (self.page - 1) * self.size
        rows = list(queryset[start : start + self.size + 1])
        if len(rows) > self.size or (not rows and start):
            self.count = len(queryset) if isinstance(queryset, Sequence) else queryset.count()
        else:
            self.count = start + len(rows)
        return rows[: self.size]

    def get_paginated_response(self, data: Any) -> Response:
        return Told(
            {"count": self.count, "next": self._next(), "previous": self._previous(), "results": data}
        )

    def _next(self) -> str | None:
        if self.page * self.size >= self.count:
            return None
        return replace_query_param(self.request.build_absolute_uri(), "page", self.page + 1)

    def _previous(self) -> str | None:
        url = self.request.build_absolute_uri()
        if self.page == 1:
            return None
        return (
            remove_query_param(url, "page")
            if self.page == 2
            else replace_query_param(url, "page", self.page - 1)
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["count", "next", "previous", "results"],
            "properties": {"count": {"type": "integer"}, "next": link, "previous": link, "results": schema},
        }
