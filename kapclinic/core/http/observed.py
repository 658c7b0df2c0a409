"""The outermost of the middleware: each request gets an id, a line in the log and its place in the figures.

Id and address are what every audit event of it carries (kapclinic/core/origin.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import LazyObject, empty

from kapclinic.core import logs, metrics, reporting, scope
from kapclinic.core.ids import uuid7
from kapclinic.core.origin import Origin, address_of, coming_from
from kapclinic.core.whole import READ_AT

logger = logging.getLogger("kapclinic.requests")
HEADER = "X-Request-Id"
LINE = "%s %s %s %s ms"


def route_of(request: HttpRequest) -> str | None:
    """The pattern of the address, such as `api/v1/clients/<uuid:pk>/`; None for an address that we do not have."""
    if request.path_info.startswith(settings.STATIC_URL):
        return settings.STATIC_URL.strip("/")
    match = request.resolver_match
    return None if match is None else match.route or "/"


def user_of(request: HttpRequest) -> str | None:
    """The id of whoever signed in, when somebody asked who that is: no question is asked for the log alone."""
    user: Any = getattr(request, "user", None)
    if isinstance(user, LazyObject):
        user = user.__dict__.get("_wrapped", empty)
    key = None if user is empty else getattr(user, "pk", None)
    return None if key is None else str(key)


class Observed:
    """Times a request from its last byte on, so the wait for a hand counts; says who, where and how it ended.

    The id is our own and goes back in `X-Request-Id`; one that a client sends is not taken, since anything may stand
    in it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = request.META.get(READ_AT) or monotonic()
        origin = Origin(address_of(request.META, hops=settings.TRUSTED_PROXIES), uuid7())
        key = str(origin.request_id)
        with (
            scope.nobody(),
            coming_from(origin),
            logs.about(request=key),
            reporting.timed(**{"kapclinic.request": key}) as said,
        ):
            answer = self.get_response(request)
            method, route, status = str(request.method), route_of(request), answer.status_code
            said |= {"http.request.method": method, "http.route": route, "http.response.status_code": status}
            self._tell(request, method, route, status, monotonic() - began)
        answer.headers[HEADER] = key
        return answer

    def _tell(
        self, request: HttpRequest, method: str, route: str | None, status: int, seconds: float
    ) -> None:
        metrics.answered(method=method, route=route, status=status, seconds=seconds)
        ms = round(seconds * 1000, 1)
        if logger.isEnabledFor(logging.INFO):  # by hand: nobody is looked for who wrote the line
            told = {"user": user_of(request), "method": method, "route": route, "status": status, "ms": ms}
            given = (method, route, status, ms)
            logger.handle(
                logger.makeRecord(logger.name, logging.INFO, __file__, 0, LINE, given, None, extra=told)
            )
