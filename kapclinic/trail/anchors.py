"""Anchors: the ends of all chains, signed, and put by themselves where nobody who administers the database can write.

A chain shows a changed row and a missing link, but not that its end was cut off. An anchor holds how long each chain
was and the hash of its last link. Before a new one is put there, the chains are held beside the newest: an anchor of a
chain that was cut off would hide it.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from kapclinic.trail import rules, selectors
from kapclinic.trail.chains import anchors
from kapclinic.trail.models import AnchorKeeping
from kapclinic.trail.places import Away, Place, place_at

logger = logging.getLogger(__name__)
ROW = "anchors"
Content = Mapping[str, Any]


class Untrue(Exception):
    """An anchor that nobody with our key wrote as it is, or chains that lack what one holds."""


@dataclass(frozen=True)
class Kept:
    """An anchor of the outside place."""

    name: str
    content: Content

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.content["at"])


def outside(*, at: datetime) -> Place | None:
    """The place of the settings; None where none is set.

    :raises ImproperlyConfigured: for an address that names none
    """
    if not settings.ANCHOR_URL:
        return None
    try:
        return place_at(
            settings.ANCHOR_URL,
            at=at,
            access_key=settings.ANCHOR_BUCKET_KEY,
            secret_key=settings.ANCHOR_BUCKET_SECRET,
            sender=settings.DEFAULT_FROM_EMAIL,
        )
    except ValueError as exc:
        raise ImproperlyConfigured(f"ANCHOR_URL: {exc}.") from exc


def present(*, at: datetime, restored: str = "") -> dict[str, Any]:
    """What an anchor of this moment holds, signed where ANCHOR_KEY is set.

    `restored`: why the chains may be shorter than the anchor before says.
    """
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    content: dict[str, Any] = {"at": moment, **heads()} | ({"restored": restored} if restored else {})
    seals = {"sha256": rules.anchor_digest(content)}
    if settings.ANCHOR_KEY:
        key = _private()
        seals["key"] = _shown(key.public_key())
        seals["signature"] = base64.b64encode(key.sign(rules.anchor_text(content))).decode()
    return content | seals


def heads() -> dict[str, Any]:
    """The last link of every chain: the audit chain's first, since all others may go on meanwhile."""
    return {"audit": selectors.audit_head()} | {name: anchor.heads() for name, anchor in anchors()}


def written(content: Content) -> str:
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def read(text: str, *, signed: bool) -> Content:
    """An anchor as it was written. One of the outside place must be `signed`; another one that is, rightly so.

    :raises Untrue: when it is not as it was written, or not signed by a key of ours
    """
    try:
        content: dict[str, Any] = json.loads(text)
        datetime.fromisoformat(content["at"])
        whole = content["sha256"] == rules.anchor_digest(content) and content["audit"]["sequence"] >= 0
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise Untrue(f"is not an anchor: {type(exc).__name__}") from exc
    if not whole:
        raise Untrue("was changed after it was written")
    if (signed or "signature" in content) and not _is_ours(content):
        raise Untrue("is not signed by ANCHOR_KEY or one of ANCHOR_PUBLIC_KEYS")
    return content


def beside(content: Content) -> None:
    """Hold all chains beside an anchor.

    :raises Untrue: naming the first link that one of them lacks
    """
    if (problem := selectors.beside_audit_anchor(content["audit"])) is not None:
        raise Untrue(f"audit chain: {problem}")
    for name, chain in anchors():
        if (problem := chain.beside(content.get(name, {}))) is not None:
            raise Untrue(f"{name}: {problem}")


def newest(place: Place) -> Kept | None:
    """The newest anchor of a place, where it can be read; None where there is none.

    Each anchor holds as many links as the one before it, or tells that a backup was restored.

    :raises Away: when the place does not answer
    :raises Untrue: when the newest, or one that holds fewer links, is not ours, or does not tell that
    """
    names = [name for name in place.names() if rules.links_in(name) is not None]
    for before, name in pairwise(names):
        if (rules.links_in(name) or 0) < (rules.links_in(before) or 0) and not _told(place, name):
            raise Untrue(
                f"{name} holds fewer links than the anchor before it: the end was cut off in between"
            )
    return Kept(names[-1], _read_there(place, names[-1])) if names else None


