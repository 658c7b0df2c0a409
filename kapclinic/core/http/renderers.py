"""JSON out: orjson, UTC with Z, Decimals as strings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import orjson
from django.http import HttpResponse
from django.utils.functional import Promise
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def _default(value: object) -> object:
    if isinstance(value, Decimal | Promise):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset | tuple):
        return sorted(value, key=str)
    raise TypeError(f"{type(value).__name__} has no JSON form here")


def dumps(data: Any) -> bytes:
    """`data` as the API would send it."""
    return orjson.dumps(data, default=_default, option=OPTIONS)


class Told(Response):
    """An answer that is JSON from its beginning: what waits to be rendered costs several times as much."""

    def __init__(
        self,
        data: Any,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        content: bytes | None = None,
    ) -> None:
        """`content`: what is sent, where it is not `data`."""
        vars(self).update(
            {"_data": data, "template_name": None, "context_data": None, "using": None, "_request": None}
        )
        self._post_render_callbacks: list[Any] = []
        sent = dumps(data) if content is None else content
        HttpResponse.__init__(
            self, sent, content_type=OrjsonRenderer.media_type, status=status, headers=headers
        )

    @property
    def data(self) -> Any:
        return self._data

    @data.setter
    def data(self, data: Any) -> None:
        """What comes to an answer afterwards is sent too: `answer.data |= {…}`."""
        self._data = data
        self.content = dumps(data)


class Unchanged(Told):
    """304: what whoever asks holds by this tag is what there is."""

    def __init__(self, tag: str) -> None:
        super().__init__(None, 304, {"ETag": tag}, content=b"")
        del self.headers["Content-Type"]


class OrjsonRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else dumps(data)


class Negotiation(DefaultContentNegotiation):
    """As Django REST framework chooses; whoever takes anything gets the first there is without being asked twice."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderers = list(renderers)
        first = renderers[0]
        wanted = request.META.get("HTTP_ACCEPT", "*/*")
        named = format_suffix or "format" in request.query_params
        if not named and wanted in {"*/*", first.media_type}:
            return first, str(first.media_type)
        found: tuple[BaseRenderer, str] = super().select_renderer(request, renderers, format_suffix)
        return found
