"""Runs of superbills and exports over HTTP: asked for, looked at, stopped, and their file fetched."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.jobs import rules, selectors, services
from billing.jobs.api import job_bodies
from billing.jobs.models import Job, JobQuerySet, Kind, State
from kapclinic.core.errors import Conflict
from kapclinic.core.http.fields import Empty
from kapclinic.core.http.papers import Printed
from kapclinic.core.http.params import Param
from kapclinic.practice.rules import BILLERS
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin


class FileNotReady(Conflict):
    code, title = "file_not_ready", "There is no file of this job"


class JobViewSet(Printed, ListMixin, RetrieveMixin, ClinicViewSet):
    """What runs and exports have in common."""

    queryset = Job.objects.all()
    kinds: ClassVar[tuple[str, ...]]
    client_path = "client"
    papers = frozenset({"file"})
    logged = frozenset({"list", "retrieve", "file"})
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "file", "stop"), BILLERS)
    filters: ClassVar[tuple[Param, ...]] = (
        Param("state", choices=tuple(State.values)),
        Param("location", "uuid", "location_id"),
        Param("from_date", "date", "from_date__gte", doc="periods that begin on this day or later"),
        Param("to_date", "date", "to_date__lte", doc="periods that end on this day or earlier"),
    )
    orderings: ClassVar = {"created_at": "created_at"}
    default_order = ("-created_at",)

    def get_queryset(self) -> JobQuerySet:
        return selectors.jobs().visible_to(self.user).filter(kind__in=self.kinds)

    def touch(self, row: Any) -> None:
        """A job tells of the clients who were left out."""
        for left in getattr(row, "skipped", ()):
            super().touch(left)

    def asked(self, job: Job) -> Response:
        self._touched |= selectors.clients_of(job)
        return self.answer(self.get_queryset().get(pk=job.pk), status=202)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def file(self, request: Request, pk: UUID) -> Response:
        """The file of a job that is done, byte for byte, under a name that tells of nobody."""
        job = self.get_object()
        if job.sha256 is None:
            raise FileNotReady("It is there once the job is done.", state=job.state)
        self._touched |= selectors.clients_of(job)
        form = rules.FORMS[Kind(job.kind)]
        name = f"{job.kind.replace('_', '-')}-{job.from_date}-{job.to_date}.{form.ending}"
        return self.hand_out(selectors.file_of(job), name=name, media_type=form.media_type, sha256=job.sha256)

    def stop(self, request: Request, pk: UUID) -> Response:
        """Stop a job: what it has issued stays, and what it would have exported counts as not exported."""
        self.body()
        services.stop(job_id=self.get_object().pk, by=self.user, at=self.at)
        return self.answer(self.get_object())


class SuperbillRunViewSet(JobViewSet):
    kinds = (Kind.SUPERBILL_RUN,)
    object_type = "superbill_run"
    inputs: ClassVar = {"create": job_bodies.RunIn, "stop": Empty}
    output = job_bodies.JobOut

    @extend_schema(responses={202: job_bodies.JobOut})
    def create(self, request: Request) -> Response:
        """Issue a period's superbills as a job, one for each client; what stands on a superbill already is left out."""
        return self.asked(services.ask_for_run(values=self.body(), by=self.user, at=self.at))


class ExportViewSet(JobViewSet):
    kinds = rules.EXPORTS
    object_type = "export"
    inputs: ClassVar = {"create": job_bodies.ExportIn, "stop": Empty}
    fresh = frozenset({"create"})
    output = job_bodies.ExportOut
    filters = (*JobViewSet.filters, Param("kind", choices=rules.EXPORTS))

    @extend_schema(responses={202: job_bodies.ExportOut})
    def create(self, request: Request) -> Response:
        """Pack what was issued or booked as a job. With `since_last` only what no export of its kind held before."""
        return self.asked(services.ask_for_export(values=self.body(), by=self.user, at=self.at))
