"""The body of a request: checked by its serializer, and of a PATCH laid over what the row holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.fields import empty
from rest_framework.serializers import BaseSerializer

from kapclinic.core.http import merging
from kapclinic.core.http.fields import checked


class Bodies:
    """What a view asks of the body that it was sent. `inputs`, `action` and `request` are the view's."""

    inputs: ClassVar[Mapping[str, type[BaseSerializer[Any]]]] = {}
    action: Any
    request: Any
    get_serializer_context: Any

    # `body` and `given` are Any: a dict with the shape that the action's serializer has just checked, whichever it is.
    def body(self) -> Any:
        """The request's body, validated by `inputs[action]`.

        :raises ValidationError: naming each field and its rule
        """
        context = self.get_serializer_context()
        return checked(self.inputs[self.action], self.request.data, context=context)

    def given(self, row: Any) -> Any:
        """The body of a PATCH of `row`: only the fields that were sent, nested objects merged (`core.http.merging`)."""
        serializer: Any = self.inputs[self.action](context=self.get_serializer_context())
        data: Any = self.request.data
        emptied: dict[str, Any] = {}
        if isinstance(data, Mapping):
            data, emptied = self._merged(serializer.fields, dict(data), row)
        for field in serializer.fields.values():
            field.required, field.default = False, empty
        serializer.initial_data = data
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data) | emptied

    def _merged(
        self, fields: Mapping[str, Any], data: dict[str, Any], row: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The body with its nested objects whole, and apart from it the objects that null has emptied."""
        emptied = {}
        for name, field in fields.items():
            if name not in data or not merging.is_nested(field):
                continue
            if merging.changes_nothing(self.present(row, name), data[name]):
                del data[name]
            elif data[name] is None:
                none_left = merging.cleared(field, required=field.required)
                if none_left == {}:
                    emptied[field.source or name] = none_left
                    del data[name]
                else:
                    data[name] = none_left
            elif isinstance(data[name], Mapping):
                data[name] = merging.laid_over(self.present(row, name) or {}, data[name], field=field)
        return data, emptied

    def present(self, row: Any, name: str) -> Mapping[str, Any] | None:
        """The nested object `name` of the row as it is now."""
        found: Mapping[str, Any] | None = getattr(row, name)
        return found
