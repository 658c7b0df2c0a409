"""`Idempotency-Key`: the work and the stored answer are one transaction, so a key acts once or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.conf import settings
from django.db import connection
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core import writing
from kapclinic.core.errors import ClinicError, Conflict, Invalid
from kapclinic.core.http.renderers import Told, dumps
from kapclinic.trail import answers, sql
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
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        if required:
            raise KeyRequired("Send an Idempotency-Key: a retry must never act twice.")
        return None
    if not 1 <= len(key) <= 255 or not key.isascii() or not key.isprintable():
        raise Invalid("Idempotency-Key: 1 to 255 printable ASCII characters.")
    return str(key)


def _sent(request: Request) -> bytes:
    """The body, of a form without the words that part its fields: a browser makes new ones each time that it sends."""
    body = bytes(request._request.body)  # noqa: SLF001
    parting = re.search('boundary="?([^";,]+)', request.META.get("CONTENT_TYPE") or "")
    return body if parting is None else body.replace(parting[1].encode(), b"")


def _hmac(body: bytes, query: str) -> str:
    """HMAC of body and query. JSON counts with its keys sorted, so how it is spaced or ordered makes no difference."""
    with contextlib.suppress(orjson.JSONDecodeError):
        body = orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)
    asked = b"\x00".join([body, query.encode()]) if query else body
    return hmac.new(settings.SECRET_KEY.encode(), asked, hashlib.sha256).hexdigest()


def _scope(request: Request, key: str) -> dict[str, Any]:
    return {"user_id": request.user.pk, "method": str(request.method), "path": request.path[:400], "key": key}


def has_acted(request: Request) -> bool:
    """Has the request's key acted before? Then its handler is not run again, whatever the body."""
    key = request.headers.get("Idempotency-Key")
    return key is not None and IdempotencyRecord.objects.filter(**_scope(request, key)).exists()


def print_of(request: Request) -> str | None:
    """By what copies of one request know each other: HMAC of who sends it, where, key and body; None without a key.

    Two copies may be on their way at once, or one of them after the other was refused and left no record.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    scope = "\x1f".join(map(str, _scope(request, key).values()))
    return _hmac(_sent(request), scope)


class Locks(NamedTuple):
    """What a request locks with its key: an expression of SQL, which answers when all of it is locked; null, and
    nothing is locked, when there is no such thing for who asks.

    `told` is handed what it answers.
    """

    sql: str
    params: Sequence[Any]  # all that psycopg adapts
    told: Callable[[Any], None] | None = None


def claim(request: Request, key: str, *, locks: Locks | None) -> tuple[str, list[Any]]:
    """The statement that takes the key's lock and, for a key that has not acted yet, `locks`."""
    return _claim(_scope(request, key), locks)


def _claim(scope: Mapping[str, Any], locks: Locks | None) -> tuple[str, list[Any]]:
    digest = hashlib.sha256("\x1f".join(map(str, scope.values())).encode()).digest()
    first, more = ("true", ()) if locks is None else (locks.sql, locks.params)
    values = [*more, int.from_bytes(digest[:8], "big", signed=True), *scope.values()]
    return sql.TAKEN.format(locks=first), values


def _take(scope: Mapping[str, Any], locks: Locks | None) -> IdempotencyRecord | None:
    """Take the key's lock and, for a key that has not acted yet, `locks`; the record of one that has.

    :raises RequestInProgress: while somebody else has the key
    """
    with connection.cursor() as cursor:
        cursor.execute(*_claim(scope, locks))
        is_ours, has_acted, body_hmac, status, answer, etag, locked, _ = cursor.fetchone()
    if not is_ours:
        raise RequestInProgress("Wait for its answer, then repeat.")
    if not has_acted:
        if locks is not None and locks.told is not None:
            locks.told(locked)
        return None
    kept = None if answer is None else orjson.loads(answer)
    if isinstance(kept, str):
        kept = orjson.loads(answers.opened(kept, scope=scope))
    return IdempotencyRecord(**scope, body_hmac=body_hmac, status=status, answer=kept, etag=etag)


def _replay(record: IdempotencyRecord, again: Callable[[Any, int], Response] | None) -> Response:
    headers = {"Idempotency-Replayed": "true"} | ({"ETag": record.etag} if record.etag else {})
    if again is None:
        return Told(record.answer, status=record.status, headers=headers)
    response = again(record.answer, record.status)
    response["Idempotency-Replayed"] = "true"
    return response


def _kept(data: Any, *, id_only: bool, scope: Mapping[str, Any]) -> Any:
    if data is None:
        return None
    content = dumps(data)
    return {"id": orjson.loads(content)["id"]} if id_only else answers.sealed(content, scope=scope)


def run_once(
    request: Request,
    key: str,
    *,
    at: datetime,
    work: Callable[[], Response],
    reauthorise: Callable[[Any], None],
    again: Callable[[Any, int], Response] | None = None,
    locks: Locks | None = None,
) -> Response:
    """Do `work` unless this key did it before; call inside the transaction.

    With `again`, only the id of the answer is kept, and a replay asks `again` for the rest. `locks` are taken with the
    key, before `work`.

    :raises RequestInProgress: while the first request is still running
    :raises KeyReused: when the key came with another body or query before
    """
    scope = _scope(request, key)
    record = _take(scope, locks)
    fingerprint = _hmac(_sent(request), request.META.get("QUERY_STRING", ""))
    if record is not None:
        if not hmac.compare_digest(record.body_hmac, fingerprint):
            raise KeyReused("Use a new key for a new request.")
        reauthorise(record.answer)
        return _replay(record, again)
    response = work()
    if 200 <= response.status_code < 300:
        writing.write(
            IdempotencyRecord(
                **scope,
                body_hmac=fingerprint,
                status=response.status_code,
                answer=_kept(response.data, id_only=again is not None, scope=scope),
                etag=response.headers.get("ETag", ""),
                created_at=at,
            )
        )
    return response
