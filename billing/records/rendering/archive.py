"""The archive of a record: the files under names that tell of nobody, and the list of what is in it and what is not."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from billing.records.models import RecordExport, RecordExportPart
from billing.records.rendering.pieces import Entries, Pieces
from billing.records.rules.exports import manifest
from kapclinic.core.moments import utc_text
from sessions.evidence.selectors import canonical

LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP can say


def write(
    export: RecordExport, parts: Iterable[tuple[RecordExportPart, bytes]], out: Pieces, *, made_at: datetime
) -> None:
    """The files and `manifest.json`. Papers are compressed inside already, so they are stored as they are.

    Nothing is held but the file that it is at.
    """
    entries, listed = Entries(out), list[dict[str, Any]]()
    with zipfile.ZipFile(entries, "w") as archive:  # type: ignore[call-overload]
        for part, content in parts:
            text = part.kind == RecordExportPart.Kind.SECTION
            _put(archive, part.name, content, packed=text)
            entries.settle()
            digest = hashlib.sha256(content).hexdigest()
            listed.append({"name": part.name, "kind": part.kind, "sha256": digest, "size": len(content)})
        told = manifest(
            export=str(export.pk),
            client=str(export.client_id),
            made_at=utc_text(made_at),
            files=listed,
            left_out=export.left_out,
        )
        _put(archive, "manifest.json", canonical(told), packed=True)
    entries.settle()


def _put(archive: zipfile.ZipFile, name: str, content: bytes, *, packed: bool) -> None:
    how = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    archive.writestr(zipfile.ZipInfo(name, date_time=LONG_AGO), content, compress_type=how)
