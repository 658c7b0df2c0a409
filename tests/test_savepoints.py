"""A savepoint goes out with the first statement within it: what it keeps and what it undoes is the same."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.db import DatabaseError, connection, transaction

from kapclinic.core import scope
from tests.asking import sql
from tests.cast import Cast, client


@pytest.fixture
def sent(db: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What leaves about savepoints, beside the statements of the test itself."""
    sql("SELECT 1")
    kept, raw = [], connection.connection
    foremost = raw._foremost

    def heard() -> tuple[bytes, ...]:
        found: tuple[bytes, ...] = foremost()
        kept.extend(word for word in (command.decode().split()[0] for command in found) if word != "SET")
        return found

    monkeypatch.setattr(raw, "_foremost", heard)
    return kept


def _value() -> str:
    ((found,),) = sql("SELECT current_setting('kap.tried', true)")
    return found or ""


def _say(word: str) -> None:
    """Undone with the savepoint that it is said in, as a row is."""
    sql("SELECT set_config('kap.tried', %s, true)", word)


def test_one_without_a_statement_costs_nothing(sent: list[str]) -> None:
    with transaction.atomic(), transaction.atomic():
        pass
    with suppress(KeyError), transaction.atomic(), transaction.atomic():
        raise KeyError
    assert _value() == ""
    assert sent == []


def test_what_is_refused_is_undone_to_where_it_began_and_no_further(sent: list[str]) -> None:
    _say("before")
    with transaction.atomic():
        _say("outer")
        with pytest.raises(DatabaseError, match="division"), transaction.atomic():
            sql("SELECT 1 / 0")
        assert _value() == "outer"
        with suppress(KeyError), transaction.atomic():
            _say("inner")
            with transaction.atomic():
                _say("innermost")
            raise KeyError
        assert _value() == "outer"
        with transaction.atomic():
            _say("kept")
    assert _value() == "kept"
    assert sent.count("SAVEPOINT") == 5
    with suppress(KeyError), transaction.atomic():
        with transaction.atomic():
            _say("lost")
        assert _value() == "lost"
        raise KeyError
    assert _value() == "kept"


def test_neighbours_stand_beside_each_other_and_not_within(sent: list[str]) -> None:
    for number in range(4):
        with transaction.atomic():
            _say(str(number))
    with suppress(KeyError), transaction.atomic():
        _say("lost")
        raise KeyError
    assert _value() == "3"
    assert sent == ["SAVEPOINT", *["RELEASE", "SAVEPOINT"] * 4]


def test_one_that_is_made_by_hand_is_not_ended_by_what_was_put_off(sent: list[str]) -> None:
    with transaction.atomic():
        _say("one")
    sql("SAVEPOINT by_hand")
    with transaction.atomic():
        _say("two")
    sql("ROLLBACK TO SAVEPOINT by_hand")
    with transaction.atomic():
        assert _value() == "one"
    sql("RELEASE SAVEPOINT by_hand")
    with transaction.atomic():
        assert _value() == "one"


def test_points_of_ones_own_are_gone_back_to_again_and_again(sent: list[str]) -> None:
    with transaction.atomic():
        first = transaction.savepoint()
        transaction.savepoint_rollback(first)
        for _ in range(2):
            _say("after")
            transaction.savepoint_rollback(first)
            assert _value() == ""
        second = transaction.savepoint()
        transaction.savepoint_rollback(first)
        assert second
        _say("kept")
        transaction.savepoint_commit(first)
    assert _value() == "kept"


def test_whoever_looks_at_statements_sees_each_where_it_stands(db: None) -> None:
    with transaction.atomic():
        seen: list[str] = []

        def look(execute: object, words: str, *rest: object) -> object:
            seen.append(words.split(maxsplit=1)[0])
            return execute(words, *rest)  # type: ignore[operator]

        with connection.execute_wrapper(look):
            with transaction.atomic():
                sql("SELECT 1")
            with suppress(KeyError), transaction.atomic():
                raise KeyError
    assert seen == ["SAVEPOINT", "SELECT", "RELEASE", "SAVEPOINT", "ROLLBACK", "RELEASE"]


def test_a_scope_that_is_told_in_one_is_told_again_when_that_is_undone(cast: Cast) -> None:
    client(cast.north, by=cast.frontdesk)
    usual = scope.current()
    count = "SELECT count(*) FROM practice_client"
    with suppress(KeyError), transaction.atomic(), scope.nobody():
        assert sql(count) == [(0,)]
        raise KeyError
    assert scope.current() == usual
    assert sql(count) == [(1,)]
