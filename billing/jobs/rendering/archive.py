"""An archive of superbills as they were issued, and the list of what is in it and what is not."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence

from billing.documents.models import Superbill
from billing.jobs import rules
from billing.jobs.rendering.tables import as_csv

LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP can say: the same papers give the same bytes


def as_zip(papers: Iterable[Superbill], left_out: Iterable[tuple[str, str, Sequence[str]]]) -> bytes:
    """The PDFs by their numbers, and `manifest.csv`. No name of a file tells of a client.

    The papers are compressed inside already, so they are stored as they are.
    """
    out, rows = io.BytesIO(), []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for row in papers:
            archive.writestr(_named(rules.paper_name(row.number)), bytes(row.pdf))
            rows.append(rules.manifest_row(row.content, client=str(row.client_id), sha256=row.sha256))
        for client, number, reasons in left_out:
            rows.append(rules.left_out_row(client=client, number=number, reasons=reasons))
        archive.writestr(_named("manifest.csv"), as_csv(rules.MANIFEST, rows))
    return out.getvalue()


def _named(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, date_time=LONG_AGO)
