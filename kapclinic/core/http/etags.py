"""ETag and If-Match: the row's `version`, so that two desks can't overwrite each other."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from kapclinic.core.errors import PreconditionRequired, Stale


def etag_of(version: int) -> str:
    return f'"{version}"'


def matched_tag(request: Request, tag: str) -> bool:
    """Does `If-None-Match` name this ETag: does whoever asks hold the answer already?"""
    given = request.headers.get("If-None-Match", "")
    return tag in {part.strip().removeprefix("W/") for part in given.split(",")}


def require_match(request: Request, instance: Any) -> None:
    """Refuse an edit that was not made on the present version.

    :raises PreconditionRequired: 428 without If-Match
    :raises Stale: 412 when the version has moved on
    """
    header = request.headers.get("If-Match")
    if not header:
        raise PreconditionRequired("Send If-Match with the ETag that you read.")
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    if "*" not in tags and etag_of(instance.version) not in tags:
        raise Stale("Read it again, then repeat your change.", version=instance.version)
