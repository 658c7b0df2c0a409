"""No index repeats the beginning of another: each is written with every row, and the longer one answers for both."""

from __future__ import annotations

import pytest

from tests.asking import sql

# An index that stays although a longer one begins as it does -> why.
KEPT: dict[str, str] = {
    "auth_group_permissions_group_id_b120cbf9": "Django's own table, which no clinic fills",
    "auth_permission_content_type_id_2f476e4b": "Django's own table, which no clinic fills",
}
REPEATED = """
WITH ours AS (
    SELECT x.*, c.relname AS name, x.indkey::int2[] AS columns, x.indclass::oid[] AS classes,
        x.indoption::int2[] AS directions, x.indcollation::oid[] AS collations
    FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
    JOIN pg_am a ON a.oid = c.relam
    WHERE t.relnamespace = 'public'::regnamespace AND NOT t.relispartition AND a.amname = 'btree'
        AND x.indpred IS NULL AND x.indexprs IS NULL
)
SELECT DISTINCT short.name FROM ours short JOIN ours long USING (indrelid)
WHERE short.indexrelid <> long.indexrelid AND NOT short.indisunique AND short.indnkeyatts <= long.indnkeyatts
    AND (
        short.columns[:short.indnkeyatts - 1], short.classes[:short.indnkeyatts - 1],
        short.directions[:short.indnkeyatts - 1], short.collations[:short.indnkeyatts - 1]
    ) = (
        long.columns[:short.indnkeyatts - 1], long.classes[:short.indnkeyatts - 1],
        long.directions[:short.indnkeyatts - 1], long.collations[:short.indnkeyatts - 1]
    )
ORDER BY 1
"""
pytestmark = pytest.mark.django_db


def test_no_index_repeats_the_beginning_of_a_longer_one() -> None:
    assert [name for (name,) in sql(REPEATED)] == sorted(KEPT)


def test_old_answers_are_found_by_their_age() -> None:
    """Idempotency records are not kept by the month: their unique key is of whom, where and which."""
    asked = "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'trail_idempotencyrecord'::regclass"
    told = " ".join(row for (row,) in sql(asked))
    assert "(created_at)" in told
    assert "(user_id, method, path, key)" in told
