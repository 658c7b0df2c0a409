"""Tables as CSV and as a workbook. No cell of either is ever run as a formula, and a `02` stays a `02`."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import xlsxwriter

from billing.jobs.rules import Cell, Table, inert

BOM = "\ufeff"  # without it Excel reads UTF-8 as something else


def as_csv(head: Sequence[str], rows: Table) -> bytes:
    """RFC 4180 with CRLF, in UTF-8 with a byte order mark; dates are ISO, amounts plain numbers."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([_text(inert(cell)) for cell in row] for row in rows)
    return (BOM + out.getvalue()).encode()


def _text(cell: Cell) -> str:
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def as_xlsx(head: Sequence[str], rows: Table, *, at: datetime) -> bytes:
    """One sheet: texts as texts, amounts as numbers with two decimals, dates as dates. Same rows, same bytes."""
    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(out, options)
    book.set_properties({"created": at.replace(tzinfo=None)})
    sheet = book.add_worksheet("Lines")
    money, day, bold = (
        book.add_format(form)
        for form in ({"num_format": "0.00"}, {"num_format": "yyyy-mm-dd"}, {"bold": True})
    )
    sheet.write_row(0, 0, head, bold)
    sheet.freeze_panes(1, 0)
    for y, row in enumerate(rows, start=1):
        for x, cell in enumerate(map(inert, row)):
            if isinstance(cell, str):
                sheet.write_string(y, x, cell)
            elif isinstance(cell, date):
                sheet.write_datetime(y, x, datetime(cell.year, cell.month, cell.day), day)  # noqa: DTZ001  (a day)
            else:
                sheet.write_number(y, x, float(cell), money if isinstance(cell, Decimal) else None)
    sheet.autofit()
    book.close()
    return out.getvalue()
