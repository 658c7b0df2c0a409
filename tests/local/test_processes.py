"""Web, worker and beat as processes of a test: they serve, they are killed, and none outlives the test."""

from __future__ import annotations

import psutil
import psycopg

from kapclinic.local.ports import wait_until
from kapclinic.local.processes import Processes
from kapclinic.local.valkey import Valkey


def test_the_clinic_runs_on_its_own_database_and_broker(
    run_processes: Processes, private_valkey: Valkey, clinic_env: dict[str, str]
) -> None:
    launcher, run_processes.launcher = run_processes.launcher, None  # a start of their own, as in production
    run_processes.start("web", "worker", "beat")
    run_processes.wait_ready()
    assert wait_until(lambda: "ready." in run_processes.tail("worker", lines=200), seconds=30)
    family = [run_processes.process(name) for name in ("web", "worker", "beat")]
    family += [child for process in family for child in process.children(recursive=True)]
    assert len(family) > 5  # gunicorn and the worker brought children

    private_valkey.kill()
    assert run_processes.ended() is None  # nobody dies of a lost broker
    private_valkey.start()

    run_processes.kill9("worker")
    run_processes.launcher = launcher
    run_processes.start("worker")
    assert run_processes.ended() is None
    run_processes.stop()
    assert not [
        process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    ]
    with psycopg.connect(clinic_env["KAP_SUPERUSER_URL"]) as connection:
        others = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'kap_app'"
        )
        assert wait_until(lambda: connection.execute(others).fetchone() == (0,), seconds=10)


def test_a_process_that_cannot_start_says_why(run_processes: Processes) -> None:
    run_processes.env["SWEEP_SECONDS"] = "often"
    run_processes.start("beat")
    assert wait_until(lambda: run_processes.ended() == "beat", seconds=30)
    assert "often" in run_processes.tail("beat", lines=200)
