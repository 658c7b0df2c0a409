"""Programs over HTTP: they show session facts, so they stand in the top room."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.errors import Invalid
from kapclinic.core.http.fields import Reason, shown
from kapclinic.core.http.params import Param
from kapclinic.core.moments import begin_of
from kapclinic.practice.models import Role
from kapclinic.practice.rules import BOOKERS, CLINICIANS
from kapclinic.practice.selectors import of_found, of_person
from kapclinic.trail.http import ListMixin, RetrieveMixin
from programs import services as programs
from programs.api.program_bodies import ProgramIn, ProgramPatch
from programs.models import Modality, Phase, Program
from programs.rules import LEADERS
from programs.selectors import programs_with_relations
from sessions.booking.models import Session
from sessions.booking.rules import FURTHEST
from sessions.booking.services.allocations import ResourceConflict
from sessions.course import services
from sessions.course.api import plan_bodies, program_bodies
from sessions.course.selectors import law, maintenance, progress, proposals
from sessions.course.selectors.nearest import sought_in_plan
from sessions.course.services.plans import PlanConflict
from sessions.dosing.selectors import with_seen
from sessions.visits.api import session_bodies
from sessions.visits.api.nearest import TellsNearest
from sessions.visits.selectors import warnings
from sessions.visits.selectors.nearest import Sought
from sessions.visits.selectors.sessions import session_rows

READERS = BOOKERS | {Role.BILLING}
WISHES = (
    Param(
        "from", "moment", doc="nothing before it: a time with offset, or a date; a past one is taken as now"
    ),
    Param(
        "days",
        "weekday",
        several=True,
        doc="weekdays that suit, 0 is Monday, with a comma between them; in place of the program's `preferred_days`",
    ),
    Param(
        "hours",
        "hours",
        doc="local times between which sessions begin, e.g. 09:00-13:00; in place of `preferred_hours`",
    ),
    Param(
        "modality",
        choices=tuple(Modality.values),
        doc="of preparation and integration, in place of `accepted_modalities`",
    ),
)


class ProgramViewSet(ListMixin, RetrieveMixin, TellsNearest):
    object_type = "program"
    client_path = "client_id"
    logged = frozenset({"list", "retrieve", "propose_plan"})
    roles: ClassVar = {
        "list": READERS,
        "retrieve": READERS,
        "create": BOOKERS,
        "partial_update": BOOKERS,
        "hold": CLINICIANS,
        "resume": CLINICIANS,
        "discontinue": CLINICIANS,
        "end_dosing": LEADERS,
        "complete": LEADERS,
        "maintain": LEADERS,
        "go_on": LEADERS,
        "propose_plan": BOOKERS,
        "book_plan": BOOKERS,
    }
    inputs: ClassVar = {
        "create": ProgramIn,
        "partial_update": ProgramPatch,
        "hold": program_bodies.MayReason,
        "resume": program_bodies.MayReason,
        "discontinue": Reason,
        "end_dosing": program_bodies.MayReason,
        "complete": program_bodies.MayReason,
        "maintain": program_bodies.MaintainIn,
        "go_on": program_bodies.ContinueIn,
        "book_plan": plan_bodies.PlanIn,
    }
    output = program_bodies.ProgramOut
    outputs: ClassVar = {
        "propose_plan": plan_bodies.PlanOut,
        "maintain": plan_bodies.MaintainedOut,
        "go_on": program_bodies.ContinuedOut,
        "book_plan": session_bodies.BookedPlanOut,
    }
    created = frozenset({"create", "book_plan", "go_on"})
    filters = (
        Param("client", "uuid", of_person("client_id")),
        Param("location", "uuid", "location_id"),
        Param("therapist", "uuid", "therapist_id"),
        Param("prescriber", "uuid", "prescriber_id"),
        Param("status", choices=tuple(Program.Status.values)),
        Param("phase", choices=tuple(Phase.values)),
    )
    params: ClassVar = {
        "propose_plan": WISHES,
        "book_plan": (Param("preview", "bool", doc="true: nothing is booked, the answer tells what would"),),
    }
    orderings: ClassVar = {"created_at": "created_at"}
    default_order = ("-created_at",)
    searches = staticmethod(of_found)
    search_doc = "the client, by what `clients/` finds them by"

    def get_queryset(self) -> QuerySet[Program]:
        return with_seen(programs_with_relations().filter(location__in=list(self.user.locations)))

    def represent(self, row: Any, *, many: bool = False) -> Any:
        context = dict(self.get_serializer_context()) | {
            "progress": progress.progress(row if many else [row]),
            "stopped": law.stopped(row if many else [row], at=self.at),
        }
        return shown(program_bodies.ProgramOut, row, many=many, context=context)

    def create(self, request: Request) -> Response:
        program = services.open_program(values=self.body(), by=self.user, at=self.at)
        return self._again(program.pk, status=201)

    def _again(self, pk: UUID, *, status: int = 200) -> Response:
        """The program as it stands after the write."""
        return self.answer(self.get_queryset().get(pk=pk), status=status)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        program = self.matched()
        services.change_program(program=program, values=self.given(program), by=self.user, at=self.at)
        return self._again(pk)

    def hold(self, request: Request, pk: UUID) -> Response:
        return self._move("hold", reason=self.body()["reason"])

    def resume(self, request: Request, pk: UUID) -> Response:
        return self._move("resume", reason=self.body()["reason"])

    def _move(self, move: str, *, reason: str) -> Response:
        program = self.get_object()
        programs.move_program(program_id=program.pk, move=move, reason=reason, by=self.user, at=self.at)
        return self._again(program.pk)

    def discontinue(self, request: Request, pk: UUID) -> Response:
        program = self.get_object()
        reason = self.body()["reason"]
        services.discontinue(program_id=program.pk, reason=reason, by=self.user, at=self.at)
        return self._again(program.pk)

    def end_dosing(self, request: Request, pk: UUID) -> Response:
        self.body()
        services.end_dosing(program_id=self.get_object().pk, by=self.user, at=self.at)
        return self._again(pk)

    def complete(self, request: Request, pk: UUID) -> Response:
        self.body()
        services.complete_program(program_id=self.get_object().pk, by=self.user, at=self.at)
        return self._again(pk)

    def go_on(self, request: Request, pk: UUID) -> Response:
        """Complete this course and open the next one, with a standing clearance and consents where these still hold."""
        body, earlier = self.body(), self.get_object()
        made = services.continue_program(
            earlier=earlier,
            protocol=body["protocol"],
            therapist=body.get("therapist"),
            reason=body["reason"],
            by=self.user,
            at=self.at,
        )
        carried, answer = made.carried, self._again(made.program.pk, status=201)
        left = [{"what": what, "code": code} for what, code in carried.left.items()]
        told = {"clearance": carried.clearance, "consents": carried.consents, "left": left}
        answer.data |= {"carried": program_bodies.CarriedOut(told).data}
        return answer

    def maintain(self, request: Request, pk: UUID) -> Response:
        """Go on after the doses, or at another rhythm. `plan` proposes the next sessions; nothing is booked."""
        services.maintain(program_id=self.get_object().pk, **self.body(), by=self.user, at=self.at)
        program = self.get_queryset().get(pk=pk)
        answer = self.answer(program)
        answer.data |= {"plan": maintenance.propose_maintenance(program=program, at=self.at)}
        return answer

    def propose_plan(self, request: Request, pk: UUID) -> Response:
        """Every session that the course still needs. Wishes hold for this answer; what can't be met `unmet` says.

        In maintenance these are the next sessions of its rhythm, without wishes.
        """
        program = self.get_object()
        if program.phase == Phase.MAINTENANCE:
            return Response(maintenance.propose_maintenance(program=program, at=self.at))
        found = proposals.propose(program=program, at=self.at, wishes=self._wishes(program))
        return Response(proposals.told(found, program))

    def _wishes(self, program: Program) -> proposals.Wishes:
        query = self.query()
        start = begin_of(query["from"], program.location.zone) if "from" in query else None
        if start is not None and start > self.at + FURTHEST:
            raise Invalid.field("from", "from: two years ahead at most.", code="too_far")
        return proposals.Wishes(start, query.get("days"), query.get("hours"), query.get("modality"))

    def missed(self, refusal: ResourceConflict) -> Sought | None:
        if not isinstance(refusal, PlanConflict):
            return None
        return sought_in_plan(self.get_object(), self.body()["sessions"], refusal.row)

    @extend_schema(responses={201: session_bodies.BookedPlanOut, 200: plan_bodies.PlanPreviewOut})
    def book_plan(self, request: Request, pk: UUID) -> Response:
        """Book all of a plan or none. With `preview=true` nothing is booked: the answer says what each row brings."""
        program = self.get_object()
        asked = {"program_id": program.pk, "rows": self.body()["sessions"], "by": self.user, "at": self.at}
        if self.only_looks():
            return Response(plan_bodies.PlanPreviewOut(services.preview_plan(**asked)).data)
        made = services.book_plan(**asked)
        rows = session_rows(Session.objects.filter(pk__in=[session.pk for session in made]), by=self.user)
        shown = session_bodies.all_shown(rows.order_by("starts_at"), self.user)
        warned = {session.pk: warnings.warnings_of(session) for session in made}
        for row in shown:
            row["warnings"] = warned[row["id"]]
        together = sorted({code for codes in warned.values() for code in codes})
        return Response({"sessions": shown, "warnings": together}, status=201)
