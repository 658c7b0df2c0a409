"""What our compilers make of a query is what Django's make of it, to the last letter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.backends.postgresql import compiler as usual
from django.db.models import Count, Exists, F, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from kapclinic.core.postgresql import compiler as ours
from kapclinic.practice.models import Client


def _questions(model: type[Model]) -> Iterator[QuerySet[Any]]:
    rows = model._default_manager.all()
    one, *others = [field.name for field in model._meta.concrete_fields if not field.is_relation]
    related = [field.name for field in model._meta.concrete_fields if field.is_relation][:3]
    inner = model._default_manager.filter(pk=OuterRef("pk"))
    yield rows.reverse()
    yield rows.select_related(*related).order_by(*related, "-pk") if related else rows.order_by("?")
    yield rows.filter(Exists(inner), pk__in=rows.values("pk")).order_by(F("pk").desc(nulls_last=True))
    yield rows.annotate(many=Count("pk"), same=F("pk")).order_by("many", "-same", F("many"), Lower("pk"))
    yield rows.annotate(pg=F("pk")).values_list("pk", "pg").order_by("pg", "pk").distinct()
    yield rows.only(one).order_by(*others[:1]).extra(select={"extra": "1"}, order_by=["extra"])
    yield rows.order_by("pk").union(rows.order_by()).order_by("pk")


def _made(compilers: Any, rows: QuerySet[Any]) -> tuple[Any, Any]:
    """The SQL with its parameters, and by the place of a column what makes a value of it."""
    query = rows.query.clone()
    made = getattr(compilers, query.compiler)(query, connection, "default")
    return made.as_sql(), str(made.get_converters([one for one, _, _ in made.select]))


def test_every_table_is_asked_in_the_same_words() -> None:
    models = apps.get_models()
    asked = [rows for model in models[::12] for rows in _questions(model)]
    asked += [next(_questions(model)) for model in models]
    different = [
        (theirs, own)
        for rows in asked
        for theirs, own in [(_made(usual, rows), _made(ours, rows))]
        if theirs != own
    ]
    assert not different
    assert type(Client.objects.all().query.get_compiler("default")) is ours.SQLCompiler


@pytest.mark.django_db
def test_a_condition_is_judged_without_a_table() -> None:
    assert Q(x=1).check({"x": 1})
    assert not Q(x=2).check({"x": 1})


def test_a_column_by_the_name_of_an_alias_is_told_from_it() -> None:
    rows = Client.objects.extra(select={"name": "1"}).order_by("name")
    assert _made(usual, rows) == _made(ours, rows)
    rows = Client.objects.filter(pk__in=Client.objects.filter(pk=OuterRef("pk")).values("pk"))
    assert _made(usual, rows) == _made(ours, rows)
