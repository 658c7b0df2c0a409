"""`manage.py export_anchor`: the heads of the chains, to be kept where the database's administrators can't write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from kapclinic.core import clock
from kapclinic.trail import rules, selectors, services
from kapclinic.trail.chains import anchors


class Command(BaseCommand):
    help = "Writes the last link of the audit chain and of every drug lot's ledger as JSON, with its SHA-256."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, help="write here, and print the SHA-256 alone")

    def handle(self, *args: Any, **options: Any) -> None:
        while services.seal_events(everything=True):
            pass
        content: dict[str, Any] = {"at": clock.now().isoformat(), "audit": selectors.audit_head()}
        content |= {name: anchor.heads() for name, anchor in anchors()}
        content["sha256"] = rules.anchor_digest(content)
        text = json.dumps(content, indent=1, sort_keys=True) + "\n"
        path: Path | None = options["file"]
        if path is None:
            self.stdout.write(text, ending="")
            return
        whole = path.with_name(f".{path.name}.new")
        whole.write_text(text)
        whole.replace(path)  # a reader never sees half of it
        self.stdout.write(content["sha256"])
