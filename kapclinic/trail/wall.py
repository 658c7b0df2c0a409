"""The second wall: row level security on every table that has to do with a client or a location.

What a row's policy asks is read off the models, so a new table stands behind it with its migration:

- its own location, or one of its `locations`, is in the scope (`kapclinic/core/scope.py`); or
- its client is: one of the places of the person, under whichever registration, or
- without either, the row that it hangs on may be seen. `OF_THEIR_OWN` names those that are judged otherwise, and
  `PRACTICE_WIDE` those that have no policy, each with its reason.

So the wall lets through what the apps judge of a person with facts of another location (PR7), and is coarser than
`visible_to()`; it is there for the day on which somebody forgets that.

A policy compares text with text: a scope that is garbled fits nothing, and raises nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.backends.utils import CursorWrapper

from kapclinic.core.scope import NAMES

SQL = Path(__file__).parent / "sql"
BEHIND_THE_WALL = (SQL / "behind_the_wall.sql").read_text()
GUARDS = (SQL / "guards_as_owner.sql").read_text()
Model = type[models.Model]
# In a policy each is worked out once a statement, or for each row where a function is asked for it anyway, which leaves
# less to plan; in a function of its argument.
SCOPE = "current_setting('kap.scope', true)"
IN_POLICY = {
    "scope": f"(SELECT {SCOPE})",
    "all": f"(SELECT wall_is_whole({SCOPE}))",
    "whose": f"(SELECT wall_whose({SCOPE}))",
    "places": f"(SELECT wall_places({SCOPE}))::text[]",
}
FOR_A_ROW = {"scope": SCOPE, "all": f"wall_is_whole({SCOPE})", "whose": f"wall_whose({SCOPE})"}
IN_FUNCTION = {"scope": "scope", "places": "wall_places(scope)"}
PLACES, CLIENTS = "practice_location", "practice_client"

# Without a client and the same for everybody: any scope reads and writes them, as far as the apps let somebody.
KNOWN_TO_ALL = {
    "practice_location": "names, addresses and hours, which all staff know and a transfer or a booking names",
    "practice_room": "all staff read the rooms of the practice, and a calendar or a booking names one",
    "clinic_sessions_reminderplan": "when clients are told; an administrator keeps the plans of all places",
    "practice_workinghours": "staff of two locations have hours at both, and an administrator of either writes them",
}
# Every place of the person, which the database keeps with each registration (practice/migrations/0014_client_reach.py).
REACHED = "coalesce(reach, locations::text[]) && {places}"
# Their rows are looked up in the policy itself, where their own wall answers; clients where no place of the row speaks
# before, and so for each row.
AT_HAND = frozenset({"clinic_sessions_session", "programs_program"})
PRACTICE_WIDE = {
    "practice_user": "staff are the practice's, and are known before anybody has signed in",
    "practice_authtoken": "looked up before anybody is known, by the digest of a secret",
    "trail_auditseal": "hashes of events, and no event",
}
# table -> what lets somebody of a scope see a row; {scope} is theirs. All of them are written in any scope.
OF_THEIR_OWN = {
    "trail_auditevent": "object_type = ANY ('{doors}') OR clients = '{{}}' OR {whose} = created_by::text"
    " OR wall_of_clients(clients, {scope})",
    "trail_idempotencyrecord": "{whose} = user_id::text",
    "trail_outbox": "recipient_kind = 'staff' OR wall_of_practice_client(recipient, {scope})",
    "trail_breakglass": "{whose} = created_by::text OR {own}",
}
WRITTEN_BY_ALL = frozenset({"trail_auditevent", "trail_outbox"})
# What all locations share: when a person or a room is taken, and nothing of what for. A view sees what its owner does.
HELD, TAKEN = "clinic_sessions_allocation", "clinic_sessions_taken"
SHARED = f"""
CREATE OR REPLACE VIEW {TAKEN} AS
    SELECT id, kind, resource, lanes, starts_at, ends_at, expires_at, released_at FROM {HELD}
