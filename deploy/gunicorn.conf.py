"""gunicorn, in production and in the demo. It keeps no access log of its own: the application writes one line a
request (kapclinic/core/http/observed.py), with the pattern of the address, never with what was searched for or a
token of the path.

A request takes a thread when all of it is there (kapclinic/core/arriving.py), and there are few of them, each with a
connection to the database: a client that sends half a request, or reads its answer slowly, holds up nobody else.

Each process keeps what it counts in files of one folder, which is made anew at each start: whichever process is asked
for /metrics adds all of them up (kapclinic/core/metrics.py).
"""

import gc
import os
import shutil
import tempfile
from typing import Any

from django.apps import apps
from django.utils.module_loading import import_string
from gunicorn.glogging import Logger


class Discreet(Logger):
    """What the server itself has to say, in the form of all other lines."""

    def setup(self, cfg: Any) -> None:
        from kapclinic.core import logs  # noqa: PLC0415  (the server knows where the code stands only now)

        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(logs.formatter(os.environ))


def _figures() -> str | None:
    """The folder of the figures: that of the environment, else one of this start; None where nobody asks for them."""
    if not os.environ.get("METRICS_TOKEN"):
        return None
    given = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return given or tempfile.mkdtemp(prefix="kapclinic-figures-")


figures = _figures()
if figures:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = figures  # before the application is loaded, which reads it


def when_ready(server: Any) -> None:
    """What was loaded stays: the collector needn't look at it again, nor copy its pages in each worker."""
    gc.collect()
    gc.freeze()


def post_worker_init(worker: Any) -> None:
    """An answer of a hundred rows makes thousands of objects and no cycle: look for those less often.

    And whether the keys are those of the record is looked at beside the first requests.
    """
    gc.set_threshold(20_000, 20, 50)
    if apps.ready and apps.is_installed("kapclinic.trail"):  # loaded only now, so it is named
        import_string("kapclinic.trail.keys.watch")()


def child_exit(server: Any, worker: Any) -> None:
    """What a process counted stays in the sums; what was going on in it is over."""
    if figures:
        from prometheus_client import multiprocess  # noqa: PLC0415

        multiprocess.mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    """The folder of this start goes with it."""
    if figures:
        shutil.rmtree(figures, ignore_errors=True)


logger_class = Discreet
worker_class = "kapclinic.core.arriving.Arriving"
workers = 2
threads = 4
worker_connections = (
    800  # with the connections to databases, fewer than the 1,024 files a process may usually open
)
preload_app = True
control_socket_disable = True
accesslog = None
