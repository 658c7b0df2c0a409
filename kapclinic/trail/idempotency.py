"""`Idempotency-Key`: the work and the stored answer are one transaction, so a key acts once or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings
from django.db import connection
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.errors import ClinicError, Conflict, Invalid
from kapclinic.core.http.renderers import dumps
from kapclinic.trail.models import IdempotencyRecord


class KeyRequired(Invalid):
    code, title = "idempotency_key_required", "Idempotency-Key is required"


class KeyReused(ClinicError):
    code, status, title = "idempotency_key_reused", 422, "This key was used for another request"


class RequestInProgress(Conflict):
    code, title = "request_in_progress", "The first request with this key is still running"


def key_of(request: Request, *, required: bool) -> str | None:
    """The request's key.

    :raises KeyRequired: when the action needs one and there is none
    :raises Invalid: when it is not 1 to 255 printable ASCII characters
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        if required:
            raise KeyRequired("Send an Idempotency-Key: a retry must never act twice.")
        return None
    if not 1 <= len(key) <= 255 or not key.isascii() or not key.isprintable():
        raise Invalid("Idempotency-Key: 1 to 255 printable ASCII characters.")
    return str(key)


def _hmac(body: bytes, query: str) -> str:
    """HMAC of body and query. JSON counts with its keys sorted, so how it is spaced or ordered makes no difference."""
    with contextlib.suppress(orjson.JSONDecodeError):
        body = orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)
    asked = b"\x00".join([body, query.encode()]) if query else body
    return hmac.new(settings.SECRET_KEY.encode(), asked, hashlib.sha256).hexdigest()


def _lock(*parts: str) -> None:
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], "big", signed=True)]
        )
        if not cursor.fetchone()[0]:
            raise RequestInProgress("Wait for its answer, then repeat.")


def _replay(record: IdempotencyRecord, again: Callable[[Any, int], Response] | None) -> Response:
    headers = {"Idempotency-Replayed": "true"} | ({"ETag": record.etag} if record.etag else {})
    if again is None:
        return Response(record.answer, status=record.status, headers=headers)
    response = again(record.answer, record.status)
    response["Idempotency-Replayed"] = "true"
    return response


def _kept(data: Any, *, id_only: bool) -> Any:
    if data is None:
        return None
    answer = orjson.loads(dumps(data))
    return {"id": answer["id"]} if id_only else answer


def run_once(
    request: Request,
    key: str,
    *,
    at: datetime,
    work: Callable[[], Response],
    reauthorise: Callable[[Any], None],
    again: Callable[[Any, int], Response] | None = None,
) -> Response:
    """Do `work` unless this key did it before; call inside the transaction.

    With `again`, only the id of the answer is kept, and a replay asks `again` for the rest.

    :raises RequestInProgress: while the first request is still running
    :raises KeyReused: when the key came with another body or query before
    """
    scope = {
        "user_id": request.user.pk,
        "method": str(request.method),
        "path": request.path[:400],
        "key": key,
    }
    _lock(*map(str, scope.values()))
    fingerprint = _hmac(bytes(request._request.body), request.META.get("QUERY_STRING", ""))  # noqa: SLF001
    record = IdempotencyRecord.objects.filter(**scope).first()
    if record is not None:
        if not hmac.compare_digest(record.body_hmac, fingerprint):
            raise KeyReused("Use a new key for a new request.")
        reauthorise(record.answer)
        return _replay(record, again)
    response = work()
    if 200 <= response.status_code < 300:
        IdempotencyRecord.objects.create(
            **scope,
            body_hmac=fingerprint,
            status=response.status_code,
            answer=_kept(response.data, id_only=again is not None),
            etag=response.headers.get("ETag", ""),
            created_at=at,
        )
    return response