"""  # noqa: S608  (names of ours)


@dataclass(frozen=True)
class Wall:
    """What is asked of a row of one table, by a condition with {scope} in it."""

    table: str
    condition: str
    is_open: bool  # may be written in any scope

    def policies(self) -> dict[str, str]:
        """Name -> what follows CREATE POLICY name ON table."""
        asked = _at_hand(self.condition, r"(SELECT true FROM \1 AS parent WHERE parent.id = \2)")
        once = any(word in asked for word in ("SELECT", "{places}", "IS NOT NULL"))
        asked = asked.format(**IN_POLICY if once else FOR_A_ROW)
        down = "true" if self.table == HELD else "wall_is_down()"
        found = {"wall": f"USING ({asked})", "wall_owner": f"TO {{owner}} USING ({down})"}
        if self.is_open:
            found["wall_written"] = "FOR INSERT WITH CHECK (true)"
        return found


def walled() -> dict[str, Wall]:
    """Every table that has a wall, by its name."""
    return {wall.table: wall for model in apps.get_models() if (wall := wall_of(model)) is not None}


def wall_of(model: Model) -> Wall | None:
    """The wall of a model's table; None for one that has to do with no client and no location."""
    kept = getattr(model, "instance_type", model)  # a history is judged as its table is
    if not concerns_anybody(kept):
        return None
    if kept._meta.db_table in KNOWN_TO_ALL:
        return Wall(model._meta.db_table, "{all} OR {whose} IS NOT NULL", is_open=False)
    own = OF_THEIR_OWN.get(kept._meta.db_table)
    asked = " OR ".join(_asked(kept))
    if kept is not model and kept._meta.db_table == CLIENTS:  # `reach` has no history
        asked = f"{_overlaps('locations')} OR {_through(CLIENTS, 'id', new=False)}"
    if own is not None:
        asked = own.replace("{doors}", _doors()).replace("{own}", asked)
    table = model._meta.db_table
    return Wall(table, f"{{all}} OR {asked}", is_open=kept._meta.db_table in WRITTEN_BY_ALL)


@cache
def concerns_anybody(model: Model) -> bool:
    """Does a row have to do with a client or a location, itself or by the rows that it hangs on?"""
    table = model._meta.db_table
    if table in PRACTICE_WIDE:
        return False
    if table in {CLIENTS, PLACES, *OF_THEIR_OWN} or _places(model) or _clients(model):
        return True
    return any(
        field.related_model is not model and concerns_anybody(field.related_model) for field in _links(model)
    )


def _doors() -> str:
    from kapclinic.trail.models import DOORS  # noqa: PLC0415

    return "{{" + ",".join(sorted(DOORS)) + "}}"


def _links(model: Model) -> list[models.ForeignKey[models.Model]]:
    return [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]


def _places(model: Model) -> list[str]:
    """Conditions on the columns that name a location of the row."""
    found = []
    for field in model._meta.concrete_fields:
        column = field.column
        named = isinstance(field, models.UUIDField) and field.name == "location"
        if named or (isinstance(field, models.ForeignKey) and field.related_model._meta.db_table == PLACES):
            found.append(f"{column}::text = ANY ({{places}})")
        elif isinstance(field, ArrayField) and field.name == "locations":
            found.append(_overlaps(str(column)))
    return found


def _overlaps(column: str) -> str:
    return f"{column}::text[] && {{places}}"


def _clients(model: Model) -> list[str]:
    """Conditions on the columns that name a client of the row."""
    found, way = [], "wall_of_{}({}, {{scope}})" if _places(model) else "at_hand_{}({})"
    for field in model._meta.concrete_fields:
        named = isinstance(field, models.UUIDField) and field.name == "client"
        if named or (isinstance(field, models.ForeignKey) and field.related_model._meta.db_table == CLIENTS):
            found.append(way.format(CLIENTS, field.column))
    return found


def _has_client(model: Model) -> bool:
    """Has every row a client?"""
    names = ("client", "into")
    return any(not field.null for field in model._meta.concrete_fields if field.name in names)


def _through(table: str, column: str, *, new: bool) -> str:
    """May the row of `table` that `column` names be seen? `new`: also one that the same statement has just written."""
    seen = f"wall_of_{table}({column}, {{scope}})"
    if table in AT_HAND:
        seen = f"at_hand_{table}({column})"
    return f"{seen} OR wall_of_new_{table}({column}, {{scope}})" if new else seen


