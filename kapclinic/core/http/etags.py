"""ETags: a row's `version`, so that two desks can't overwrite each other; a board's, so that it is told once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from rest_framework.request import Request

from kapclinic.core.errors import PreconditionRequired, Stale
from kapclinic.core.http.renderers import dumps
from kapclinic.core.statements import Look


def etag_of(version: int) -> str:
    return f'"{version}"'


def about_of(request: Request, user: Any) -> str:
    """What the tag of an answer begins with: at this address, to this user with these roles.

    The user is part of it: on a shared computer the browser holds what a colleague was told, and a 304 would show that
    without a trace (R10).
    """
    meta = request.META
    address = (
        meta.get("HTTP_HOST"),
        meta.get("SCRIPT_NAME"),
        meta.get("PATH_INFO"),
        meta.get("QUERY_STRING"),
    )
    about = [*address, user.pk, sorted(user.role_set)]
    return sha256(dumps(about)).hexdigest()[:32]


def known_of(request: Request, about: str) -> list[str]:
    """The tags of `If-None-Match` that begin so, without that beginning: what whoever asks holds already."""
    given = request.META.get("HTTP_IF_NONE_MATCH", "")
    tags = (part.strip().removeprefix("W/").strip('"').partition("-") for part in given.split(","))
    return [read for of, _, read in tags if of == about]


def tag_of(about: str, seen: Look) -> str:
    return f'"{about}-{seen.tag}"'


def lasting(tag: str, *, until: datetime | None) -> str:
    """A tag that names `until` when its answer counts; `still` forgets it then. For an answer that the time changes."""
    return tag if until is None else f"{tag}.{int(until.timestamp()):x}"


def still(known: Iterable[str], *, at: datetime) -> dict[str, str]:
    """Of tags of `lasting` those that count at `at`: the tag itself -> as it was told."""
    parts = ((whole, *whole.partition(".")[::2]) for whole in known)
    return {tag: whole for whole, tag, until in parts if not until or _moment(until) > at}


def _moment(text: str) -> datetime:
    """The moment that a tag names; one long past for what no tag of ours holds."""
    try:
        return datetime.fromtimestamp(int(text, 16), tz=UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.min.replace(tzinfo=UTC)


def digest_of(body: Any) -> str:
    """What tells one answer from another, for an answer whose statement does not work that out."""
    return sha256(dumps(body)).hexdigest()[:32]


def require_match(request: Request, instance: Any) -> None:
    """Refuse an edit that was not made on the present version.

    :raises PreconditionRequired: 428 without If-Match
    :raises Stale: 412 when the version has moved on
    """
    require_version(request, instance.version)


def require_version(request: Request, version: int) -> None:
    """As `require_match`, for what is no row of its own."""
    header = request.headers.get("If-Match")
    if not header:
        raise PreconditionRequired("Send If-Match with the ETag that you read.")
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    if "*" not in tags and etag_of(version) not in tags:
        raise Stale("Read it again, then repeat your change.", version=version)
