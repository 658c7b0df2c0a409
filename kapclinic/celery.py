"""The Celery app. Static beat schedule in settings; tasks carry ids only."""

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import (
    before_task_publish,
    setup_logging,
    task_postrun,
    task_prerun,
    worker_init,
    worker_process_init,
)
from celery.states import SUCCESS
from django.core.exceptions import ImproperlyConfigured
from django.db import close_old_connections, connections
from django.utils.module_loading import import_string
from kombu import Queue

from kapclinic.core import clock, reporting
from kapclinic.core.shipped import refuse_broken

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kapclinic.settings")

app = Celery("kapclinic")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [Queue("celery"), Queue("safety")]  # a worker that names no queue serves both
app.autodiscover_tasks()
app.steps["worker"].add("sessions.sweep.ticker:Ticker")  # by name: it is imported in a worker alone


@worker_init.connect
def _refuse_broken(**_: Any) -> None:
    try:
        refuse_broken()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error  # Celery logs any other exception, and starts all the same


@setup_logging.connect
def _log_as_everybody(**_: Any) -> None:
    """Whoever hears this sets the log up; it stands already, as the settings say."""


@before_task_publish.connect
def _say_when(headers: dict[str, Any], **_: Any) -> None:
    """A message tells when it was sent, so that whoever looks at a queue sees how long it has waited."""
    headers[reporting.SENT_AT] = clock.now().timestamp()


@task_prerun.connect
def _look_after_connections(sender: Any, **_: Any) -> None:
    """What was kept since the last task is looked at, as before a request: it may be old, or have ended meanwhile."""
    if not sender.request.is_eager:
        close_old_connections()


@task_postrun.connect
def _leave_nothing_halfway(sender: Any, state: str | None, **_: Any) -> None:
    """A task whose time was up may have left a statement in the midst: whoever failed leaves no connection."""
    if not sender.request.is_eager and state != SUCCESS:
        connections.close_all()


@worker_process_init.connect
def _report(**_: Any) -> None:
    reporting.start()


@worker_process_init.connect
def _keep_loaded(**_: Any) -> None:
    """What was loaded stays: the collector needn't walk over it again, 70 ms in which no task goes on."""
    gc.freeze()
    import_string("kapclinic.trail.keys.watch")()  # each process of the pool seals and opens for itself
