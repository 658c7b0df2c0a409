"""The archive of a practice, written as it is read: nothing of it is held but the rows of one part.

`tables/<table>-NNNN.jsonl.gz`: a row a line, as PostgreSQL writes it as jsonb, in the order of the key.
`files/<table>/<key of the row>`: bytes of a row, as they were given to the practice. `manifest.json` comes last.
"""

from __future__ import annotations

import gzip
import hashlib
import zipfile
from collections.abc import Iterator
from typing import Any

from billing.records.models import PracticeExport
from billing.records.rendering.pieces import PART_BYTES, Pieces
from billing.records.rules import practice_exports as rules
from billing.records.rules.practice_contents import AS_FILES, LEFT_BEHIND, NARROWED, WITHHELD
from billing.records.selectors import practice_exports as selectors
from sessions.evidence.selectors import canonical

LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP can say
FAST = 4


def write(export: PracticeExport, out: Pieces, *, made_at: str) -> int:
    """The whole practice as it stands in the present transaction; returns how many rows that are."""
    listed: list[dict[str, Any]] = []
    with zipfile.ZipFile(out, "w") as archive:  # type: ignore[call-overload]
        told = [_table(archive, table, listed) for table in selectors.carried()]
        for name in AS_FILES:
            listed.extend(
                _put(archive, f"files/{name}/{key}", content) for key, content in selectors.files_of(name)
            )
        manifest = {
            "format": rules.FORMAT,
            "edition": rules.EDITION,
            "export": str(export.pk),
            "made_at": made_at,
            "schema": selectors.schema(),
            "tables": told,
            "files": listed,
            "sequences": selectors.sequences(),
            "left_out": _left_out(),
        }
        manifest["sha256"] = rules.digest(manifest)
        archive.writestr(_named(rules.MANIFEST), canonical(manifest), compress_type=zipfile.ZIP_DEFLATED)
    return sum(table["rows"] for table in told)


def _table(archive: zipfile.ZipFile, table: selectors.Table, listed: list[dict[str, Any]]) -> dict[str, Any]:
    """One table: its files, and what the manifest says of it. The hash is over every row with its line's end."""
    rows, whole = 0, hashlib.sha256()
    for number, lines in enumerate(_parts(selectors.rows_of(table)), 1):
        content = b"".join(lines)
        whole.update(content)
        rows += len(lines)
        packed = gzip.compress(content, FAST, mtime=0)
        listed.append(
            _put(archive, f"tables/{table.name}-{number:04}.jsonl.gz", packed)
            | {"table": table.name, "rows": len(lines), "unpacked": len(content)}
        )
    told = {"table": table.name, "rows": rows, "sha256": whole.hexdigest()}
    return told | ({"months": list(table.months)} if table.months else {})


def _parts(rows: Iterator[str]) -> Iterator[list[bytes]]:
    """Rows as lines, PART_BYTES at a time and a row more at most."""
    lines: list[bytes] = []
    held = 0
    for row in rows:
        lines.append(row.encode() + b"\n")
        held += len(lines[-1])
        if held >= PART_BYTES:
            yield lines
            lines, held = [], 0
    if lines:
        yield lines


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> dict[str, Any]:
    archive.writestr(_named(name), content, compress_type=zipfile.ZIP_STORED)
    return {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def _named(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, date_time=LONG_AGO)


def _left_out() -> list[dict[str, Any]]:
    """What is not in the archive, each with its reason."""
    tables = [{"table": name, "reason": reason} for name, reason in LEFT_BEHIND.items()]
    columns = [
        {"table": name, "column": column, "reason": reason}
        for name, why in WITHHELD.items()
        for column, reason in why.items()
    ]
    rows = [
        {"table": name, "rows": selectors.stays(name), "reason": reason}
        for name, (_, reason) in NARROWED.items()
    ]
    return [*tables, *columns, *rows]
