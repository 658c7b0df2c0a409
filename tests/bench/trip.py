"""``python -m tests.bench.trip [--share 0.001]``: a practice leaves one clinic as an archive and comes into another.

A share of the group of `tests/bench/group.py`, and one whole program lived through the API with what else a record can
hold. Its chain is sealed as the sweep seals it. Printed: rows, bytes, and the seconds of each way.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.simulation.running import servers

WHY = "The practice moves to another house"
SECRET = "planted: told in confidence"
LINKS: list[str] = []  # to clients, as they were sent


@dataclass(frozen=True)
class Trip:
    """What a trip came to."""

    rows: int
    size: int
    out: float
    into: float
    differ: list[str]
    more_out: int  # bytes of memory that each way took beyond what the process held
    more_into: int

    def line(self, share: float) -> str:
        return (
            f"share {share}: {self.rows:,} rows, {self.size / 1e6:,.0f} MB; out in {self.out:.0f} s "
            f"({self.rows / self.out:,.0f} rows/s), in in {self.into:.0f} s ({self.rows / self.into:,.0f} rows/s), "
            f"{self.more_out / 1e6:,.0f} and {self.more_into / 1e6:,.0f} MB of memory; "
            f"tables whose rows differ: {self.differ}"
        )


class Memory:
    """How many bytes the process holds at most beyond what it held at first; Linux alone tells."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak is counted anew
        self.held = self._told("VmRSS")

    @staticmethod
    def _told(what: str) -> int:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.split(f"{what}:")[1].split()[0]) * 1024

    def more(self) -> int:
        return max(0, self._told("VmHWM") - self.held)


@contextmanager
def as_owner(run: Any) -> Iterator[None]:
    """The connection is the owner's, as `manage.py import_practice` has it."""
    from django.db import connections

    settings = connections["default"].settings_dict
    usual = settings["USER"], settings["PASSWORD"]
    owner = urlsplit(run.servers.owner)
    connections.close_all()
    settings["USER"], settings["PASSWORD"] = owner.username, owner.password
    try:
        yield
    finally:
        connections.close_all()
        settings["USER"], settings["PASSWORD"] = usual


def leaders() -> tuple[Any, Any]:
    """An administrator and a medical director of all locations."""
    from kapclinic.practice.models import Location, Role
    from tests import cast as people
    from tests.cast import Desk

    places = list(Location.objects.order_by("created_at"))
    everywhere: dict[str, Any] = {"locations": [place.pk for place in places]}
    return (
        Desk(people.staff("chief", [Role.ADMIN], places[0], **everywhere)),
        Desk(people.staff("head", [Role.MEDICAL_DIRECTOR], places[0], **everywhere)),
    )


def asked(admin: Any, director: Any) -> str:
    """An export that was asked for and let go."""
    from tests.asking import done

    waits = done(admin.post("practice-exports/", {"reason": WHY}), 202)
    assert waits["state"] == "waiting"
    done(director.post(f"practice-exports/{waits['id']}/approve/"), 202)
    return str(waits["id"])


