"""Health checks of the containers: ``healthy.py web | beat | backup``. Exit 0 is healthy.

The worker answers ``celery inspect ping`` itself.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from pathlib import Path

BEAT_SCHEDULE = Path(os.environ.get("BEAT_SCHEDULE", "/tmp/beat-schedule"))  # noqa: S108 - the container's own tmpfs
BEAT_SECONDS = 600  # beat saves its schedule every three minutes
BACKUP_STATUS = Path(os.environ.get("BACKUP_STATUS") or "/backups/status.json")
STATUS_SECONDS = 120


def web() -> bool:
    """Ask this container's server, by a name that it lets in."""
    hosts = [host.strip().lstrip(".") for host in os.environ.get("ALLOWED_HOSTS", "").split(",")]
    host = next((host for host in hosts if host and host != "*"), "localhost")
    port = os.environ.get("HEALTH_PORT", "8000")
    request = urllib.request.Request(f"http://127.0.0.1:{port}/healthz", headers={"Host": host})
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - always http
        return bool(answer.status == 200)


def beat() -> bool:
    """Look whether beat still saves its schedule."""
    saved = [path.stat().st_mtime for path in BEAT_SCHEDULE.parent.glob(f"{BEAT_SCHEDULE.name}*")]
    return bool(saved) and time.time() - max(saved) < BEAT_SECONDS


def backup() -> bool:
    """Read what the service of the backups said of itself a moment ago."""
    if time.time() - BACKUP_STATUS.stat().st_mtime > STATUS_SECONDS:
        return False
    return bool(json.loads(BACKUP_STATUS.read_text())["ok"])


if __name__ == "__main__":
    try:
        sys.exit(0 if {"web": web, "beat": beat, "backup": backup}[sys.argv[1]]() else 1)
    except (OSError, ValueError, KeyError) as silent:
        sys.exit(f"{sys.argv[1]}: {silent}")
