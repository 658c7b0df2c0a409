"""RFC 9457 answers. Every refusal has one shape: type, title, status, detail, code, and `errors` by field."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DatabaseError, IntegrityError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from psycopg import errors as pg
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from kapclinic.core.crypto import KeyMissing
from kapclinic.core.errors import ClinicError, Conflict, FieldError, Invalid, NotFound, NotPermitted
from kapclinic.core.http.messages import reworded
from kapclinic.core.wording import once

logger = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"


class Problem(Response):
    """A refusal; the renderer takes the content type from here."""

    def __init__(self, error: ClinicError, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(body(error), status=error.status, headers=headers, content_type=CONTENT_TYPE)


def body(error: ClinicError) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "type": f"urn:kapclinic:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
    }
    if error.errors:
        answer["errors"] = [item.as_dict() for item in error.errors]
    return answer | dict(error.extra)


def plain(error: ClinicError) -> JsonResponse:
    """The same answer outside Django REST framework (middleware, URL handlers)."""
    return JsonResponse(body(error), status=error.status, content_type=CONTENT_TYPE)


def flatten(detail: Any, pointer: str = "") -> Iterator[FieldError]:
    """DRF's nested error detail as a flat list with RFC 6901 pointers."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            yield from flatten(value, pointer if key == "non_field_errors" else f"{pointer}/{key}")
    elif isinstance(detail, Sequence) and not isinstance(detail, str):
        leaves = not any(isinstance(item, Mapping) for item in detail)
        for index, item in enumerate(detail):
            yield from flatten(item, pointer if leaves else f"{pointer}/{index}")
    else:
        yield FieldError(pointer or "/", str(getattr(detail, "code", "invalid")), reworded(str(detail)))


class _Translated(ClinicError):
    """A framework exception in our shape."""

    def __init__(self, code: str, status_code: int, title: str, detail: str, **extra: Any) -> None:
        self.code, self.status, self.title = code, status_code, title  # type: ignore[misc]
        super().__init__(detail, **extra)


_DRF: dict[type[exceptions.APIException], tuple[str, int, str]] = {
    exceptions.ParseError: ("malformed", 400, "Malformed request"),
    exceptions.NotAuthenticated: ("not_authenticated", 401, "Sign in first"),
    exceptions.AuthenticationFailed: ("authentication_failed", 401, "Sign in again"),
    exceptions.PermissionDenied: ("not_permitted", 403, "Not permitted"),
    exceptions.NotFound: ("not_found", 404, "Not found"),
    exceptions.MethodNotAllowed: ("method_not_allowed", 405, "Method not allowed"),
    exceptions.NotAcceptable: ("not_acceptable", 406, "Not acceptable"),
    exceptions.UnsupportedMediaType: ("unsupported_media_type", 415, "Unsupported media type"),
    exceptions.Throttled: ("too_many_requests", 429, "Too many requests"),
}


def _named(error: FieldError) -> str:
    """The rule with the name of its field, for whoever reads the one line alone."""
    name = error.pointer.strip("/")
    return f"{name}: {error.detail}" if name else error.detail


def _from_drf(exc: exceptions.APIException) -> ClinicError:
    if isinstance(exc, exceptions.ValidationError):
        errors = list(flatten(exc.detail))
        return Invalid(once(map(_named, errors)), errors=errors)
    if isinstance(exc, exceptions.Throttled):
        wait = getattr(exc, "wait", None)
        return _Translated(*_DRF[exceptions.Throttled], "Ask again in the next minute.", retry_after=wait)
    for kind, (code, status_code, title) in _DRF.items():
        if isinstance(exc, kind):
            return _Translated(code, status_code, title, str(exc.detail))
    return _Translated("refused", exc.status_code, "Refused", str(exc.detail))


# Somebody else was at the row, or the answer took longer than this process waits (settings.PATIENCE).
WAITED = (
    pg.DeadlockDetected,
    pg.SerializationFailure,
    pg.LockNotAvailable,
    pg.QueryCanceled,
    pg.IdleInTransactionSessionTimeout,
)
RETRY_SECONDS = "1"


def _from_database(exc: DatabaseError) -> ClinicError | None:
    """The database is the last guard: what it refuses is the caller's conflict, not our crash."""
    cause = exc.__cause__
    if isinstance(cause, pg.ExclusionViolation):
        return _Translated(
            "resource_conflict", 409, "Already taken", "A resource is taken at that time.", conflicts=[]
        )
    if isinstance(cause, pg.UniqueViolation):
        return Conflict("Such a row exists already.", constraint=cause.diag.constraint_name)
    if isinstance(cause, WAITED):
        return _Translated("busy", 503, "Busy", "Another change is being made: try again.")
    if isinstance(exc, IntegrityError):
        diag = getattr(cause, "diag", None)
        return Conflict(
            "A rule of the database refused this.", constraint=getattr(diag, "constraint_name", None)
        )
    if isinstance(cause, pg.RaiseException) or getattr(cause, "sqlstate", "") in {"KA001", "KA002"}:
        return Conflict("This record is closed and can't be changed.")
    if isinstance(exc, OperationalError):
        return _Translated("unavailable", 503, "Unavailable", "The database can't be reached: try again.")
    return None


def translate(exc: Exception) -> ClinicError | None:
    """Our refusal for an anticipated exception; None for one that nobody anticipated."""
    if isinstance(exc, ClinicError):
        return exc
    if isinstance(exc, exceptions.APIException):
        return _from_drf(exc)
    if isinstance(exc, Http404):
        return NotFound()
    if isinstance(exc, PermissionDenied):
        return NotPermitted()
    if isinstance(exc, DatabaseError):
        return _from_database(exc)
    if isinstance(exc, KeyMissing):
        detail = (
            "What is sealed can't be opened or added to: the keys of this server are not those of the record."
        )
        return _Translated("key_missing", 503, "Keys missing", detail)
    if isinstance(exc, SuspiciousOperation):
        return Invalid("The request was refused.")
    return None


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook. Unanticipated exceptions are logged by class and place, without data, and answer 500."""
    error = translate(exc)
    set_rollback()
    if error is None:
        if settings.DEBUG:
            return None
        logger.error(
            "unanticipated %s in %s", type(exc).__name__, type(context["view"]).__name__, exc_info=exc
        )
        error = _Translated(
            "internal", status.HTTP_500_INTERNAL_SERVER_ERROR, "Internal error", "Internal error"
        )
    headers = dict(getattr(error, "headers", {}))
    if (challenge := getattr(exc, "auth_header", None)) is not None:
        headers["WWW-Authenticate"] = challenge
    if (wait := getattr(exc, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait))
    if error.code == "busy":
        headers["Retry-After"] = RETRY_SECONDS
    return Problem(error, headers)


def not_found(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """`handler404`."""
    return plain(NotFound("There is nothing at this address."))


def server_error(request: HttpRequest) -> JsonResponse:
    """`handler500`: no data, no trace. Before a view is asked, the database that knows sessions may have failed."""
    failed = sys.exc_info()[1]
    error = translate(failed) if isinstance(failed, OperationalError) else None
    return plain(error or _Translated("internal", 500, "Internal error", "Internal error"))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """`handler400`."""
    return plain(_Translated("malformed", 400, "Malformed request", "The request could not be read."))
