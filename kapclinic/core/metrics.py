"""What a process counts while it works: how long requests take, by the pattern of their address, and how many are in.

The server runs several processes. Each keeps its figures in files of a folder that gunicorn makes anew at its start
(`PROMETHEUS_MULTIPROC_DIR`, deploy/gunicorn.conf.py), and whoever is asked adds all of them up; without that folder a
process tells of itself alone. No label holds an id.
"""

from __future__ import annotations

import os
from functools import cache

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

NO_ROUTE = "none"  # no address of ours: a stranger's guesses make no series of their own
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})

REQUEST_SECONDS = Histogram(
    "kapclinic_request_seconds",
    "Seconds from the last byte of a request to its answer, by the pattern of its address.",
    ["method", "route"],
    buckets=SECONDS,
)
REQUESTS = Counter(
    "kapclinic_requests", "Requests by pattern and first digit of the status.", ["method", "route", "status"]
)
IN_HAND = Gauge(
    "kapclinic_requests_in_hand",
    "Requests that are read and not answered: those being worked on and those that wait for a hand.",
    multiprocess_mode="livesum",
)


@cache  # as many as there are series
def _timed(method: str, route: str) -> Histogram:
    return REQUEST_SECONDS.labels(method, route)


@cache
def _counted(method: str, route: str, status: str) -> Counter:
    return REQUESTS.labels(method, route, status)


def answered(*, method: str, route: str | None, status: int, seconds: float) -> None:
    """Count one request. `route` is the pattern of its address, None for one that is no address of ours."""
    named, kind = route or NO_ROUTE, method if method in METHODS else "other"
    _timed(kind, named).observe(seconds)
    _counted(kind, named, f"{status // 100}xx").inc()


def registry() -> CollectorRegistry:
    """What all processes of this server counted."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    summed = CollectorRegistry()
    MultiProcessCollector(summed)  # type: ignore[no-untyped-call]
    return summed
