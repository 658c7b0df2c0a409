"""What goes on in the clinic of the drill: acts, each said once it is committed, until it is killed."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime

import django

SEAL_EVERY = 20


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kapclinic.settings")
    django.setup()
    from kapclinic.core import scope  # noqa: PLC0415 — likewise
    from kapclinic.practice.models import SYSTEM  # noqa: PLC0415 — models are ready only now
    from kapclinic.trail.services import log_act, seal_events  # noqa: PLC0415

    scope.begin("command")
    number = 0
    while True:
        number += 1
        at = datetime.now(UTC)
        event = log_act(by=SYSTEM.pk, roles=["system"], action="drill.act", object_type="drill", at=at)
        sys.stdout.write(f"{event.pk} {datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}\n")
        sys.stdout.flush()
        if number % SEAL_EVERY == 0:
            seal_events()
        time.sleep(0.05)  # as a busy clinic writes


if __name__ == "__main__":
    main()
