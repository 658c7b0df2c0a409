"""The scales as the intake asks them have the items, answers and totals of the server's."""

from __future__ import annotations

import re
from pathlib import Path

from programs import policy
from screening.rules.instruments import INSTRUMENTS
from tests.ui.test_words import JS

ROW = re.compile(r"^  (\w+): \{ items: (\d+), high: (\d+), more: (\d+)(.*) \},$", re.MULTILINE)
ALERT = re.compile(r"alert: \[(\d+), (\d+)\]")
MOST = re.compile(r"most: (\d+)")


def _rows(path: Path) -> dict[str, tuple[int, int, int, str]]:
    return {
        key: (int(n), int(high), int(more), rest)
        for key, n, high, more, rest in ROW.findall(path.read_text())
    }


SCALES = _rows(JS / "intake" / "scales.js")


def test_each_instrument_is_asked_with_its_items_and_answers() -> None:
    kept = {key: (one.items, one.high, one.unscored, one.zero_is_open) for key, one in INSTRUMENTS.items()}
    asked = {key: (n, high, more, "open: true" in rest) for key, (n, high, more, rest) in SCALES.items()}
    assert asked == kept


def test_a_total_is_asked_where_the_server_takes_one() -> None:
    taken = {key: one.highest_total for key, one in INSTRUMENTS.items() if one.highest_total is not None}
    assert {key: int(found[1]) for key, row in SCALES.items() if (found := MOST.search(row[3]))} == taken


def test_the_items_about_suicide_are_those_of_the_policy() -> None:
    """Of the scales of which a total is enough; a protocol may say another answer."""
    told = {
        key: (int(found[1]), int(found[2])) for key, row in SCALES.items() if (found := ALERT.search(row[3]))
    }
    totals = [key for key, one in INSTRUMENTS.items() if one.highest_total is not None]
    kept = {key: (one.item, one.lowest) for key, one in policy.SUICIDE_ITEMS.items() if key in totals}
    assert told == kept
