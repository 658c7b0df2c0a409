"""Bodies that docs/openapi.yaml allows, with the ids and words that a test names: what a stranger would send."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import yaml

from kapclinic.local.places import CHECKOUT

METHODS = ("get", "post", "patch", "put", "delete")
BASE = "/api/v1/"


@cache
def schema() -> dict[str, Any]:
    """The schema as `make check` holds it beside the code."""
    found: dict[str, Any] = yaml.load((CHECKOUT / "docs/openapi.yaml").read_text(), Loader=yaml.CSafeLoader)
    return found


@dataclass(frozen=True)
class Operation:
    """One operation of the schema."""

    method: str
    route: str  # below BASE, e.g. clients/{id}/
    told: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.route}"

    @property
    def is_read(self) -> bool:
        return self.method == "GET"


def operations() -> Iterator[Operation]:
    """Every operation below the API, in the order of the schema."""
    for path, by_method in schema()["paths"].items():
        for method in METHODS:
            if method in by_method and path.startswith(BASE):
                yield Operation(method.upper(), path.removeprefix(BASE), by_method[method])


@dataclass
class Writer:
    """Writes bodies and parameters; `known` are values by the name of a field, `words` any free text."""

    known: Mapping[str, Any]
    words: str
    at: str  # a moment with offset
    seen: set[str] = field(default_factory=set)

    def body(self, operation: Operation) -> Any:
        """A body with all that the operation requires; None where it takes none."""
        asked = operation.told.get("requestBody", {}).get("content", {}).get("application/json")
        return None if asked is None else self._value("", asked["schema"])

    def query(self, operation: Operation) -> dict[str, str]:
        """The parameters that it requires, and those that name a row of `known`."""
        found = {}
        for param in operation.told.get("parameters", ()):
            if param["in"] == "query" and (
                param.get("required") or param["name"] in {"client", "session", "program"}
            ):
                found[param["name"]] = str(self._value(param["name"], param["schema"]))
        return found

    def _value(self, name: str, told: Mapping[str, Any]) -> Any:
        if "$ref" in told:
            return self._value(name, schema()["components"]["schemas"][told["$ref"].rsplit("/", 1)[1]])
        for one in ("allOf", "oneOf", "anyOf"):
            if one in told:
                return self._value(name, told[one][0])
        if name in self.known:
            return self.known[name]
        if "enum" in told:
            return told["enum"][0]
        kind = told.get("type", "object" if "properties" in told else "string")
        kind = next(one for one in kind if one != "null") if isinstance(kind, list) else kind
        if kind == "object":
            required = set(told.get("required", ()))
            return {
                key: self._value(key, value)
                for key, value in told.get("properties", {}).items()
                if key in required or key in self.known
            }
        if kind == "array":
            return [self._value(name, told["items"])] if told.get("items") else []
        return self._plain(name, kind, told)

    def _plain(self, name: str, kind: str, told: Mapping[str, Any]) -> Any:
        if kind == "boolean":
            return True
        if kind in {"integer", "number"}:
            return told.get("minimum", 1) or 1
        shape, pattern = told.get("format"), told.get("pattern", "")
        if "example" in told or told.get("examples"):
            return told.get("example", (told.get("examples") or [""])[0])
        by_shape = {
            "uuid": self.known["nobody"],
            "date": self.at[:10],
            "date-time": self.at,
            "time": "09:00",
            "decimal": "1.00",
            "email": "somebody@example.test",
        }
        if shape in by_shape:
            return by_shape[shape]
        if re.search(r"\\d|0-9", pattern) and "A-Z" not in pattern:
            return "1.00" if "\\." in pattern else "1" * 9
        return self.words[: told.get("maxLength", 200)]
