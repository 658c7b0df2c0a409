"""Runs and exports, as billing asks for them and the worker does them."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

from billing.jobs import services
from kapclinic.core import clock
from tests.asking import done
from tests.billing.till import SERVED, Till
from tests.cast import client

PERIOD = {"from_date": "2026-05-01", "to_date": "2026-05-31"}
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def clients(till: Till, *names: str) -> list[Till]:
    """A till for each of these, with an hour that is charged: each on a day of their own before SERVED."""
    found: list[Till] = []
    for name in names:
        theirs = till.of(client(till.cast.north, by=till.cast.frontdesk, first=name, last="Pilot"))
        theirs.charge(theirs.session(starts_at=SERVED - timedelta(days=len(found) + 1)))
        found.append(theirs)
    return found


def asked(till: Till, path: str, **body: Any) -> dict[str, Any]:
    return till.desk.must(f"{path}/", PERIOD | body, status=202)


def worked(till: Till, path: str, **body: Any) -> dict[str, Any]:
    """A job that was asked for and done."""
    job = asked(till, path, **body)
    services.sweep_jobs(at=clock.now())
    told = done(till.desk.get(f"{path}/{job['id']}/"), 200)
    assert told["state"] == "done", told
    return told


def run(till: Till, **body: Any) -> dict[str, Any]:
    return worked(till, "superbill-runs", **body)


def export(till: Till, kind: str, **body: Any) -> dict[str, Any]:
    return worked(till, "exports", kind=kind, **body)


def file_of(till: Till, job: dict[str, Any], path: str = "exports") -> bytes:
    answer = till.desk.get(f"{path}/{job['id']}/file/")
    assert answer.status_code == 200, answer.content
    return bytes(answer.content)


def table(content: bytes) -> list[dict[str, str]]:
    """The rows of a CSV by their columns."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def archive(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        return {name: found.read(name) for name in found.namelist()}


def sheet(content: bytes) -> list[list[tuple[str, str]]]:
    """The cells of a workbook's sheet as (type, value): s is text, n a number; a formula is not read but refused."""
    parts = archive(content)
    texts = [
        "".join(part.text or "" for part in item.iter(f"{SHEET}t"))
        for item in ElementTree.fromstring(parts["xl/sharedStrings.xml"])
    ]
    rows = []
    for row in ElementTree.fromstring(parts["xl/worksheets/sheet1.xml"]).iter(f"{SHEET}row"):
        cells = []
        for cell in row:
            assert cell.find(f"{SHEET}f") is None
            value, kind = cell.findtext(f"{SHEET}v") or "", cell.get("t", "n")
            cells.append((kind, texts[int(value)] if kind == "s" else value))
        rows.append(cells)
    return rows
