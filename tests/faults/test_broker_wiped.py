"""The broker may be wiped or gone: no request fails, nothing is lost, and the house says how it is."""

from __future__ import annotations

from django.db import connection

from kapclinic.local.processes import Processes
from kapclinic.local.valkey import Valkey
from sessions.integration.models import Obligation
from sessions.sweep.steps import STEPS
from tests import cast as people
from tests.faults.crowd import (
    Nurse,
    assert_every_dose_is_followed,
    ready_clients,
    readyz,
    sweeping,
    two_sweeps,
    until,
)


def sessions_begun() -> int:
    """How often anybody has connected to this database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sessions FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def test_doses_without_a_broker_are_followed_by_the_clock_of_the_worker(
    clinic_orm: None, run_processes: Processes, private_valkey: Valkey
) -> None:
    run_processes.env |= {"SWEEP_SECONDS": "2"}
    run_processes.start("web", "worker", "beat")
    cast = people.assemble()
    sessions = ready_clients(cast, 8)
    run_processes.wait_ready()
    nurse = Nurse.of(cast, run_processes)
    until(lambda: sweeping(run_processes), seconds=40, what="the first sweep")
    until(lambda: readyz(run_processes)["status"] == "ok", seconds=20, what="every step on time")

    private_valkey.kill()
    for session in sessions:
        assert nurse.dose(session).status_code == 201
    assert max(seconds for _, seconds in nurse.answers) < 3
    told = readyz(run_processes)
    assert (told["status"], told["broker"], told["database"]) == ("degraded", False, True)
    assert told["last_sweep_seconds"] > 0

    def followed() -> bool:
        return not Obligation.objects.filter(state="due").exists()

    until(followed, seconds=20, what="every dose followed, by the worker's own clock")  # no message was heard
    private_valkey.start()
    private_valkey.flush()
    begun = sessions_begun()
    two_sweeps()
    assert sessions_begun() - begun < len(STEPS)  # a task takes the connection that the last one left
    assert_every_dose_is_followed(len(sessions))
    until(lambda: readyz(run_processes)["status"] == "ok", seconds=20, what="every step on time")
    assert "Traceback" not in run_processes.log_file("web").read_text()
