"""Money is counted in whole cents, by the module that the browser loads."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from kapclinic.ui.modules import HOUSE

MODULE = HOUSE / "js" / "core" / "cents.js"
RUNNER = """
const { money, parse, plain, sum, wire } = await import(process.argv[1]);
const texts = JSON.parse(process.argv[2]);
const rows = texts.map((text) => [parse(text), parse(text) === null ? null : wire(parse(text)), plain(text), money(text)]);
console.log(JSON.stringify({ rows, sum: sum(texts) }));
"""


def counted(*texts: str) -> dict[str, list[list[object]] | int | None]:
    command = ["node", "--input-type=module", "-e", RUNNER, str(MODULE), json.dumps(texts)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, list[list[object]] | int | None] = json.loads(ran.stdout)
    return found


pytestmark = pytest.mark.skipif(
    shutil.which("node") is None, reason="needs Node; the browser tests see amounts in a browser"
)


@pytest.mark.parametrize(
    ("text", "cents", "wire", "row", "total"),
    [
        ("165.00", 16500, "165.00", "165.00", "$165.00"),
        ("1950", 195000, "1950.00", "1,950.00", "$1,950.00"),
        ("0.1", 10, "0.10", "0.10", "$0.10"),
        ("0,1", 10, "0.10", "0.10", "$0.10"),
        ("-1234.50", -123450, "-1234.50", "−1,234.50", "−$1,234.50"),
        ("-0.00", 0, "0.00", "0.00", "$0.00"),
        ("12345678.90", 1234567890, "12345678.90", "12,345,678.90", "$12,345,678.90"),
        ("", None, None, "–", "–"),
        ("1.234", None, None, "–", "–"),
        ("1,950.00", 195000, "1950.00", "1,950.00", "$1,950.00"),
        ("1,950", 195000, "1950.00", "1,950.00", "$1,950.00"),
        ("1,95,000", None, None, "–", "–"),
        ("1e3", None, None, "–", "–"),
    ],
)
def test_an_amount_is_read_and_written_to_the_cent(
    text: str, cents: int | None, wire: str | None, row: str, total: str
) -> None:
    assert counted(text)["rows"] == [[cents, wire, row, total]]


def test_a_sum_has_no_float_in_it() -> None:
    assert counted("0.10", "0.20")["sum"] == 30
    assert counted(*["0.10"] * 1000, "999999.99")["sum"] == 100009999
    assert counted("10.00", "-0.01")["sum"] == 999
    assert counted("10.00", "a lot")["sum"] is None
