"""What a clinician writes stands in no log: with production's settings, and when the database refuses the row."""

from __future__ import annotations

import threading
from pathlib import Path

import psycopg
import pytest

from kapclinic.core import clock
from kapclinic.local.processes import Processes
from kapclinic.local.testrun import TestRun
from kapclinic.practice.services import issue_token
from sessions.notes.models import Note
from tests import cast as people
from tests.faults.crowd import WIRE, until

CANARY = "She dreams of zebras that nobody counted"
PRODUCTION = {
    "KAP_EMBEDDED": "0",
    "REQUIRE_SECOND_FACTOR": "0",  # nobody here has one
    "SECRET_KEY": "3f0c6b1d9a8e47525d1c0b9f8e7a6d5c4b3a29181706f5e4d3c2b1a0998877",
    "FIELD_KEYS": "ZGV2ZWxvcG1lbnQtb25seS1maWVsZC1rZXktMzJieXQ=",
    "ALLOWED_HOSTS": "127.0.0.1",
    "SECURE_SSL_REDIRECT": "false",  # there is no proxy here that ends TLS
    "HASHED_FILES": "false",  # nothing is collected in a checkout
    "EMAIL_URL": "dummymail://",
    "LOG_LEVEL": "DEBUG",
}
CLICKS = 6


@pytest.fixture
def production(clinic_env: dict[str, str]) -> dict[str, str]:
    """The processes of this test are those of a clinic."""
    clinic_env.pop("KAP_SUPERUSER_URL", None)
    clinic_env.update(PRODUCTION)
    return clinic_env


def test_a_double_click_writes_nothing_of_a_note_into_any_log(
    production: dict[str, str],
    clinic_orm: None,
    run_processes: Processes,
    test_run: TestRun,
    tmp_path: Path,
) -> None:
    of_postgres = test_run.place.data / "pg.log"
    begins = of_postgres.stat().st_size if of_postgres.exists() else 0
    cast = people.assemble()
    program = people.cleared_program(cast, protocol=people.approved_protocol(cast, min_preparations=0))
    session = people.ready_dose(cast, program)
    _, secret = issue_token(user=cast.np, name="laptop", at=clock.now())
    run_processes.start("web", "worker")
    run_processes.wait_ready()

    sections = {"data": CANARY, "assessment": "", "plan": ""}
    body = {"session": str(session.pk), "kind": "dosing", "frame": "dap", "sections": sections}
    codes: list[int] = []
    together = threading.Barrier(CLICKS)

    def click(number: int) -> None:
        headers = {"Authorization": f"Token {secret}", "Idempotency-Key": f"click-{number}"}
        together.wait()
        url = f"{run_processes.base_url}/api/v1/notes/"
        codes.append(WIRE.post(url, json=body, headers=headers, timeout=30).status_code)

    clicks = [threading.Thread(target=click, args=(number,)) for number in range(CLICKS)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert sorted(codes) == [201] + [409] * (CLICKS - 1)
    note = Note.objects.get()

    # And for certain past every check of ours: the row itself is refused, with all that it holds.
    scoped = {"options": "-c kap.scope=all:test"}
    with psycopg.connect(production["DATABASE_URL"], autocommit=True, **scoped) as runtime:
        with pytest.raises(psycopg.errors.UniqueViolation) as refused:
            runtime.execute(
                "INSERT INTO clinic_sessions_note SELECT (jsonb_populate_record(n, jsonb_build_object('id', gen_random_uuid(),"
                " 'sections', %s::jsonb))).* FROM clinic_sessions_note n WHERE id = %s",
                [f'{{"text": "{CANARY}"}}', note.pk],
            )
        assert refused.value.diag.constraint_name == "note_once"
        with pytest.raises(psycopg.errors.NotNullViolation) as incomplete:
            runtime.execute(
                "INSERT INTO clinic_sessions_note SELECT (jsonb_populate_record(n, jsonb_build_object('id', gen_random_uuid(),"
                " 'session_id', NULL, 'sections', %s::jsonb))).* FROM clinic_sessions_note n WHERE id = %s",
                [f'{{"text": "{CANARY}"}}', note.pk],
            )
        assert CANARY not in str(incomplete.value)  # of a row behind the wall PostgreSQL tells nothing

    until(
        lambda: "duplicate key value" in _written(of_postgres, begins),
        seconds=10,
        what="PostgreSQL's own line",
    )
    logs = {"postgres": _written(of_postgres, begins)}
    logs |= {name: run_processes.log_file(name).read_text(errors="replace") for name in ("web", "worker")}
    for name, written in logs.items():
        assert written, name
        for word in (CANARY, CANARY.split()[3], secret, "DETAIL"):
            assert word not in written, name


def _written(log: Path, begins: int) -> str:
    with log.open("rb") as lines:
        lines.seek(begins)
        return lines.read().decode(errors="replace")
