"""Serializers are kept from one body and answer to the next, and nothing of one is in another."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Output, checked, shown


class Inner(Output):
    who = serializers.SerializerMethodField()

    def get_who(self, row: Any) -> str:
        return str(self.context["who"])


class Outer(Output):
    name = serializers.CharField()
    inner = Inner(source="*")
    again = serializers.SerializerMethodField()

    def get_again(self, row: Any) -> Any:
        """The same kind within itself, about somebody else."""
        return shown(Outer, row["next"], context={"who": "another"}) if row.get("next") else None


class Line(Input):
    number = serializers.IntegerField(min_value=1)


class Body(Input):
    name = serializers.CharField(max_length=5)
    lines = Line(many=True, required=False)


def test_an_answer_is_that_of_a_new_serializer() -> None:
    rows = [{"name": "A", "next": {"name": "B"}}, {"name": "C"}]
    for who in ("one", "two"):
        context = {"who": who}
        assert shown(Outer, rows, many=True, context=context) == Outer(rows, many=True, context=context).data
        assert shown(Outer, rows[0], context=context) == Outer(rows[0], context=context).data
    assert shown(Outer, rows[0], context={"who": "one"})["inner"] == {"who": "one"}


def test_an_answer_that_fails_leaves_nothing_behind() -> None:
    with pytest.raises(KeyError):
        shown(Outer, {"name": "A"}, context={})
    assert shown(Outer, {"name": "A"}, context={"who": "one"})["inner"] == {"who": "one"}


BODIES: tuple[Any, ...] = (
    {"name": "Right"},
    {"name": "Too long", "lines": [{"number": 1}, {"number": 0}]},
    {"lines": [{"number": 2}]},
    {"name": "Right", "lines": [{"number": 2, "more": 1}], "unknown": True},
    [],
    None,
    {"name": "Again", "lines": [{"number": 3}]},
)


def _read(body: Any) -> Any:
    try:
        return checked(Body, body, context={})
    except serializers.ValidationError as exc:
        return exc.detail


def _read_anew(body: Any) -> Any:
    fresh = Body(data=body, context={})
    return dict(fresh.validated_data) if fresh.is_valid() else fresh.errors


def test_a_body_is_read_as_by_a_new_serializer_whatever_came_before() -> None:
    for _ in range(2):
        for body in (*BODIES, *reversed(BODIES)):
            assert _read(body) == _read_anew(body)


def test_no_two_threads_share_one() -> None:
    found: list[Any] = []

    def ask(who: str) -> None:
        found.extend(shown(Outer, {"name": who}, context={"who": who})["inner"]["who"] for _ in range(200))

    threads = [Thread(target=ask, args=(who,)) for who in ("one", "two", "three")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {who: found.count(who) for who in set(found)} == {"one": 200, "two": 200, "three": 200}
