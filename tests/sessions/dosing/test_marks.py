"""The mark of a day's gates: no table that a gate looks at is missing in it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from uuid import uuid4

from sessions.boards.sql.day_mark import BODY
from sessions.dosing.selectors.asked import questions

TABLE = re.compile(r'(?:FROM|JOIN) "?([a-z]+_[a-z]\w+)"?')


def test_whatever_a_gate_asks_is_in_the_mark() -> None:
    at = datetime(2026, 5, 4, tzinfo=UTC)
    day = date(2026, 5, 4)
    asked = questions(
        session_id=uuid4(),
        client_id=uuid4(),
        program_id=uuid4(),
        moment=at,
        unexpired=day,
        day=day,
        morning=at,
    )
    read = {table for one in asked for table in TABLE.findall(str(one.query))}
    orders_and_doses = {"clinic_sessions_order", "clinic_sessions_orderapproval", "practice_client"}
    assert len(read) >= 20
    assert (read | orders_and_doses) - set(TABLE.findall(BODY)) == set()
