"""What a file of rows may be: CSV or a workbook, as the programs of an office write them; nothing in it is ever run."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any

import pytest
import xlsxwriter

from kapclinic.core.errors import Invalid
from kapclinic.practice.models import Client
from screening.models import Measure
from sessions.imports.rules import MOST_ROWS, column_at, packing, sheets
from tests import cast as people
from tests.asking import refused
from tests.cast import Cast
from tests.sessions.imports.lists import brought_in, person, send, table

HEAD = "legal_first_name,phone\r\n"


def workbook(rows: list[list[Any]], *, dates: str = "yyyy-mm-dd", **options: Any) -> bytes:
    """A workbook as Excel has it: texts shared, dates as numbers with a form."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True} | options)
    sheet, form = book.add_worksheet(), book.add_format({"num_format": dates})
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            if isinstance(cell, datetime):
                sheet.write_datetime(y, x, cell, form)
            else:
                sheet.write(y, x, cell)
    book.close()
    return out.getvalue()


def repacked(content: bytes, **parts: bytes) -> bytes:
    """The same workbook with other parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            short = name.rsplit("/", 1)[-1].removesuffix(".xml")
            new.writestr(name, parts.get(short, old.read(name)))
    return out.getvalue()


def code_of(content: bytes) -> str:
    with pytest.raises(Invalid) as caught:
        sheets.read(content)
    (error,) = caught.value.errors
    assert error.pointer == "/file"
    return error.code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_is_read_as_an_office_writes_it(encoding: str, separator: str) -> None:
    rows = [
        {"name": "Zoë", "words": 'with "quotes", and;\r\na line'},
        {"name": "", "words": ""},
        {"name": "Añ"},
    ]
    sheet = sheets.read(table(rows, encoding=encoding, separator=separator))
    assert sheet.columns == ["name", "words"]
    assert sheet.rows == [(2, {"name": "Zoë", "words": 'with "quotes", and;\r\na line'}), (4, {"name": "Añ"})]


def test_a_workbook_is_read_with_its_dates_and_numbers() -> None:
    rows = [
        ["Born", "taken_at", "count", "share", "phone", "sms"],
        [datetime(1985, 3, 2), datetime(2026, 5, 4, 9, 30), 7, 0.1, "0303", True],  # noqa: DTZ001
        [],
        ["", "", 12345678901.0],
    ]
    plain = sheets.read(workbook(rows, dates='d"h"/mm/yy'))
    assert plain.columns == ["born", "taken_at", "count", "share", "phone", "sms"]
    assert plain.rows == [
        (
            2,
            {
                "born": "1985-03-02",
                "taken_at": "2026-05-04T09:30:00",
                "count": "7",
                "share": "0.1",
                "phone": "0303",
                "sms": "true",
            },
        ),
        (4, {"count": "12345678901"}),
    ]
    old = sheets.read(workbook(rows, default_date_format="d mmm yyyy"))
    assert old.rows[0][1]["born"] == "1985-03-02"


def test_a_cell_that_would_be_run_is_refused_and_a_quoted_one_is_text() -> None:
    sheet = sheets.read((HEAD + "=1+1,+1 303 555 0142\r\n'=SUM(A1),'+1\r\n@cmd,-5\r\n").encode())
    assert sheet.formulas == [(2, "legal_first_name"), (4, "legal_first_name")]
    assert [cells for _, cells in sheet.rows] == [
        {"phone": "+1 303 555 0142"},
        {"legal_first_name": "=SUM(A1)", "phone": "+1"},
        {"phone": "-5"},
    ]
    book = sheets.read(workbook([["a", "b"], ["=1+1", "x"]]))
    assert (book.formulas, book.rows) == ([(2, "a")], [(2, {"b": "x"})])


BOOK = workbook([["a"], ["x"]])
BILLION = b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaa">]><sst><si><t>&a;</t></si></sst>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (HEAD.encode(), "empty"),
        (b"a,A\r\n1,2\r\n", "columns"),
        (b"a,,b\r\n1,2,3\r\n", "columns"),
        (b"a\r\n1,2\r\n", "columns"),
        (b'a,b\r\n"1,2\r\n', "form"),
        ("a\r\n1\r\n".encode("utf-16"), "form"),
        (b"a\r\n\x81\r\n", "encoding"),
        (b"%PDF-1.7\x00", "form"),
        (BOOK[: len(BOOK) // 2], "form"),
        (repacked(BOOK, sharedStrings=BILLION), "form"),
        (repacked(BOOK, sheet1=b"<worksheet"), "form"),
        (repacked(BOOK, sharedStrings=b" " * 30_000_001), "too_large"),
        (b"a\r\n" + b"1\r\n" * (MOST_ROWS + 1), "too_many"),
    ],
    ids=range(14),
)
def test_what_is_no_table_is_refused(content: bytes, code: str) -> None:
    assert code_of(content) == code


def test_rows_keep_their_kinds_while_they_wait(cast: Cast) -> None:
    body = {"id": cast.north.pk, "day": datetime(2026, 5, 4).date(), "at": datetime.now().astimezone()}  # noqa: DTZ001
    rows = [(2, body | {"list": [None, True, "=", {"is": "x"}]})]
    assert packing.unpacked(packing.packed(rows)) == rows
    with pytest.raises(TypeError):
        packing.packed([(2, {"x": object()})])


@pytest.mark.parametrize(
    ("pointer", "column"),
    [
        ("/phone", "phone"),
        ("/address/line1", "line1"),
        ("/address", "address"),
        ("/staff/0/user", "staff.1.user"),
        ("/answers/3", "answers"),
        ("", ""),
    ],
)
def test_an_error_stands_at_the_column_of_the_file(pointer: str, column: str) -> None:
    assert column_at(pointer) == column


@pytest.fixture
def people_in_excel(cast: Cast) -> bytes:
    row = person(cast, date_of_birth=datetime(1985, 3, 2), postal_code=80202)  # noqa: DTZ001
    return workbook([list(row), list(row.values())])


def test_a_workbook_and_windows_text_come_in(cast: Cast, people_in_excel: bytes) -> None:
    brought_in(cast, "clients", people_in_excel)
    windows = table([person(cast, legal_first_name="Zoë")], encoding="cp1252", separator=";")
    brought_in(cast, "clients", windows)
    names = [(one.legal_first_name, str(one.date_of_birth)) for one in Client.objects.order_by("mrn")]
    assert names == [("Robin", "1985-03-02"), ("Zoë", "1985-03-02")]


def test_a_file_that_is_wrong_is_named_and_nothing_is_kept(cast: Cast) -> None:
    body = refused(send(cast, "clients", table([person(cast, hold="x", mrn="KC1")])), 400, "invalid")
    assert [(error["pointer"], error["code"]) for error in body["errors"]] == [
        ("/columns/11", "unknown_field"),
        ("/columns/12", "unknown_field"),
    ]
    planted = table([person(cast, legal_last_name='=HYPERLINK("http://planted")')])
    body = refused(send(cast, "clients", planted), 400, "formula", "/rows/2/legal_last_name")
    assert "planted" not in str(body)
    refused(send(cast, "dreams", table([person(cast)])), 400, "invalid_choice", "/kind")
    refused(send(cast, "clients", b""), 400, "empty", "/file")
    refused(send(cast, "clients", b"x" * 10_000_001), 400, "too_large", "/file")
    assert not Client.objects.exists()
    answer = cast.desk("admin").post("imports/", {"kind": "clients"})
    refused(answer, 415, "unsupported_media_type")


def test_an_answer_that_was_not_given_stays_open(cast: Cast) -> None:
    row = {
        "program": str(people.opened_program(cast).pk),
        "instrument": "phq9",
        "answers": "1;1;;1;1;1;1;1;0",
        "taken_at": "2026-04-20T15:00:00Z",
        "administered_by": "The old clinic",
    }
    brought_in(cast, "measures", table([row]))
    found = Measure.objects.get()
    assert (found.answers, found.total) == ([1, 1, None, 1, 1, 1, 1, 1, 0], None)