def _asked(model: Model) -> Iterator[str]:
    """Any of these lets a row be seen."""
    if model._meta.db_table == CLIENTS:
        yield REACHED
        return
    places, clients = _places(model), _clients(model)
    yield from places
    yield from clients
    if clients and _has_client(model):
        return
    links = [field for field in _links(model) if field.related_model is not model]
    links = [field for field in links if concerns_anybody(field.related_model) and not _is_place(field)]
    joins = bool(getattr(model, "joins", False))
    if needed := [field for field in links if not field.null]:
        yield _through(needed[0].related_model._meta.db_table, needed[0].column, new=joins)
    elif links and not places and not clients:
        named = [_through(field.related_model._meta.db_table, field.column, new=joins) for field in links]
        yield from named
        yield "num_nonnulls({}) = 0".format(", ".join(field.column for field in links))
    elif len(places) == 1 and not clients and (column := _free_place(model)):
        yield f"{column} IS NULL"


def _is_place(field: models.ForeignKey[models.Model]) -> bool:
    return field.related_model._meta.db_table == PLACES


def _free_place(model: Model) -> str | None:
    """The column of a location that may be none, where it is the only thing that says where the row belongs."""
    for field in model._meta.concrete_fields:
        if field.null and (field.name == "location"):
            return str(field.column)
    return None


# --- the functions that policies ask ------------------------------------------------------------------------------

# Inside a function that runs as the owner for somebody else there is no wall: it looks at the scope itself, or answers
# nobody (a guard). That is known when a statement is planned, so there is nothing left of the policy in its
# plan, and an index whose operator tells of what it compares (LIKE, &&) serves it. A plan is kept by role and session,
# and neither changes under it: what is IMMUTABLE here is so for as long as a plan is. The owner by itself is no such
# function, and stands before the wall as everybody does.
DOWN = """
CREATE OR REPLACE FUNCTION wall_is_down() RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT session_user <> current_user
$$
"""
WHOLE = f"""
CREATE OR REPLACE FUNCTION wall_is_whole(scope text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT scope = ANY ('{{{",".join(sorted(f"all:{name}" for name in NAMES))}}}')
$$
"""
# Who asks, and their places, of `user:<id> <place>,<place>`; of anything else NULL. One regular expression that counts
# and takes parts out takes 30 µs, for each row where a function is asked for it; these two looks take 2.
WRITTEN = (
    "scope LIKE 'user:________-____-____-____-____________ %' AND scope ~ '^user:[0-9a-f-]+ [0-9a-f,-]*$'"
)
WHOSE = f"""
CREATE OR REPLACE FUNCTION wall_whose(scope text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN {WRITTEN} THEN substr(scope, 6, 36) END
$$
"""
OF_PLACES = f"""
CREATE OR REPLACE FUNCTION wall_places(scope text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN {WRITTEN} THEN string_to_array(substr(scope, 43), ',') END
$$
"""
SEEN = """
CREATE OR REPLACE FUNCTION {name}(which uuid, scope text) RETURNS boolean
LANGUAGE {language} {kind} PARALLEL SAFE SECURITY DEFINER AS $$
{body}
$$
"""
OF_ROW = "    SELECT EXISTS (SELECT FROM public.{table} WHERE id = which AND ({condition}))"
OF_CLIENTS = """
CREATE OR REPLACE FUNCTION wall_of_clients(which uuid[], scope text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT EXISTS (SELECT FROM unnest(which) AS one(pk) WHERE public.wall_of_practice_client(one.pk, scope))
$$
"""


def functions() -> list[str]:
    """Statements that make the functions, each before those that ask it."""
    made = [DOWN, WHOLE, WHOSE, OF_PLACES]
    body = OF_ROW.format(table=CLIENTS, condition=REACHED.format(**IN_FUNCTION))
    made += [SEEN.format(name=f"wall_of_{CLIENTS}", language="sql", kind="STABLE", body=body), OF_CLIENTS]
    for table, condition, new in _parents():
        body = OF_ROW.format(table=table, condition=condition)
        made.append(SEEN.format(name=f"wall_of_{table}", language="sql", kind="STABLE", body=body))
        if new:
            made.append(SEEN.format(name=f"wall_of_new_{table}", language="sql", kind="VOLATILE", body=body))
    return made


