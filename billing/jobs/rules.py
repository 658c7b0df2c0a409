"""Pure rules of the jobs: their moves, what is exported once together, what a file and its columns are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

from billing.jobs.models import Kind, State
from kapclinic.core.errors import FieldError
from kapclinic.core.transitions import Move
from kapclinic.practice.models import SYSTEM
from kapclinic.practice.rules import BILLERS

TASK = "billing.work_on_job"  # as the worker is rung
OPEN: set[str] = {State.QUEUED, State.RUNNING}
JOB_MOVES = {
    "begin": Move.of({State.QUEUED}, State.RUNNING, SYSTEM.role_set),
    "finish": Move.of({State.RUNNING}, State.DONE, SYSTEM.role_set),
    "fail": Move.of(OPEN, State.FAILED, SYSTEM.role_set),
    "stop": Move.of(OPEN, State.FAILED, BILLERS),
}

# What counts as exported already for "since last": a line is the same in whichever form it left.
LINES = (Kind.LINES_CSV, Kind.LINES_XLSX)
TOGETHER: dict[str, tuple[str, ...]] = {
    kind: LINES if kind in LINES else (kind,) for kind in Kind.values if kind != Kind.SUPERBILL_RUN
}
EXPORTS = tuple(TOGETHER)

MOST_PAPERS = 2000  # in one ZIP, about 100 MB

Cell: TypeAlias = str | int | Decimal | date
Table: TypeAlias = Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Form:
    """What a file of a kind of job is: the end of its name, and its media type."""

    ending: str
    media_type: str


ZIP = Form("zip", "application/zip")
CSV = Form("csv", "text/csv; charset=utf-8")
XLSX = Form("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
FORMS = {
    Kind.SUPERBILL_RUN: ZIP,
    Kind.SUPERBILLS_ZIP: ZIP,
    Kind.LINES_CSV: CSV,
    Kind.LINES_XLSX: XLSX,
    Kind.TRANSACTIONS_CSV: CSV,
    Kind.BEANCOUNT: Form("beancount", "text/plain; charset=utf-8"),
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with which a spreadsheet begins what it will run (OWASP)

MANIFEST = (
    "file", "superbill", "client", "issued_on", "from_date", "to_date", "lines", "charges", "paid", "balance",
    "sha256", "left_out",
)  # fmt: skip
LINE_COLUMNS = (
    "superbill", "issued_on", "replaces", "client", "mrn", "client_name", "date_of_birth", "payer", "member_id",
    "group_number", "date_of_service", "pos", "code", "description", "mod1", "mod2", "mod3", "mod4",
    "dx1", "dx2", "dx3", "dx4", "units", "ndc", "drug", "dose", "route", "charge", "adjustment", "paid", "balance",
    "rendering_name", "rendering_npi", "supervisor_name", "supervisor_npi", "billing_name", "billing_npi", "tin",
    "charge_id",
)  # fmt: skip
ENTRY_COLUMNS = (
    "date", "type", "id", "client", "mrn", "location", "code", "method", "reference", "amount", "reverses",
)  # fmt: skip


def inert(cell: Cell) -> Cell:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it; an amount stays a number."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def paper_name(number: str) -> str:
    """The name of a superbill's file: it tells of nobody."""
    return f"superbill-{number}.pdf"


def reasons_of(errors: Iterable[FieldError], *, otherwise: str) -> list[str]:
    """Why a paper was refused, as one code each: a field that is lacking says which, any other its own code."""
    named = (
        f"{error.pointer.rsplit('/', 1)[-1]}_missing" if error.code == "required" else error.code
        for error in errors
    )
    return list(dict.fromkeys(named)) or [otherwise]


def manifest_row(content: Mapping[str, Any], *, client: str, sha256: str) -> list[Cell]:
    """The line of the manifest about one superbill, from what it says."""
    sums = content["totals"]
    return [
        paper_name(content["number"]),
        content["number"],
        client,
        date.fromisoformat(content["issued_on"]),
        date.fromisoformat(content["from_date"]),
        date.fromisoformat(content["to_date"]),
        len(content["lines"]),
        *(Decimal(sums[name]) for name in ("charges", "paid", "balance")),
        sha256,
        "",
    ]


def left_out_row(*, client: str, number: str, reasons: Sequence[str]) -> list[Cell]:
    """The line of the manifest about a client or superbill that is not in the archive."""
    return ["", number, client, *[""] * (len(MANIFEST) - 4), " ".join(reasons)]


def padded(cells: Sequence[str], count: int) -> list[str]:
    return [*cells, *[""] * count][:count]


def line_row(content: Mapping[str, Any], line: Mapping[str, Any], *, client: str) -> list[Cell]:
    """One line of a superbill under LINE_COLUMNS, as the paper says it; what an older paper lacks is empty."""
    who, biller, insured = line["rendering"], content["billing_provider"], content.get("subscriber") or {}
    supervisor = who["supervisor"] or {"name": "", "npi": ""}
    amount, paid, balance = (Decimal(line[name]) for name in ("amount", "paid", "balance"))
    return [
        content["number"],
        date.fromisoformat(content["issued_on"]),
        content["corrects"],
        client,
        content["client"]["mrn"],
        content["client"]["name"],
        date.fromisoformat(content["client"]["date_of_birth"]),
        *(insured.get(name) or "" for name in ("payer", "member_id", "group_number")),
        date.fromisoformat(line["date_of_service"]),
        line["pos_code"],
        line["code"],
        line["label"],
        *padded(line["modifiers"], 4),
        *padded(line["diagnoses"], 4),
        line["units"],
        *(line.get(name) or "" for name in ("ndc", "drug", "dose", "route")),
        amount,
        balance + paid - amount,  # what stands between the charge and what is owed, but for what was paid
        paid,
        balance,
        who["name"],
        who["npi"],
        supervisor["name"],
        supervisor["npi"],
        biller["name"],
        biller["npi"],
        biller["ein"],
        line["charge"],
    ]


def entry_row(
    *,
    day: date,
    type: str,  # noqa: A002  (the column's name)
    id: UUID,  # noqa: A002
    client: UUID,
    mrn: str,
    location: str,
    code: str,
    method: str,
    reference: str,
    amount: Decimal,
    reverses: UUID | None,
) -> list[Cell]:
    """One entry of the ledger under ENTRY_COLUMNS; its amount has the sign of the row."""
    whose = (str(id), str(client), mrn, location, code, method, reference)
    return [day, type, *whose, amount, "" if reverses is None else str(reverses)]