def keep_anchor(*, at: datetime) -> int:
    """Keep the ends of the chains outside: once in ANCHOR_MINUTES, when one moved. Returns how many anchors it put.

    What is in the way is written down and logged, and tried again in the next pass: no other step waits for it.
    """
    place = outside(at=at)
    if place is None or not settings.ANCHOR_KEY:
        return 0
    row = AnchorKeeping.objects.filter(name=ROW).first() or AnchorKeeping(name=ROW)
    rested = row.kept_at is None or at - row.kept_at >= timedelta(minutes=settings.ANCHOR_MINUTES)
    if not (rested or row.problem) or (row.kept_heads == _digest() and not row.problem):
        return 0
    try:
        put_anchor(place, at=at)
    except (Away, Untrue) as exc:
        logger.error("the ends of the chains are not kept: %s", exc)  # noqa: TRY400 — the words say all
        row.problem, row.failing_since = str(exc)[:300], row.failing_since or at
        row.save()
        return 0
    return 1


def put_anchor(place: Place, *, at: datetime, restored: str = "") -> str:
    """Put an anchor of this moment there, once the chains hold beside the newest; returns its name.

    `restored`: a backup was restored, so they need not.

    :raises Away: when the place does not answer or take it
    :raises Untrue: when the chains lack what the newest one holds, or it is not ours
    """
    if place.readable and not restored and (last := newest(place)) is not None:
        try:
            beside(last.content)
        except Untrue as exc:
            raise Untrue(f"{last.name}: {exc}") from exc
    content = present(at=at, restored=restored)
    name = rules.anchor_name(content)
    place.put(name, written(content))
    kept = {"kept_at": at, "kept_heads": _digest(content), "failing_since": None, "problem": ""}
    AnchorKeeping.objects.update_or_create(name=ROW, defaults=kept)
    return name


def keeping(*, at: datetime) -> dict[str, float | None] | None:
    """Seconds since the last anchor was kept, and since one is in the way; None where none was ever tried."""
    row = AnchorKeeping.objects.filter(name=ROW).first()
    if row is None:
        return None
    moments: Sequence[tuple[str, datetime | None]] = (
        ("age_seconds", row.kept_at),
        ("failing_seconds", row.failing_since),
    )
    return {name: None if then is None else round((at - then).total_seconds(), 1) for name, then in moments}


def _digest(content: Content | None = None) -> str:
    """What changes when the end of a chain moves."""
    held = heads() if content is None else {k: v for k, v in content.items() if k not in {"at", "restored"}}
    return rules.anchor_digest(held)


def _told(place: Place, name: str) -> bool:
    return bool(_read_there(place, name).get("restored"))


def _read_there(place: Place, name: str) -> Content:
    try:
        content = read(place.get(name), signed=True)
    except Untrue as exc:
        raise Untrue(f"anchor {name} {exc}") from exc
    if rules.links_in(name) != content["audit"]["sequence"]:
        raise Untrue(f"anchor {name} has another name than it was given")
    return content


def _private() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_bytes("ANCHOR_KEY", settings.ANCHOR_KEY))


def _bytes(name: str, text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as exc:
        raise ImproperlyConfigured(f"{name}: base64 is expected.") from exc
    if len(key) != 32:
        raise ImproperlyConfigured(f"{name}: a key of 32 bytes is expected.")
    return key


def _shown(key: Ed25519PublicKey) -> str:
    return base64.b64encode(key.public_bytes_raw()).decode()


def _is_ours(content: Content) -> bool:
    """Whether one of our keys signed it; what it says of its key is only read by people."""
    ours = [
        Ed25519PublicKey.from_public_bytes(_bytes("ANCHOR_PUBLIC_KEYS", k))
        for k in settings.ANCHOR_PUBLIC_KEYS
    ]
    ours += [_private().public_key()] if settings.ANCHOR_KEY else []
    try:
        signature = base64.b64decode(content["signature"], validate=True)
    except (KeyError, TypeError, ValueError):
        return False
    return any(_verifies(key, signature, rules.anchor_text(content)) for key in ours)


def _verifies(key: Ed25519PublicKey, signature: bytes, text: bytes) -> bool:
    try:
        key.verify(signature, text)
    except InvalidSignature:
        return False
    return True
