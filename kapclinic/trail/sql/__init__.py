"""The statements of the trail. What stands in a `.sql` file is a function of the database, made by a migration."""

from __future__ import annotations

from pathlib import Path

TAKE_KEY = Path(__file__).with_name("take_key.sql").read_text()
DROP_TAKE_KEY = "DROP FUNCTION trail_take_key(bigint, uuid, text, text, text);"
# One row: is the key ours, has it acted before, and what came of that. `{held}` is what its request locks first.
TAKEN = "SELECT k.*, {held} FROM trail_take_key(%s, %s, %s, %s, %s) AS k"
# Not when the key is somebody else's or has acted before: such a request does nothing more.
WHEN_NEW = "CASE WHEN k.is_ours AND NOT k.has_acted THEN {locks} END"
