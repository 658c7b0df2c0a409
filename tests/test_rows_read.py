"""Rows become models as Django makes them, without asking what each value may be."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import Model
from django.db.models.query_utils import DeferredAttribute
from django.db.models.signals import post_init, pre_init

from kapclinic.core.audited import UUIDModel
from kapclinic.practice.models import Location
from tests.cast import Cast


def told(row: Model) -> tuple[dict[str, Any], dict[str, Any]]:
    return {name: value for name, value in vars(row).items() if name != "_state"}, vars(row._state)


def test_a_row_is_read_as_django_reads_it(cast: Cast) -> None:
    plain: Any = Model.from_db
    names = [field.attname for field in Location._meta.concrete_fields]
    for asked in (names, ["id", "name"]):
        values = Location.objects.filter(pk=cast.north.pk).values_list(*asked).get()
        ours = Location.from_db("default", asked, values)
        assert told(ours) == told(plain.__func__(Location, "default", asked, values))
        assert (ours, ours.name, ours.zone) == (cast.north, cast.north.name, cast.north.zone)
    assert Location.objects.only("name").get(pk=cast.north.pk).get_deferred_fields() == {*names} - {
        "id",
        "name",
    }


def test_no_model_of_ours_does_more_when_it_is_read() -> None:
    read = [model for model in apps.get_models() if issubclass(model, UUIDModel)]
    assert len(read) > 50
    for model in read:
        assert model.__init__ is Model.__init__, model
        assert [model for signal in (pre_init, post_init) if signal.has_listeners(model)] == []
        for field in model._meta.concrete_fields:
            assert isinstance(vars_of(model)[field.attname], DeferredAttribute), field


def vars_of(model: type[Model]) -> dict[str, Any]:
    """What stands in a class and in those that it is made of."""
    return {name: value for each in reversed(model.__mro__) for name, value in vars(each).items()}
