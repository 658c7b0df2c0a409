"""gunicorn, in production and in the demo. The access log leaves the query string out: a search may hold a name; and
of a calendar's or a client link's address the token, which is all that it takes to open it.

A request takes a thread when all of it is there (kapclinic/core/arriving.py), and the work is done by a few hands
(kapclinic/core/whole.py): a client that sends half a request, or reads its answer slowly, holds up nobody else.
"""

import gc
import re
from typing import Any

from django.utils.module_loading import import_string
from gunicorn.glogging import Logger

from kapclinic.core.discreet import Discreet as Formatter


class Discreet(Logger):
    """The access log without secrets of the path, of which only what it shows is looked at; errors without rows."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(Formatter(self.error_fmt, self.datefmt))

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        return {
            "t": self.now(),
            "m": environ["REQUEST_METHOD"],
            "U": re.sub(r"(/calendars/|^/l/)[^/]+", r"\1-", environ.get("PATH_INFO", "-")),
            "s": str(resp.status).split(None, 1)[0],
            "L": f"{request_time.seconds}.{request_time.microseconds:06d}",
        }


def when_ready(server: Any) -> None:
    """What was loaded stays: the collector needn't look at it again, nor copy its pages in each worker."""
    gc.collect()
    gc.freeze()


def post_worker_init(worker: Any) -> None:
    """An answer of a hundred rows makes thousands of objects and no cycle: look for those less often.

    And whether the keys are those of the record is looked at beside the first requests.
    """
    gc.set_threshold(20_000, 20, 50)
    import_string("kapclinic.trail.keys.watch")()  # by name: the application is loaded only now


logger_class = Discreet
worker_class = "kapclinic.core.arriving.Arriving"
workers = 2
threads = 32
worker_connections = (
    800  # with the connections to databases, fewer than the 1,024 files a process may usually open
)
preload_app = True
control_socket_disable = True
accesslog = "-"
access_log_format = "%(t)s %(m)s %(U)s %(s)s %(L)s"
