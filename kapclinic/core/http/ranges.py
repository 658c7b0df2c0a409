"""A part of a file, as whoever was cut off asks for it (RFC 9110, 14): one range of bytes, of the file they know.

Several ranges at once, and what can't be read as a range, are answered with all of it, as the standard has it.
"""

from __future__ import annotations

import re

from django.http import HttpResponseBase
from rest_framework.request import Request

from kapclinic.core.errors import ClinicError

_ONE = re.compile(r"bytes=(\d{1,15})?-(\d{1,15})?")


class OutOfRange(ClinicError):
    """`headers` tell the file's size, so that who asks for the rest of all they have learns that it is all."""

    code, status, title = "range_not_satisfiable", 416, "The file ends before that"

    def __init__(self, detail: str = "", *, size: int) -> None:
        super().__init__(detail, size=size)
        self.headers = {"Content-Range": f"bytes */{size}"}


def asked_part(request: Request, *, size: int, etag: str) -> tuple[int, int] | None:
    """From which byte to before which one of a file of `size` bytes; None for all of it.

    :raises OutOfRange: when it begins behind the file's end; `size` is told
    """
    found = _ONE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    condition = request.headers.get("If-Range")
    if found is None or found[0] == "bytes=-" or (condition is not None and condition != etag):
        return None
    first, last = found.groups()
    if first is None:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), size if last is None else min(size, int(last) + 1)
        if last is not None and int(last) < start:
            return None
    if start >= size or stop <= start:
        raise OutOfRange("Ask from a byte that the file has.", size=size)
    return start, stop


def tell_part(response: HttpResponseBase, part: tuple[int, int] | None, *, size: int) -> None:
    """Say which bytes of the file an answer holds, and that a part may be asked for."""
    start, stop = part or (0, size)
    response["Accept-Ranges"] = "bytes"
    response["Content-Length"] = str(stop - start)
    if part is not None:
        response.status_code = 206
        response["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
