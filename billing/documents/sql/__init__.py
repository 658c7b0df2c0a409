"""What a document says against what the books and the names say now, as a condition on a row of its table."""

from __future__ import annotations

from pathlib import Path

from billing.ledger.models import FORGIVING

_OVERTAKEN = Path(__file__).with_name("overtaken.sql").read_text()
_OF_TWO = Path(__file__).with_name("of_two.sql").read_text()
_FORGIVING = ", ".join(f"'{reason.value}'" for reason in sorted(FORGIVING))


def overtaken(table: str) -> str:
    """The condition for the documents of `table`, a name of ours and never a value."""
    return f"({_OVERTAKEN.replace('{document}', table).replace('{forgiving}', _FORGIVING)})"


def of_two(table: str) -> str:
    """The condition for the documents of `table` that tell of two people who were taken for one."""
    return f"({_OF_TWO.replace('{document}', table)})"
