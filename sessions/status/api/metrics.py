"""`/metrics`, for a Prometheus that knows the token; to everybody else the address is not there."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from kapclinic.core import clock, scope
from kapclinic.core.errors import NotFound
from kapclinic.core.http.problems import plain
from sessions.status import rendering, selectors


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures as text. 404 where METRICS_TOKEN is not set, not told or another one: nobody learns which."""
    given = request.headers.get("Authorization", "")
    known = hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    if not settings.METRICS_TOKEN or not known:
        return plain(NotFound())
    try:
        with scope.named("health"):
            standing = selectors.standing(at=clock.now())
    except DatabaseError:
        standing = None
    answer = HttpResponse(rendering.page(standing), content_type=rendering.CONTENT_TYPE)
    answer.headers["Cache-Control"] = "no-store"
    return answer
