"""Words for tests of imports: a file of rows, sent by the administrator and brought in by the worker."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from sessions.imports.tasks import work_on_import
from tests.asking import done
from tests.cast import Cast

PATH = "imports/"
WHY = "The wrong list was sent"
Row = Mapping[str, Any]


def person(cast: Cast, **more: Any) -> dict[str, Any]:
    """One client's row, as the POST of one would have it."""
    return {
        "legal_first_name": "Robin",
        "legal_last_name": "Sample",
        "date_of_birth": "1985-03-02",
        "administrative_sex": "X",
        "phone": "303-555-0142",
        "line1": "1 Main St",
        "city": "Denver",
        "state": "CO",
        "postal_code": "80202",
        "locations": str(cast.north.pk),
    } | more


def table(rows: Sequence[Row], *, encoding: str = "utf-8", separator: str = ",") -> bytes:
    head = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([row.get(name, "") for name in head] for row in rows)
    return out.getvalue().encode(encoding)


def send(cast: Cast, kind: str, content: bytes, *, who: str = "admin", dry: bool = False, **form: Any) -> Any:
    body = {"kind": kind, "file": SimpleUploadedFile("Robin Sample.csv", content)} | form
    path = f"/api/v1/{PATH}{'?dry_run=true' if dry else ''}"
    return cast.desk(who).client.post(path, body, format="multipart")


def told(cast: Cast, row: Mapping[str, Any]) -> dict[str, Any]:
    return done(cast.desk("admin").get(f"{PATH}{row['id']}/"), 200)


def worked(cast: Cast, answer: Any) -> dict[str, Any]:
    """The import after the worker was at it."""
    row = done(answer, 202)
    work_on_import(import_id=row["id"])
    return told(cast, row)


def brought_in(cast: Cast, kind: str, content: bytes, **more: Any) -> dict[str, Any]:
    row = worked(cast, send(cast, kind, content, **more))
    assert (row["state"], row["errors"]) == ("done", []), row
    return row


def undo(cast: Cast, row: Mapping[str, Any]) -> Any:
    return cast.desk("admin").post(f"{PATH}{row['id']}/undo/", {"reason": WHY})


def cells(row: Mapping[str, Any]) -> list[tuple[int, str, str]]:
    """Each error of a report."""
    return [(error["row"], error["column"], error["code"]) for error in row["errors"]]
