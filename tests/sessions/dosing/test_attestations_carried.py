"""What was attested in columns of the session before there were rows: carried over with who and when, nothing lost."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from psycopg.types.json import Jsonb

from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM_ID
from sessions.booking.models import Session
from tests import cast as people
from tests.cast import MONDAY, Cast, attest

SESSIONS, HISTORY = "clinic_sessions_session", "clinic_sessions_historicalsession"
AS_OWNER = "SET LOCAL ROLE kap_owner"  # who runs `migrate`
LATER = MONDAY + timedelta(minutes=5)


def migration(**options: Any) -> bytes:
    """The statements of the migration, for a transaction that somebody else ends."""
    text = io.StringIO()
    call_command("sqlmigrate", "clinic_sessions", "0003", stdout=text, **options)
    lines = text.getvalue().splitlines()
    return "\n".join(line for line in lines if line not in {"BEGIN;", "COMMIT;"}).encode()


@pytest.fixture
def owner(transactional_db: None) -> Iterator[psycopg.Connection[Any]]:
    """The owner's role, in one transaction that is taken back: also what the migration does to the tables."""
    url = os.environ["KAP_SUPERUSER_URL"].rsplit("/", 1)[0] + "/" + connection.settings_dict["NAME"]
    with psycopg.connect(url) as found:
        found.execute(AS_OWNER)
        yield found
        found.rollback()


def word(by: Any, at: datetime) -> dict[str, str]:
    return {"by": str(by.pk), "at": at.isoformat().replace("+00:00", "Z")}


def attested_before(cast: Cast) -> Session:
    """Yes by the nurse practitioner, then no by the therapist: as rows."""
    session = people.booked(cast, people.cleared_program(cast), "dosing", MONDAY + timedelta(hours=2))
    attest(cast, session, "identifiers")
    with clock.fixed(LATER):
        attest(cast, session, "identifiers", value=False, by="therapist")
    return session


def columns(owner: psycopg.Connection[Any], session: Session) -> Any:
    return owner.execute(
        "SELECT attestations, attested FROM clinic_sessions_session WHERE id = %s", [session.pk]
    ).fetchone()


def write_columns(owner: psycopg.Connection[Any], cast: Cast, session: Session) -> None:
    """The columns as the code before kept them: the last words on the session, the first ones in its history only."""
    said = {"identifiers": False, "own_word": True, "nobodys": True}
    attested = {"identifiers": word(cast.therapist, LATER), "own_word": word(cast.np, MONDAY)}
    first = {"identifiers": True, "own_word": True}
    owner.execute("RESET ROLE")
    owner.execute("SET LOCAL session_replication_role = replica")  # else the history can't be rewritten
    owner.execute(
        "UPDATE clinic_sessions_session SET attestations = %s, attested = %s WHERE id = %s",
        [Jsonb(said), Jsonb(attested), session.pk],
    )
    for order, (values, words) in {
        "ASC": (first, dict.fromkeys(first, word(cast.np, MONDAY))),
        "DESC": (said, attested),
    }.items():
        owner.execute(
            "UPDATE clinic_sessions_historicalsession SET attestations = %s, attested = %s WHERE history_id ="
            f" (SELECT history_id FROM clinic_sessions_historicalsession WHERE id = %s"
            f" ORDER BY history_id {order} LIMIT 1)",
            [Jsonb(values), Jsonb(words), session.pk],
        )
    owner.execute("SET LOCAL session_replication_role = origin")
    owner.execute(AS_OWNER)


def test_the_migration_carries_every_word_there_and_back(now: Any, owner: psycopg.Connection[Any]) -> None:
    cast = people.assemble()
    session = attested_before(cast)
    owner.execute(migration(backwards=True))
    assert columns(owner, session) == (
        {"identifiers": False},
        {"identifiers": {"by": str(cast.therapist.pk), "at": "2026-05-04T15:05:00.000000Z"}},
    )
    write_columns(owner, cast, session)
    owner.execute(migration())
    carried = owner.execute(
        "SELECT code, value, by_id, at, created_by FROM clinic_sessions_attestation ORDER BY id, code"
    ).fetchall()
    assert sorted(carried[:2]) == [
        ("identifiers", True, cast.np.pk, MONDAY, SYSTEM_ID),
        ("own_word", True, cast.np.pk, MONDAY, SYSTEM_ID),
    ]
    assert carried[2:] == [("identifiers", False, cast.therapist.pk, LATER, SYSTEM_ID)]
    kept = owner.execute(
        "SELECT object_id, clients, detail FROM trail_auditevent WHERE action = 'session.attestations_unsigned'"
    ).fetchall()
    assert kept == [(session.pk, [session.client_id], {"said": [{"code": "nobodys", "value": True}]})]
    left = owner.execute(
        "SELECT table_name FROM information_schema.columns WHERE column_name IN ('attestations', 'attested')"
    ).fetchall()
    assert left == []
    with pytest.raises(psycopg.Error) as refused:
        owner.execute("UPDATE clinic_sessions_attestation SET value = NOT value")
    assert refused.value.sqlstate == "KA001"
