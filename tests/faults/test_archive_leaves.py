"""A practice's archive leaves a real web process in pieces: in little memory, also to a slow reader, and from any byte."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from billing.records.models import PracticeExport, PracticeExportPiece
from kapclinic.core import clock, crypto
from kapclinic.local.processes import Processes
from kapclinic.practice.models import Location, Role
from kapclinic.practice.services import issue_token
from tests import cast as people
from tests.faults.crowd import WIRE

PIECE = 4_000_000  # as the worker makes them
PIECES = int(os.environ.get("KAP_ARCHIVE_PIECES", "12"))
MOST_MORE = 80_000_000  # bytes that a web process may grow by, whatever the size: some pieces in each hand


def export_of(content: list[bytes]) -> tuple[PracticeExport, str]:
    """An export that is over, as the worker leaves it, and an administrator's token."""
    cast = people.assemble()
    everywhere: dict[str, Any] = {"locations": list(Location.objects.values_list("pk", flat=True))}
    chief = people.staff("chief", [Role.ADMIN], cast.north, **everywhere)
    now = clock.now()
    row = PracticeExport(
        reason="Moves", locations=everywhere["locations"], state="done", decided_by=cast.director.pk
    )
    row.decided_at, row.rows, row.size = now, 1, sum(map(len, content))
    row.sha256 = hashlib.sha256(b"".join(content)).hexdigest()
    row.ended_at, row.expires_at = now, now + timedelta(days=14)
    row.save_by(chief, at=now)
    for position, part in enumerate(content):
        piece = PracticeExportPiece(export=row, position=position, size=len(part))
        piece.sealed = crypto.seal(part, aad=piece.bound_to())
        piece.save()
    _, secret = issue_token(user=chief, name="archive", at=now)
    return row, secret


def peak(processes: Processes) -> int:
    """The most bytes that any of the web's processes has held."""
    web = processes.process("web")
    told = [Path(f"/proc/{one.pid}/status").read_text() for one in [web, *web.children(recursive=True)]]
    return max(int(text.split("VmHWM:")[1].split()[0]) * 1024 for text in told)


def test_an_archive_leaves_in_pieces_and_goes_on_where_it_was_cut_off(
    clinic_orm: None, run_processes: Processes
) -> None:
    content = [os.urandom(PIECE) for _ in range(PIECES - 1)] + [b"and the rest"]
    row, secret = export_of(content)
    whole = hashlib.sha256(b"".join(content))
    run_processes.launcher = None  # its memory is measured: as much of it as a web of its own start has
    run_processes.start("web")
    run_processes.wait_ready()
    url = f"{run_processes.base_url}/api/v1/practice-exports/{row.pk}/file/"
    me = f"{run_processes.base_url}/api/v1/auth/me/"
    asks = {"Authorization": f"Token {secret}"}
    with httpx.Client(headers=asks, timeout=30) as client:
        assert client.get(me).status_code == 200
        before = peak(run_processes)
        with client.stream("GET", url) as answer:
            assert (answer.status_code, answer.headers["Content-Length"]) == (200, str(row.size))
            tag, pieces, held = answer.headers["ETag"], answer.iter_bytes(PIECE), hashlib.sha256()
            held.update(first := next(pieces))
            for _ in range(20):  # whoever reads slowly holds up nobody
                assert WIRE.get(me, headers=asks, timeout=10).status_code == 200
            got = len(first)
        # It was cut off; what is missing is asked for, on a line that carries the next request too.
        rest = asks | {"Range": f"bytes={got}-", "If-Range": tag}
        with client.stream("GET", url, headers=rest) as answer:
            assert answer.status_code == 206
            assert answer.headers["Content-Range"] == f"bytes {got}-{row.size - 1}/{row.size}"
            for piece in answer.iter_bytes():
                held.update(piece)
        assert held.hexdigest() == whole.hexdigest() == row.sha256
        assert client.get(me).status_code == 200
        grown = peak(run_processes) - before
        assert grown < MOST_MORE, grown
        print(f"{row.size:,} bytes: a web process grew by {grown:,}, to {before + grown:,}")  # noqa: T201
        # One whose piece is gone is cut off, and the others are served.
        PracticeExportPiece.objects.filter(position=1).update(sealed=b"spoilt")
        try:
            with client.stream("GET", url) as answer:
                short = sum(map(len, answer.iter_bytes()))
        except httpx.RemoteProtocolError:
            short = 0
        assert short < row.size
        assert client.get(me).status_code == 200
