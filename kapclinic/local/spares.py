"""Databases that tests use one after another: each is brought back to how it was made, at a fifth of the cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg

from kapclinic.local.resetting import Resetter
from kapclinic.local.servers import Servers, with_path

# What it is made of, beside rows; the last column says whether more of it may be there afterwards: months begin.
SHAPE = """
SELECT 'relation', relname::text, concat(relkind, relowner, relrowsecurity, relforcerowsecurity, relacl), relispartition
    FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT 'column', concat(attrelid::regclass, ' ', attname), concat(atttypid, attnotnull), relispartition
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
UNION ALL SELECT 'trigger', concat(tgrelid::regclass, ' ', tgname), concat(tgenabled, pg_get_triggerdef(t.oid)),
    relispartition FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal
UNION ALL SELECT 'constraint', concat(conrelid::regclass, ' ', conname), pg_get_constraintdef(o.oid),
    coalesce(relispartition, false) FROM pg_constraint o LEFT JOIN pg_class c ON c.oid = conrelid
    WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'function', oid::text, md5(concat(prosrc, prosecdef, proconfig, proacl)), false
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'policy', concat(tablename, ' ', policyname), concat(cmd, roles, qual, with_check), false
    FROM pg_policies
UNION ALL SELECT 'setting', setrole::text, setconfig::text, false FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL SELECT 'slot', slot_name::text, '', false FROM pg_replication_slots WHERE database = current_database()
"""
OTHERS = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
SIZE, GROWN = (
    "SELECT pg_database_size(current_database())",
    3,
)  # times as large: sooner made anew than emptied
COUNTED = "SELECT format('%I.%I', schemaname, sequencename), start_value, last_value FROM pg_sequences"


class Spare:
    """One database, and what it was made of. Nobody has been in it yet."""

    def __init__(self, servers: Servers, name: str) -> None:
        self.name = name
        self._resetter = Resetter(url=with_path(servers.superuser, name))
        self._shape, self._unread = self._rows(SHAPE), self._resetter.unread()
        self._counted, ((self._size,),) = self._rows(COUNTED), self._rows(SIZE)

    def is_as_it_was(self) -> bool:
        """Bring its rows back, alone in it; False when something else was changed, which can't be brought back."""
        try:
            self._rows(OTHERS)
            shape = self._rows(SHAPE)
            grown = all(month for *_, month in shape - self._shape)
            ((size,),) = self._rows(SIZE)
            if self._shape - shape or not grown or size > GROWN * self._size:
                return False
            if self._resetter.unread() != self._unread:
                return False
            self._resetter.reset()
            self._count_as_before()
        except psycopg.Error:
            return False
        return True

    def _count_as_before(self) -> None:
        told = self._rows(COUNTED)
        with self._resetter.connection.cursor() as cursor:
            back = [(name, last or start, last is not None) for name, start, last in self._counted - told]
            cursor.executemany("SELECT setval(%s, %s, %s)", back)

    def _rows(self, asked: str) -> set[tuple[Any, ...]]:
        return set(self._resetter.connection.execute(asked.encode()).fetchall())

    def close(self) -> None:
        self._resetter.close()


@dataclass(kw_only=True)
class Spares:
    """Those of one process."""

    servers: Servers
    make: Callable[[], str]
    _free: list[Spare] = field(default_factory=list)
    _lent: dict[str, Spare] = field(default_factory=dict)

    def lend(self) -> str:
        """The name of a database as `migrate` left it."""
        spare = self._free.pop() if self._free else Spare(self.servers, self.make())
        self._lent[spare.name] = spare
        return spare.name

    def take_back(self, name: str) -> None:
        """Whoever is still in it is thrown out. One that can't be brought back is dropped."""
        spare = self._lent.pop(name)
        if spare.is_as_it_was():
            self._free.append(spare)
            return
        spare.close()
        self.servers.drop_database(name)

    def close(self) -> None:
        for spare in (*self._free, *self._lent.values()):
            spare.close()