def _parents() -> list[tuple[str, str, bool]]:
    """Tables on whose rows others hang, with what is asked of such a row, the furthest from a client last.

    And whether a row is looked for that the same statement has written.
    """
    tables: dict[str, Model] = {model._meta.db_table: model for model in apps.get_models()}
    asked = " ".join(wall.condition for wall in walled().values())
    found: dict[str, str] = {}

    def visit(table: str) -> None:
        if table in found or table == CLIENTS:
            return
        condition = " OR ".join(_asked(tables[table]))
        for other in _named(condition, tables):
            visit(other)
        found[table] = _at_hand(condition, r"wall_of_\1(\2, {scope})").format(**IN_FUNCTION)

    for table in _named(asked, tables):
        visit(table)
    every = " ".join([asked, *found.values()])
    return [(table, condition, f"wall_of_new_{table}(" in every) for table, condition in found.items()]


def _named(condition: str, tables: Iterable[str]) -> list[str]:
    """The tables whose rows a condition asks for."""
    return [
        table
        for table in sorted(tables)
        if re.search(rf"(?:at_hand|wall_of|wall_of_new)_{table}\(", condition)
    ]


def _at_hand(condition: str, way: str) -> str:
    """A policy may look a row of AT_HAND up by itself: a third of what a function costs, for each of many rows. What
    runs as the owner stands before no wall there, and so asks as of any other.
    """
    return re.sub(r"at_hand_(\w+)\((\w+)\)", way, condition)


_behind: list[str] = []


def stand_behind(statement: str) -> None:
    """Make a function of an app's own (CREATE OR REPLACE) after each migrate, so that it is the code's. Said at the
    start of the process, once.

    Like those of `behind_the_wall.sql` it runs as the owner, and looks at the scope itself.
    """
    if statement not in _behind:
        _behind.append(statement)


# --- raising it -----------------------------------------------------------------------------------------------------


def raise_wall(cursor: CursorWrapper) -> None:
    """Give every table its policies, after each migrate, as the owner; what stands as it should is left alone."""
    cursor.execute(
        "SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class WHERE relkind IN ('r', 'p')"
    )
    stands = dict(cursor.fetchall())
    walls = sorted(walled().values(), key=lambda wall: wall.table)
    if any(wall.table not in stands for wall in walls):  # an older state is being migrated to
        return
    cursor.execute("SELECT current_user")
    owner = f'"{cursor.fetchone()[0]}"'
    for statement in (*functions(), BEHIND_THE_WALL, SHARED, REACH, GUARDS, *_behind):
        cursor.execute(statement)
    cursor.execute(
        "SELECT polrelid::regclass::text, polname, obj_description(oid, 'pg_policy') FROM pg_policy"
    )
    there = {(table.strip('"'), name): mark for table, name, mark in cursor.fetchall()}
    for wall in walls:
        for name, text in wall.policies().items():
            said = text.replace("{owner}", owner)
            mark = hashlib.sha256(said.encode()).hexdigest()[:16]
            if there.get((wall.table, name)) != mark:
                cursor.execute(f'DROP POLICY IF EXISTS {name} ON "{wall.table}"')
                cursor.execute(f'CREATE POLICY {name} ON "{wall.table}" {said}'.replace("%", "%%"))
                cursor.execute(f"COMMENT ON POLICY {name} ON \"{wall.table}\" IS '{mark}'")
        if not stands[wall.table]:
            cursor.execute(f'ALTER TABLE "{wall.table}" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY')


def close_wall(cursor: CursorWrapper) -> None:
    """Take every policy away, as the owner, who alone sees anything until `raise_wall`: before migrations go back.

    A policy holds the columns that it names, so none of them could go.
    """
    cursor.execute("SELECT current_user")
    owner = cursor.fetchone()[0]
    cursor.execute(
        "SELECT polrelid::regclass::text, polname FROM pg_policy WHERE starts_with(polname::text, 'wall')"
    )
    there = cursor.fetchall()
    for table, name in there:
        cursor.execute(f"DROP POLICY {name} ON {table}")
    for table in sorted({table for table, _ in there}):
        cursor.execute(f'CREATE POLICY wall_owner ON {table} TO "{owner}" USING (true)')


REACH = """
DO $$
DECLARE
    tab text;
BEGIN
    FOREACH tab IN ARRAY ARRAY['programs_program', 'clinic_sessions_session'] LOOP
        IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = tab::regclass AND tgname = tab || '_reach') THEN
            EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I '
                'FOR EACH ROW EXECUTE FUNCTION practice_reach_of_row()', tab || '_reach', tab);
        END IF;
    END LOOP;
    PERFORM practice_reach_anew(array_agg(id)) FROM practice_client WHERE reach IS NULL HAVING count(*) > 0;
END $$
"""
