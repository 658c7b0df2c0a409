"""The archive of a record: the files under names that tell of nobody, and the list of what is in it and what is not."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from billing.records.models import RecordExport, RecordExportPart
from billing.records.rules.exports import manifest
from kapclinic.core.moments import utc_text
from sessions.evidence.selectors import canonical

LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP can say


def as_zip(
    export: RecordExport, parts: Iterable[tuple[RecordExportPart, bytes]], *, made_at: datetime
) -> bytes:
    """The files and `manifest.json`. Papers are compressed inside already, so they are stored as they are."""
    out, listed = io.BytesIO(), list[dict[str, Any]]()
    with zipfile.ZipFile(out, "w") as archive:
        for part, content in parts:
            text = part.kind == RecordExportPart.Kind.SECTION
            _put(archive, part.name, content, packed=text)
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
    return out.getvalue()


def _put(archive: zipfile.ZipFile, name: str, content: bytes, *, packed: bool) -> None:
    how = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    archive.writestr(zipfile.ZipInfo(name, date_time=LONG_AGO), content, compress_type=how)
