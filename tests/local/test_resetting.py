"""After a test that committed, the database is as the migrations left it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from kapclinic.local.resetting import KEEP, Resetter
from kapclinic.local.servers import with_path
from kapclinic.local.testrun import TestRun

EXTRA = """
    CREATE TABLE fact (id int PRIMARY KEY, words text);
    CREATE TABLE child (fact int REFERENCES fact (id));
    CREATE TABLE codes AS SELECT generate_series(1, 5000) AS code;
    INSERT INTO fact VALUES (1, E'made by\\ta migration'), (2, NULL);
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'append-only'; END $$;
    CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON fact FOR EACH ROW EXECUTE FUNCTION refuse();
    CREATE TRIGGER whole BEFORE TRUNCATE ON fact EXECUTE FUNCTION refuse();
"""


@pytest.fixture
def connection(test_run: TestRun) -> Iterator[psycopg.Connection]:
    name = test_run.another_database()
    with test_run.servers.admin(name) as connection:
        connection.execute(EXTRA)
        yield connection
    test_run.servers.drop_database(name)


def contents(connection: psycopg.Connection) -> dict[str, list[tuple]]:
    tables = [
        name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    ]
    return {
        name: sorted(
            connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(name))).fetchall(), key=repr
        )
        for name in tables
    }


def test_a_reset_restores_what_the_migrations_made_and_nothing_else(
    test_run: TestRun, connection: psycopg.Connection
) -> None:
    resetter = Resetter(url=with_path(test_run.servers.superuser, connection.info.dbname))
    before = contents(connection)
    connection.execute("INSERT INTO fact VALUES (3, 'new'); INSERT INTO child VALUES (1), (3)")
    connection.execute(
        "SET session_replication_role = replica; UPDATE fact SET words = 'spoilt' WHERE id = 1"
    )
    resetter.reset()
    assert contents(connection) == before
    resetter.reset()
    assert contents(connection) == before
    resetter.close()


def test_the_template_is_migrated_and_belongs_to_the_owner(
    test_run: TestRun, connection: psycopg.Connection
) -> None:
    present = set(contents(connection))
    assert set(KEEP) <= present
    owners = connection.execute(
        "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public' AND tablename = ANY(%s)",
        [list(KEEP)],
    ).fetchall()
    assert owners == [(test_run.servers.owner_role,)]
