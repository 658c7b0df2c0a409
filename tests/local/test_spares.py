"""A database that was lent comes back as it was made, or goes."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from kapclinic.local.spares import Spares
from kapclinic.local.testrun import TestRun

# What can't be brought back, and how it is undone here.
CHANGES = {
    "ALTER TABLE practice_client DISABLE TRIGGER USER": "ALTER TABLE practice_client ENABLE TRIGGER USER",
    "CREATE TABLE stays ()": "DROP TABLE stays",
    "ALTER TABLE practice_client ADD more int": "ALTER TABLE practice_client DROP more",
    "REVOKE SELECT ON practice_client FROM kap_app": "",
    "DELETE FROM billing_diagnosis WHERE id = (SELECT min(id) FROM billing_diagnosis)": "",
}


@pytest.fixture
def spares(test_run: TestRun) -> Iterator[Spares]:
    spares = Spares(servers=test_run.servers, make=test_run.another_database)
    yield spares
    spares.close()


def test_what_was_lent_comes_back_as_it_was_made_or_goes(spares: Spares, test_run: TestRun) -> None:
    name = spares.lend()
    with test_run.servers.admin(name) as connection:
        connection.execute("INSERT INTO auth_group (name) VALUES ('left behind')")
        spares.take_back(name)
        with pytest.raises(psycopg.OperationalError):  # thrown out
            connection.execute("SELECT 1")
    assert spares.lend() == name
    with test_run.servers.admin(name) as connection:
        assert connection.execute("SELECT count(*) FROM auth_group").fetchone() == (0,)
        counted = connection.execute("SELECT last_value, is_called FROM auth_group_id_seq").fetchone()
        assert counted == (1, False)
    spare = spares._lent[name]
    assert spare.is_as_it_was()
    for change, undo in CHANGES.items():
        with test_run.servers.admin(name) as connection:
            connection.execute(change)
            assert not spare.is_as_it_was(), change
        with test_run.servers.admin(name) as connection:
            connection.execute(undo or "SELECT 1")
    spares.take_back(name)
    assert not test_run.servers.has_database(name)
    assert spares._free == []
