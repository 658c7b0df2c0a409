"""Which versions of rows there are, as SQL: what marks are made of (docs/decisions/0049)."""

from __future__ import annotations

from collections.abc import Sequence

# The version of a row: where PostgreSQL keeps it and which transaction wrote it, 64 bits of both. A changed row is
# written anew, so no other version has these two. `nth` tells the rows of one table from those of another.
VERSION = "hashtidextended({t}.ctid, hashxidextended({t}.xmin, {nth}))"


def version(alias: str, nth: int) -> str:
    """SQL for the version of the row of this alias."""
    return VERSION.format(t=alias, nth=nth)


def version_of_both(alias: str, other: str, nth: int) -> str:
    """SQL for the version of a row with that of another, which may not be there."""
    beside = f"coalesce({version(other, nth)}, {nth})"
    return f"hashtidextended({alias}.ctid, hashxidextended({alias}.xmin, {beside}))"


def every_version(rows: Sequence[str]) -> str:
    """SELECT of the column `version` of all these rows: what follows FROM, where `t` is the row.

    A `v` that is joined to it by LEFT JOIN is of the same version.
    """
    each = (
        (version_of_both("t", "v", nth) if " LEFT JOIN " in row else version("t", nth), row)
        for nth, row in enumerate(rows)
    )
    return "\n    UNION ALL ".join(f"SELECT {one} AS version FROM {row}" for one, row in each)  # noqa: S608  (names of ours)


def told(one: str, *, where: str = "true") -> str:
    """SQL of an aggregate over rows: how many there are, and the sum of their versions. A sum needs no order."""
    kept = "" if where == "true" else f" FILTER (WHERE {where})"
    return f"concat(count(*){kept}, ' ', sum({one}){kept})"
