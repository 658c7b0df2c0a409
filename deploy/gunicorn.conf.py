"""gunicorn, in production and in the demo. The access log leaves the query string out: a search may hold a name; and
of a calendar's address the token, which is all that it takes to read it."""

import re
from typing import Any

from gunicorn.glogging import Logger


class Discreet(Logger):
    """The access log without secrets of the path."""

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        return found | {"U": re.sub(r"(/calendars/)[^/]+", r"\1-", str(found["U"]))}


logger_class = Discreet
worker_class = "gthread"
workers = 2
threads = 4
control_socket_disable = True
accesslog = "-"
access_log_format = "%(t)s %(m)s %(U)s %(s)s %(L)s"
