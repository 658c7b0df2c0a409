"""How many statements each operation of the API sends, by its operationId, as the remembered cast asks it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from kapclinic.local.places import CHECKOUT

PAGE = CHECKOUT / "docs/queries.tsv"
UNKNOWN = "-"
ID = "[0-9a-f-]{36}"


def operations() -> dict[str, tuple[str, re.Pattern[str]]]:
    """operationId -> method and what its path looks like, as docs/openapi.yaml has them."""
    schema = yaml.load((CHECKOUT / "docs/openapi.yaml").read_text(), yaml.CSafeLoader)
    return {
        operation["operationId"]: (method.upper(), re.compile(re.sub(r"\{[^}]+\}", ID, path)))
        for path, rows in schema["paths"].items()
        for method, operation in rows.items()
        if "operationId" in operation
    }


def listed() -> dict[str, int | None]:
    """operationId -> the count that docs/queries.tsv has; None where no test here reaches it."""
    lines = PAGE.read_text().splitlines()[1:]
    rows = (line.split("\t") for line in lines)
    return {name: None if count == UNKNOWN else int(count) for name, count in rows}


def page(counts: dict[str, int]) -> str:
    """The lines of docs/queries.tsv."""
    rows = [f"{name}\t{counts.get(name, UNKNOWN)}" for name in sorted(operations())]
    return "\n".join(["operationId\tstatements", *rows]) + "\n"


@dataclass
class Counter:
    """The most statements of each operation that was answered 2xx."""

    counts: dict[str, int] = field(default_factory=dict)
    _known: dict[str, tuple[str, re.Pattern[str]]] = field(default_factory=operations)

    def note(self, method: str, path: str, count: int) -> None:
        for name, (verb, looks) in self._known.items():
            if verb == method and looks.fullmatch(path):
                self.counts[name] = max(count, self.counts.get(name, 0))

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Count every request of a test client until the block ends."""
        usual = APIClient.generic

        def generic(client: APIClient, method: str, path: str, *args: Any, **more: Any) -> Any:
            with CaptureQueriesContext(connection) as captured:
                answer = usual(client, method, path, *args, **more)
            if answer.status_code < 300:
                self.note(method, path.split("?", 1)[0], len(captured))
            return answer

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(APIClient, "generic", generic)
            yield
