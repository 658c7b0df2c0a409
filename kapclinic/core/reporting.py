"""Errors to Sentry and times to OpenTelemetry, for who wants them: both are off until an address is set.

What leaves the house is put together from a list of what may (`KEPT_*`), so nothing new in either library can tell
more: classes, places in the code, patterns of addresses, ids of ours. No body, query string, header, cookie, local
variable, breadcrumb, statement or word of an error. Source: 45 CFR 164.502(b) and 164.504(e). The packages are the
extra `observe`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from django.conf import settings

from kapclinic.core import logs

logger = logging.getLogger(__name__)
SENT_AT = "kap_sent_at"  # a header of each message for the worker: seconds since 1970
EXTRA = "SENTRY_DSN and TRACES_URL need the packages of the extra `observe` (requirements-observe.lock)."
KEPT_FRAME = ("filename", "abs_path", "function", "module", "lineno", "in_app")
KEPT_EVENT = ("event_id", "timestamp", "level", "platform", "release", "environment", "sdk", "logger")
KEPT_ATTRIBUTES = frozenset(
    {
        "http.request.method",
        "http.route",
        "http.response.status_code",
        "db.system",
        "db.operation.name",
        "kapclinic.step",
        "kapclinic.request",
    }
)
_tracer: list[Any] = []  # one, once there is one


class Missing(RuntimeError):
    """An address is set, and the packages are not there."""


# --- errors ----------------------------------------------------------------------------------------------


def _frame(frame: Mapping[str, Any]) -> dict[str, Any]:
    return {name: frame[name] for name in KEPT_FRAME if name in frame}


def _exception(one: Mapping[str, Any]) -> dict[str, Any]:
    frames = (one.get("stacktrace") or {}).get("frames") or ()
    return {
        "type": one.get("type"),
        "module": one.get("module"),
        "stacktrace": {"frames": [_frame(frame) for frame in frames]},
    }


def scrubbed(event: Mapping[str, Any], hint: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An event for Sentry as it may leave: which error, where in the code, in which request of whom."""
    kept = {name: event[name] for name in KEPT_EVENT if name in event}
    thrown = (event.get("exception") or {}).get("values") or ()
    if thrown:
        kept["exception"] = {"values": [_exception(one) for one in thrown]}
    template = (event.get("logentry") or {}).get("message")
    record = (hint or {}).get("log_record")
    if isinstance(record, logging.LogRecord) and not record.args:
        template = None  # what was said without arguments may have been put together before
    if template:
        kept["logentry"] = {"message": template}
    about = logs.facts()
    kept["tags"] = {name: str(about[name]) for name in ("request", "task") if about.get(name)}
    return kept


def _nothing(*_: Any) -> None:
    """In the place of a breadcrumb, a timed transaction, a line of the log: it does not leave."""
    return


def sentry_options(dsn: str) -> dict[str, Any]:
    """How Sentry's client is started, each door that could let a text out shut."""
    return {
        "dsn": dsn,
        "before_send": scrubbed,
        "before_send_transaction": _nothing,
        "before_breadcrumb": _nothing,
        "max_breadcrumbs": 0,
        "send_default_pii": False,
        "include_local_variables": False,
        "include_source_context": False,
        "max_request_body_size": "never",
        "send_client_reports": False,
        "auto_session_tracking": False,
        "traces_sample_rate": 0.0,
        "server_name": "kapclinic",
    }


# --- times -----------------------------------------------------------------------------------------------


def kept_attributes(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    """Of what a span says, what may leave."""
    return {name: value for name, value in (attributes or {}).items() if name in KEPT_ATTRIBUTES}


def scrubbing(exporter: Any) -> Any:
    """An exporter of spans that hands on to `exporter` what may leave, whoever made the span."""
    from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415  (of the extra `observe`)
    from opentelemetry.sdk.trace.export import SpanExporter  # noqa: PLC0415
    from opentelemetry.trace.status import Status  # noqa: PLC0415

    def bare(span: Any) -> Any:
        said = kept_attributes(span.attributes)
        name = said.get("http.route") or said.get("kapclinic.step") or said.get("db.operation.name") or "work"
        return ReadableSpan(
            name=str(name),
            context=span.get_span_context(),
            parent=span.parent,
            resource=span.resource,
            attributes=said,
            kind=span.kind,
            status=Status(span.status.status_code),
            start_time=span.start_time,
            end_time=span.end_time,
        )

    class Scrubbing(SpanExporter):
        def export(self, spans: Sequence[Any]) -> Any:
            return exporter.export([bare(span) for span in spans])

        def shutdown(self) -> None:
            exporter.shutdown()

        def force_flush(self, timeout_millis: int = 30_000) -> bool:
            return bool(exporter.force_flush(timeout_millis))

    return Scrubbing()


def timed(**attributes: Any) -> AbstractContextManager[dict[str, Any]]:
    """A span around the block, where traces are on; what the block puts into the dict is said of it as well."""
    return _traced(attributes) if _tracer else nullcontext({})


@contextmanager
def _traced(attributes: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    said: dict[str, Any] = {}
    with _tracer[0].start_as_current_span("work", record_exception=False) as span:
        try:
            yield said
        finally:
            span.set_attributes({name: value for name, value in {**attributes, **said}.items() if value})


def trace_to(exporter: Any, *, batched: bool = True) -> Any:
    """Let spans go to `exporter`, scrubbed; returns who makes them."""
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415  (of the extra `observe`)
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource({"service.name": "kapclinic"}))
    processor: Any = BatchSpanProcessor if batched else SimpleSpanProcessor
    provider.add_span_processor(processor(scrubbing(exporter)))
    _tracer[:] = [provider.get_tracer("kapclinic")]
    return provider


def start() -> None:
    """Start whatever an address is set for; in each process, once.

    :raises Missing: when the packages of the extra `observe` are not there
    """
    try:
        if settings.SENTRY_DSN:
            import sentry_sdk  # noqa: PLC0415  (of the extra `observe`)

            sentry_sdk.init(**sentry_options(settings.SENTRY_DSN))
        if settings.TRACES_URL and not _tracer:
            from opentelemetry.exporter.otlp.proto.http import trace_exporter  # noqa: PLC0415

            trace_to(trace_exporter.OTLPSpanExporter(endpoint=settings.TRACES_URL))
    except ImportError as exc:
        raise Missing(EXTRA) from exc
