"""Questions about the machine: eight statements, whatever the tables hold, and one look at the broker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from redis import Redis, RedisError

from kapclinic.core.reporting import SENT_AT
from kapclinic.trail import anchors, partitions, turns
from kapclinic.trail.keys import open_word
from kapclinic.trail.models import BackupWord
from kapclinic.trail.selectors import telling_log_settings
from sessions.status import rules, sql
from sessions.status.rules import Backups, Count, Queue, Standing, Step


def standing(*, at: datetime) -> Standing:
    """How the machine stands at `at`.

    :raises DatabaseError: when the database does not answer
    """
    connections, most = _connections()
    lacking = [str(month) for month in partitions.months(at=at, ahead=1) if not month.is_there]
    return Standing(
        at=at,
        steps=tuple(Step(name, *told) for name, told in turns.ages(at=at).items()),
        waiting=_waiting(at=at),
        queues=_queues(at=at),
        connections=connections,
        connections_max=most,
        partitions_lacking=tuple(lacking),
        parts=_parts(at=at),
        backups=_backups(at=at),
    )


def _backups(*, at: datetime) -> Backups | None:
    """What the service of the backups says: in its file, where this machine sees it, else in its row; None without."""
    if not settings.BACKUP_STATUS:
        word = BackupWord.objects.filter(name="backups").first()
        return None if word is None else _word(word, at=at)
    try:
        said = json.loads(Path(settings.BACKUP_STATUS).read_text())
        began = said["newest_began_at"]
        newest = None if began is None else _since(began, at=at)
        return Backups(_since(said["at"], at=at), newest, said["ok"] is True)
    except (OSError, ValueError, TypeError, KeyError):
        return Backups()


def _word(word: BackupWord, *, at: datetime) -> Backups:
    newest = None if word.newest_began_at is None else _seconds(at - word.newest_began_at)
    return Backups(_seconds(at - word.told_at), newest, word.ok)


def _since(moment: str, *, at: datetime) -> float:
    return _seconds(at - datetime.fromisoformat(moment))


def _seconds(since: timedelta) -> float:
    return round(max(since.total_seconds(), 0.0), 1)


def _parts(*, at: datetime) -> dict[str, bool]:
    kept = anchors.keeping(at=at)
    return {
        "anchors": kept is None or kept["failing_seconds"] is None,
        "field_keys": open_word(),
        "database_log": not telling_log_settings(),
    }


def _waiting(*, at: datetime) -> dict[str, tuple[Count, ...]]:
    found: dict[tuple[str, str], tuple[int, datetime | None]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql.OPEN, {"at": at, "near": at - rules.NEAR, "far": at - rules.FAR})
        for what, kind, many, since in cursor.fetchall():
            found[what, kind] = (many, since)

    def count(what: str, kind: str) -> Count:
        many, since = found.get((what, kind), (0, None))
        age = None if since is None else round(max((at - since).total_seconds(), 0.0), 1)
        return Count(kind, many, age)

    return {what: tuple(count(what, kind) for kind in kinds) for what, kinds in rules.KINDS.items()}


def _connections() -> tuple[Mapping[str, int], int]:
    with connection.cursor() as cursor:
        cursor.execute(sql.CONNECTIONS)
        rows = cursor.fetchall()
    return {state: many for state, many, _ in rows}, rows[0][2]


def _queues(*, at: datetime) -> tuple[Queue, ...] | None:
    """What waits at the broker: how many, and since when the one that is next; None while the broker is away."""
    try:
        with Redis.from_url(settings.VALKEY_URL, socket_timeout=1, socket_connect_timeout=1) as client:
            asked = client.pipeline(transaction=False)
            for name in rules.QUEUES:
                asked.llen(name).lindex(name, -1)
            told = asked.execute()
    except (RedisError, OSError, ValueError):
        return None
    pairs = zip(rules.QUEUES, told[::2], told[1::2], strict=True)
    return tuple(Queue(name, many, _age(message, at=at)) for name, many, message in pairs)


def _age(message: bytes | None, *, at: datetime) -> float | None:
    """Seconds since a message was sent; None where there is none, or it does not say."""
    try:
        sent = float(json.loads(message or b"{}")["headers"][SENT_AT])
        return round(max(at.timestamp() - sent, 0.0), 1)
    except (ValueError, TypeError, KeyError):
        return None
