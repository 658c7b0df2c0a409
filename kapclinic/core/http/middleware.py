"""What needs no view: refusing what can't be read, and what a browser may run and keep."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from kapclinic.core.errors import ClinicError, Invalid
from kapclinic.core.http.problems import plain
from kapclinic.core.whole import drain, longest

GetResponse = Callable[[HttpRequest], HttpResponseBase]
NOT_MODIFIED = 304


class PayloadTooLarge(ClinicError):
    code, status, title = "payload_too_large", 413, "Body too large"


class LengthRequired(ClinicError):
    code, status, title = "length_required", 411, "Content-Length is required"


class BodyLimit:
    """Refuse what is too large or unreadable before anything reads it."""

    safe: ClassVar[frozenset[str]] = frozenset({"GET", "HEAD", "OPTIONS"})

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH")
        if length and (refused := self._too_long(request, length)) is not None:
            return refused
        if request.method not in self.safe and "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", ""):
            return plain(LengthRequired("Send the body with a Content-Length."))
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return plain(Invalid("A NUL byte can't be part of an address.", code_hint="nul_byte"))
        return self.get_response(request)

    def _too_long(self, request: HttpRequest, length: str) -> HttpResponseBase | None:
        usual = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        most = longest(request.path_info, usual=usual, uploads=settings.UPLOADS)
        told = int(length) if re.fullmatch("[0-9]{1,18}", length) else None
        if told is None or told > most:
            drain(request.read, told or 0)
            return plain(PayloadTooLarge(f"A body may hold {most} bytes at most."))
        if told > usual:  # Django reads no body that is longer than the usual, but for one that is there
            request._body = request.read(told)  # noqa: SLF001
        return None


class Guarded:
    """What a browser may do with an answer: run nothing of a stranger's on a page, keep nothing of the API's.

    Every page names what it may load (`settings.SECURE_CSP`; one path may add to it, `CSP_EXCEPTIONS`); a page that
    names less itself keeps that. No answer of
    the API may be kept, by a browser or on the way: a board's ETag lives in the memory of the page that reads it.
    A 304 tells no length: it would be taken for that of the answer which whoever asks holds (RFC 9110, 8.6).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.policy = _policy(settings.SECURE_CSP)
        self.others = {
            path: _policy(settings.SECURE_CSP | more) for path, more in settings.CSP_EXCEPTIONS.items()
        }

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.get_response(request)
        if request.path_info.startswith("/api/") and "Cache-Control" not in answer:
            answer["Cache-Control"] = "no-store"
        if answer.status_code == NOT_MODIFIED:
            del answer["Content-Length"]
        if answer.get("Content-Type", "").startswith("text/html"):
            policy = self.others.get(request.path_info, self.policy)
            answer["Content-Security-Policy"] = answer.get("Content-Security-Policy", policy)
            answer["Cache-Control"] = answer.get("Cache-Control", "no-cache")
        return answer


def _policy(directives: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(" ".join([name, *values]) for name, values in directives.items())