def fetched(admin: Any, export: str, into: Path) -> dict[str, Any]:
    """The archive of an export that was made, in a file; what its row tells."""
    from tests.asking import done

    told = done(admin.get(f"practice-exports/{export}/"), 200)
    assert told["state"] == "done", told
    answer = admin.get(f"practice-exports/{export}/file/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    with into.open("wb") as file:
        for piece in answer.streaming_content:
            file.write(piece)
    assert into.stat().st_size == told["size"] == int(answer["Content-Length"])
    return told


def hashes(*, of: Callable[[str], bool] = lambda name: True) -> dict[str, list[str]]:
    """The hash of each row of each table that travels, by its key."""
    from django.db import transaction

    from billing.records.selectors import practice_exports as selectors

    with transaction.atomic():
        return {
            table.name: [hashlib.md5(row.encode()).hexdigest() for row in selectors.rows_of(table)]
            for table in selectors.carried()
            if of(table.name)
        }


def travelled(
    run: Any, fresh: Callable[[], Any], *, live: Callable[[], Any], look: Callable[[Any], Any]
) -> Trip:
    """`live` fills a clinic; it leaves, and comes into another one, at which `look` looks, with what its row told."""
    from django.core.management import call_command

    from billing.records.tasks import work_on_practice_export

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "practice.zip"
        with fresh():
            live()
            admin, director = leaders()
            export = asked(admin, director)
            before = hashes()  # the export's own events come later
            took, memory = time.monotonic(), Memory()
            work_on_practice_export(export_id=export)
            out, more_out = time.monotonic() - took, memory.more()
            told = fetched(admin, export, path)
        with fresh():
            with as_owner(run):
                took, memory = time.monotonic(), Memory()
                call_command("import_practice", str(path), sha256=told["sha256"], stdout=sys.stdout)
                into, more_into = time.monotonic() - took, memory.more()
            after = hashes()
            assert after["trail_auditevent"].pop()  # that it was brought in
            differ = [name for name, rows in before.items() if rows != after.get(name)]
            look(told)
        return Trip(told["rows"], told["size"], out, into, differ, more_out, more_into)


def lived() -> None:
    """A client's whole program, and what else a record can hold: a private note, a file, a link, a file of a job, a list
    that waits for the worker, a message that waits to be sent.
    """
    from uuid import UUID

    from billing.jobs.services import work_on
    from kapclinic.core import clock
    from kapclinic.practice.models import Client
    from sessions.booking.models import Session
    from tests import cast as people
    from tests.cast import MONDAY
    from tests.journeys.test_whole_program import (
        test_a_client_goes_from_first_call_to_superbill as whole_program,
    )
    from tests.sessions.files.test_attachments import send
    from tests.sessions.imports import lists

    with clock.fixed(MONDAY):
        cast = people.assemble()
        people.service_codes()
        whole_program(cast)
        client = Client.objects.get()
        session = Session.objects.filter(client=client, kind="preparation").earliest("starts_at")
        send(cast, client)
        cast.desk("therapist").must("psychotherapy-notes/", {"session": str(session.pk), "text": SECRET})
        open_one = people.opened_program(cast)
        asked_of: dict[str, Any] = {"client": str(open_one.client_id), "purpose": "measure"}
        asked_of["subject"] = {"program": str(open_one.pk), "instrument": "phq9"}
        LINKS.append(cast.desk("therapist").must("client-links/", asked_of)["url"])
        period = {"kind": "transactions_csv", "from_date": "2026-01-01", "to_date": "2026-12-31"}
        job = cast.desk("billing").post("exports/", period).json()
        work_on(job_id=UUID(job["id"]), at=clock.now())
        lists.send(cast, "clients", lists.table([lists.person(cast)]))


def share_of_group(run: Any, share: float) -> None:
    """A share of the group, whose chain is sealed anew: the generator's own seals hold nothing."""
    from kapclinic.trail.services import seal_events
    from tests.asking import as_superuser, sql
    from tests.bench.group import generate

    generate(run, share=share)
    sql("SET statement_timeout = 0")  # a web's patience is not for so many at once
    with as_superuser() as intruder:
        intruder.execute("DELETE FROM trail_auditseal")
    while seal_events(everything=True):
        pass


def main() -> None:
    asked_for = argparse.ArgumentParser(prog="python -m tests.bench.trip")
    asked_for.add_argument("--share", type=float, default=0.001, help="1 is 18 million sessions")
    share = asked_for.parse_args().share
    with servers() as running:

        def live() -> None:
            share_of_group(running.run, share)

        trip = travelled(running.run, running.fresh, live=live, look=lambda told: None)
    sys.stdout.write(trip.line(share) + "\n")
    sys.exit(1 if trip.differ else 0)


if __name__ == "__main__":
    main()
