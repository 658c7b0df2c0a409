"""An embedded Valkey: the shared broker, or a private one that a test may kill."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from kapclinic.local.binaries import find_binaries
from kapclinic.local.places import LocalError, Place
from kapclinic.local.ports import process_with, wait_until

DATABASES = 128

CONF = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{folder}"
daemonize yes
pidfile "{folder}/valkey.pid"
logfile "{folder}/valkey.log"
appendonly yes
save ""
maxmemory-policy noeviction
databases {databases}
"""


@dataclass(frozen=True, kw_only=True)
class Valkey:
    """One server with its own folder, so that kill -9 and a restart find the same append-only file."""

    place: Place
    folder: Path
    port: int
    password: str

    def url(self, database: int = 0) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"

    def client(self, database: int = 0) -> redis.Redis:
        once = Retry(NoBackoff(), 0)  # the default waits for seconds before it says that nobody is there
        return redis.Redis.from_url(
            self.url(database), socket_connect_timeout=1, socket_timeout=5, retry=once
        )

    def answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def process(self) -> psutil.Process | None:
        try:
            pid = int((self.folder / "valkey.pid").read_text())
        except (OSError, ValueError):
            return None
        return process_with(pid, "valkey-server", f":{self.port}")

    def start(self) -> None:
        """Start the server and wait until it answers: as a daemon it returns before its port is open."""
        if self.process() is None:
            self.place.folder(self.folder)
            text = CONF.format(
                port=self.port, password=self.password, folder=self.folder, databases=DATABASES
            )
            conf = self.place.write(self.folder / "valkey.conf", text)
            self.place.run(find_binaries(self.place).valkey, conf)
        if not wait_until(self.answers, seconds=30):
            raise LocalError(f"Valkey does not answer on port {self.port}; see {self.folder / 'valkey.log'}")

    def stop(self) -> None:
        """Let the server write its file and go."""
        self._end(force=False)

    def kill(self) -> None:
        """Kill -9: what a power cut looks like to the broker's clients."""
        self._end(force=True)

    def restart(self) -> None:
        self.stop()
        self.start()

    def flush(self, database: int | None = None) -> None:
        """Forget every message, in one database or in all: what losing the broker means."""
        with self.client(database or 0) as client:
            if database is None:
                client.flushall()
            else:
                client.flushdb()

    def _end(self, *, force: bool) -> None:
        process = self.process()
        if process is None:
            return
        process.kill() if force else process.terminate()
        if not wait_until(lambda: self.process() is None, seconds=15):
            process.kill()
            wait_until(lambda: self.process() is None, seconds=5)
