"""``manage.py migrate`` for a database that is made from nothing, in half the time where there is memory to spare.

Most of its time goes into models of past states, made and dropped by the ten thousand: a third of it into collecting
them on the way, and a third of the rest into taking their fields to pieces for twins of them. Uncollected they come to
1.2 GB, which the end of the process gives back. And where a model of a past state gains what no other model looks at
(an index, a constraint, a column of its own), it alone is changed: Django would make forty models anew, all that are
related to it.
"""

from __future__ import annotations

import copy
import gc
import os
import sys
from typing import Any

import psutil
from django.core.management import execute_from_command_line
from django.db.migrations.state import ProjectState
from django.db.models import Field

SPARE = 3 * 1024**3  # bytes
COMMAND = (sys.executable, "-m", __name__, "--no-input", "-v", "0")


_taken_apart = Field.clone


def _twin(field: Field[Any, Any]) -> Field[Any, Any]:
    """What `clone` comes to for a field of a past state, which belongs to no model yet: a copy that is counted anew.

    A field that holds another one, or that is generated, is cloned as Django does it.
    """
    if hasattr(field, "model") or hasattr(field, "base_field") or field.generated:
        return _taken_apart(field)
    twin = copy.deepcopy(field)
    twin.creation_counter = Field.creation_counter
    Field.creation_counter += 1
    return twin


_reloaded = ProjectState.reload_model
_added = ProjectState.add_field


def _append_option(self: ProjectState, app_label: str, model_name: str, option: str, given: Any) -> None:
    """An index or a constraint more, whose operation looks at nothing but itself and the name of the table."""
    state = self.models[app_label, model_name]
    state.options[option] = [*state.options[option], given]
    if "apps" in self.__dict__:
        meta: Any = self.apps.get_model(app_label, model_name)._meta
        setattr(meta, option, [*getattr(meta, option), given.clone()])
        meta.original_attrs[option] = getattr(meta, option)
        meta._expire_cache()  # noqa: SLF001  (what was worked out of the columns and their ties)
        meta.__dict__.pop("total_unique_constraints", None)


def _add_field(
    self: ProjectState,
    app_label: str,
    model_name: str,
    name: str,
    field: Field[Any, Any],
    preserve_default: bool,  # noqa: FBT001  (as Django hands it over)
) -> None:
    """A column that points nowhere. What is computed of others, or is there in their place, is Django's."""
    plain = not (field.is_relation or field.generated or field.primary_key)
    if not plain or "apps" not in self.__dict__:
        _added(self, app_label, model_name, name, field, preserve_default)
        return
    ProjectState.reload_model = _noted  # type: ignore[method-assign]
    try:
        _added(self, app_label, model_name, name, field, preserve_default)
    finally:
        ProjectState.reload_model = _reloaded  # type: ignore[method-assign]
    model = self.apps.get_model(app_label, model_name)
    self.models[app_label, model_name.lower()].fields[name].clone().contribute_to_class(model, name)


def _noted(self: ProjectState, *_: object, **__: object) -> None:
    """The state knows of the column; its model is told by `_add_field`."""


def shorten() -> None:
    """From here on models of past states are made, in this process, at the cost that is told above."""
    Field.clone = _twin  # type: ignore[method-assign, assignment]
    ProjectState._append_option = _append_option  # type: ignore[attr-defined]  # noqa: SLF001
    ProjectState.add_field = _add_field  # type: ignore[method-assign]


def main() -> None:
    shorten()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kapclinic.settings")
    if psutil.virtual_memory().available > SPARE:
        gc.disable()
    sys.argv[:] = ["manage.py", "migrate", *sys.argv[1:]]  # the settings look there for who migrates
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
