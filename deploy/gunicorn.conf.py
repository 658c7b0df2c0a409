"""gunicorn, in production and in the demo. The access log leaves the query string out: a search may hold a name; and
of a calendar's or a client link's address the token, which is all that it takes to open it.

Its threads read requests and wait for them; the work is done by a few hands (kapclinic/core/whole.py), so a client
that sends half a request holds up nobody else.
"""

import gc
import re
from typing import Any

from gunicorn.glogging import Logger


class Discreet(Logger):
    """The access log without secrets of the path; of a request only what the log shows is looked at."""

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        return {
            "t": self.now(),
            "m": environ["REQUEST_METHOD"],
            "U": re.sub(r"(/calendars/|^/l/)[^/]+", r"\1-", environ["PATH_INFO"]),
            "s": str(resp.status).split(None, 1)[0],
            "L": f"{request_time.seconds}.{request_time.microseconds:06d}",
        }


def when_ready(server: Any) -> None:
    """What was loaded stays: the collector needn't look at it again, nor copy its pages in each worker."""
    gc.collect()
    gc.freeze()


def post_worker_init(worker: Any) -> None:
    """An answer of a hundred rows makes thousands of objects and no cycle: look for those less often."""
    gc.set_threshold(20_000, 20, 50)


logger_class = Discreet
worker_class = "gthread"
workers = 2
threads = 32
preload_app = True
control_socket_disable = True
accesslog = "-"
access_log_format = "%(t)s %(m)s %(U)s %(s)s %(L)s"
