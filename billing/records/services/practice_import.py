"""Bring a whole practice into an empty clinic: in one transaction, as the owner of the tables, or not at all.

Triggers and foreign keys rest while the rows come in; checks, unique and exclusion constraints look at each. Afterwards
every foreign key is validated, and each table's rows are hashed again beside the manifest.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from django.db import DatabaseError, connection, transaction

from billing.records.rules import practice_contents as contents
from billing.records.selectors import practice_exports as selectors
from billing.records.services import practice_blanks as blanks
from billing.records.services.practice_reading import Archive, NotBroughtIn, hash_of
from billing.records.sql import loading
from kapclinic.practice.models import SYSTEM
from kapclinic.trail import rights, rules
from kapclinic.trail import selectors as trail
from kapclinic.trail.chains import registered
from kapclinic.trail.services import log_act

BATCH = 500  # rows in a statement; of a table with bytes, fewer
BATCH_BYTES = 4_000_000


def bring_in(*, path: Path, sha256: str | None = None, at: datetime) -> dict[str, int]:
    """Load an archive; returns how many rows came into each table. People have no usable password afterwards.

    :param sha256: of the whole archive, as the export's row told it
    :raises NotBroughtIn: `other_archive`, `not_an_archive`, `other_format`, `manifest_changed`, `file_changed`,
        `not_owner`, `other_schema`, `not_empty`, `not_possible_rows`, `rows_differ` or `chain_broken`
    """
    if sha256 is not None and hash_of(path) != sha256.lower():
        raise NotBroughtIn("other_archive", "The archive has not the SHA-256 that it should have.")
    with Archive(path) as archive, transaction.atomic(durable=True):
        _prepared(archive)
        try:
            _load(archive)
        except DatabaseError as exc:
            raise NotBroughtIn("not_possible_rows", f"The database refuses them: {_what(exc)}.") from exc
        counts = _compared(archive)
        _chains_hold()
        rights.grant_rights(using=connection.alias)
        told = {"export": archive.manifest["export"], "manifest": archive.manifest["sha256"]}
        log_act(
            by=SYSTEM.pk,
            roles=SYSTEM.role_set,
            action="practice.import",
            object_type="practice",
            object_id=None,
            clients=[],
            detail=told,
            at=at,
        )
    return counts


def _what(exc: DatabaseError) -> str:
    """What the database refused, without a value of any row: the rule that was broken, or the kind of error."""
    told = getattr(exc.__cause__, "diag", None)
    name = None if told is None else told.constraint_name
    return f"{told.table_name}, {name}" if told is not None and name else type(exc).__name__


def _prepared(archive: Archive) -> None:
    """Refuse what can't be: another role, another schema, tables that are not known here."""
    if loading.run(loading.IS_OWNER) != [(True,)]:
        raise NotBroughtIn("not_owner", "Only the owner of the tables brings a practice in.")
    for statement in loading.AS_LONG_AS_IT_TAKES:
        loading.run(statement)
    here, there = selectors.schema(), archive.manifest["schema"]
    if here != there:
        apps = sorted(app for app in {*here, *there} if here.get(app) != there.get(app))
        raise NotBroughtIn("other_schema", f"Other migrations here than there, of: {', '.join(apps)}.")
    named = [table["table"] for table in archive.manifest["tables"]]
    if named != [table.name for table in selectors.carried()]:
        raise NotBroughtIn("other_schema", "The archive holds other tables than this program.")


def _load(archive: Archive) -> None:
    """Every row, while our triggers and the foreign keys rest."""
    triggers, keys = loading.run(loading.TRIGGERS), loading.run(loading.KEYS, list(contents.AS_FILES))
    for table, trigger in triggers:
        loading.run(loading.switch(table, trigger, on=False))
    for table, name, _ in keys:
        loading.run(loading.drop_key(table, name))
    _emptied()
    for told in archive.manifest["tables"]:
        for month in told.get("months", ()):
            loading.run(loading.ADD_MONTH, told["table"], month)
        _table(archive, told["table"])
    blanks.filled(archive)
    _numbered(archive.manifest["sequences"])
    for table, name, words in keys:
        loading.run(loading.add_key(table, name, words))
    for table, trigger in triggers:
        loading.run(loading.switch(table, trigger, on=True))
    loading.run(loading.REACH)
    loading.run("ANALYZE")


def _numbered(sequences: dict[str, int]) -> None:
    """Let every sequence of here go on where that of there stood; those of what stayed behind begin anew."""
    for name, last in sequences.items():
        if loading.run(loading.HAS_SEQUENCE, name) == [(1,)]:
            loading.run(loading.SET_SEQUENCE, f'"{name}"', last)


def _emptied() -> None:
    """Refuse a clinic in which anybody has been; take away what `migrate` put there.

    What stays behind is looked at too: nobody may be signed in.
    """
    for table in selectors.all_tables():
        if contents.LEFT_BEHIND.get(table.name) == contents.FRAMEWORK or loading.run(
            loading.has_rows(table.name)
        ) == [(False,)]:
            continue
        if table.name in contents.SEEDED:
            loading.run(loading.empty(table.name))
        elif table.name not in contents.OF_THE_SERVER:
            raise NotBroughtIn("not_empty", f"This clinic is in use: {table.name} has rows.")


def _table(archive: Archive, table: str) -> None:
    """Load one table, in statements of some rows each."""
    over = blanks.OVER.get(table)
    statement = loading.load(table) if over else loading.load_plain(table)
    for lines in archive.lines(table):
        for batch in _batches(lines):
            texts = [line.decode() for line in batch]
            if over:
                loading.run(statement, texts, [over() for _ in texts])
            else:
                loading.run(statement, f"[{','.join(texts)}]")


def _batches(lines: list[bytes]) -> list[list[bytes]]:
    """Rows a statement takes at once, by their number and by their bytes."""
    found: list[list[bytes]] = [[]]
    held = 0
    for line in lines:
        if found[-1] and (len(found[-1]) >= BATCH or held + len(line) > BATCH_BYTES):
            found.append([])
            held = 0
        found[-1].append(line)
        held += len(line)
    return found


def _compared(archive: Archive) -> dict[str, int]:
    """How many rows each table has, when they are those that left."""
    counts = {}
    tables = {table.name: table for table in selectors.carried()}
    for told in archive.manifest["tables"]:
        rows, whole = 0, hashlib.sha256()
        for text in selectors.rows_of(tables[told["table"]]):
            whole.update(text.encode() + b"\n")
            rows += 1
        if (rows, whole.hexdigest()) != (told["rows"], told["sha256"]):
            raise NotBroughtIn("rows_differ", f"{told['table']} has not the rows that left.")
        counts[told["table"]] = rows
    return counts


def _chains_hold() -> None:
    """Walk the audit chain and every other that is registered."""
    broken = rules.first_broken(trail.sealed())
    if broken is not None:
        raise NotBroughtIn("chain_broken", f"audit chain: link {broken.sequence} {broken.why}.")
    for name, verify in registered():
        if (problem := verify()) is not None:
            raise NotBroughtIn("chain_broken", f"{name}: {problem}")
