"""Keep an open demo open: a process or a server that dies is started again."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg
import redis

from kapclinic.local import services
from kapclinic.local.places import LocalError, Place
from kapclinic.local.processes import Processes
from kapclinic.local.servers import Servers

SERVERS_EVERY = 2.0  # seconds between two looks at the pair
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds before a dead process is started again; doubled each time
RECENT = 60.0  # seconds
WEB_DEATHS = 3  # so many recent ones: something is wrong that a start can't mend


@dataclass(frozen=True, kw_only=True)
class Share:
    """A demo's share of the embedded pair."""

    place: Place
    database: str
    valkey_database: int

    def env(self, servers: Servers) -> dict[str, str]:
        return servers.env(database=self.database, valkey_database=self.valkey_database)

    def mended(self) -> dict[str, str] | None:
        """Start the server that no longer answers; return the URLs then, None when both answered.

        :raises LocalError: when it can't be started now
        """
        if services.running(self.place) is not None:
            return None
        try:
            return self.env(services.up(self.place).servers)
        except (OSError, psycopg.Error, redis.RedisError) as refused:
            raise LocalError(f"The pair does not start: {refused}") from refused


@dataclass(kw_only=True)
class Keeper:
    """Looks after web, worker, beat and the pair whenever it is asked to."""

    processes: Processes
    share: Share | None  # None: the servers are somebody else's
    say: Callable[[str], None]
    moved: Callable[[dict[str, str]], None]  # told the new URLs, when a server had to leave its port
    _deaths: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _due: dict[str, float] = field(default_factory=dict)
    _next_look: float = 0.0

    def look(self) -> None:
        """Start again what is down.

        :raises LocalError: when web died three times within a minute
        """
        self._look_at_servers()
        now = time.monotonic()
        for name in self.processes.dead():
            self._bury(name, now)
        for name in [name for name, due in self._due.items() if due <= now]:
            del self._due[name]
            self.processes.start(name)

    def _bury(self, name: str, now: float) -> None:
        self.processes.kill9(name)  # its children may still hold the port
        recent = [at for at in self._deaths[name] if now - at < RECENT] + [now]
        self._deaths[name] = recent
        if name == "web" and len(recent) >= WEB_DEATHS:
            raise LocalError(
                f"web died {len(recent)} times within a minute; its log ends:\n{self.processes.tail(name)}"
            )
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (len(recent) - 1))
        self._due[name] = now + pause
        self.say(f"{name} died; starting it again in {pause:g} s (log: {self.processes.log_file(name)})")

    def _look_at_servers(self) -> None:
        if self.share is None or time.monotonic() < self._next_look:
            return
        try:
            urls = self.share.mended()
        except LocalError as refused:
            self.say(f"PostgreSQL or Valkey is down, trying again: {refused}")
        else:
            if urls is not None:
                self._welcome(urls)
        self._next_look = time.monotonic() + SERVERS_EVERY

    def _welcome(self, urls: dict[str, str]) -> None:
        self.say("PostgreSQL or Valkey did not answer; started it again")
        env = self.processes.env
        if all(urls[name] == env[name] for name in ("DATABASE_URL", "VALKEY_URL")):
            return
        env |= {name: urls[name] for name in ("DATABASE_URL", "VALKEY_URL")}
        self.moved(urls)
        self.say("its port was taken meanwhile; starting web, worker and beat on the new one")
        self.processes.stop()
        self._due.clear()
        self.processes.start("web", "worker", "beat")
