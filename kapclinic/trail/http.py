"""The base of every API view: roles per action, one transaction per write, idempotency, ETags, and the access log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Any, ClassVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet
from django.http import Http404
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from kapclinic.core import clock, scope, standby
from kapclinic.core.http import params
from kapclinic.core.http.asked import AskedOnce
from kapclinic.core.http.bodies import Bodies
from kapclinic.core.http.etags import etag_of, require_match
from kapclinic.core.http.fields import shown
from kapclinic.core.http.params import Param
from kapclinic.core.http.permissions import RolesPerAction
from kapclinic.core.http.problems import translate
from kapclinic.core.http.rates import AccountLimit
from kapclinic.core.http.renderers import Negotiation, Told
from kapclinic.core.postgresql.scoped import Asks, at_once
from kapclinic.trail import glass, idempotency, services, strangers, threshold, writes
from kapclinic.trail.glass import SAFE
from kapclinic.trail.models import BreakGlass

ANYONE: frozenset[str] = frozenset()  # any signed-in user
NOT_MODIFIED, UNKNOWN = 304, 401
TAG = "HTTP_IF_NONE_MATCH"
REPLICA_AGE = "X-Kap-Replica-Age"  # the header of an answer that a standby gave: seconds
BEHIND_ALL = timedelta(hours=12)  # UTC-12, where a day ends last


class ClinicViewSet(AskedOnce, Bodies, GenericViewSet[Any]):
    """Declares; the mechanism is here.

    public       actions that need no login;         always   those of somebody who must change their password first
    roles        action -> roles that may (ANYONE: any signed-in user); an action that is not named is closed
    late_roles   action -> further roles that may with an `override_reason`: long afterwards, as the service judges
    leave_roles  action -> further roles that may where a location of theirs lets them: `has_leave()`
    inputs       action -> serializer of the body;   outputs  action -> serializer of the answer (else `output`)
    filters      parameters of the list;             params   action -> query parameters of another action
    paged        GET actions that answer a page;     created  actions that answer 201, beside `create`
    orderings    public name -> ORM path;            searches function (queryset, text) -> queryset
    object_type  what the audit log calls a row;     client_path  attribute path from a row to its client's id
    logged       GET actions that read a client's record, and so leave an audit event
    reports      GET actions that a standby may answer, by `source`, whenever `is_past()`
    vital        actions on which somebody's safety hangs: no limit of an account stands before them
    opens_by_glass  may a broken glass show what is `logged`? (`trail.glass`)
    by_session   actions that a bearer token may not do
    whole        those that one may not do which is narrowed to some of its owner's roles or locations
    fresh        actions for which whoever has a second factor proved it in the last five minutes, at a browser
    fresh_for_all likewise for everybody, by the password of who has none
    asks_nothing GET actions whose answer was there when it was known who asks: no transaction is begun for them
    polls        GET actions that ask one statement alone of who brings a tag, and `begin()` when more is to be asked
    unenrolled   actions of one without a second factor, where the clinic asks for one; all others are closed to them
    scope_name   of a view that asks in a scope of that name (`core.scope`), and not as whoever is signed in
    replay_by_id keep only the id of an answer to an Idempotency-Key; a replay reads the row again
    """

    permission_classes: ClassVar[list[type[BasePermission]]] = [RolesPerAction]  # type: ignore[misc]
    throttle_classes: ClassVar[list[type[AccountLimit]]] = [AccountLimit]  # type: ignore[misc]
    content_negotiation_class = Negotiation
    lookup_value_converter = "uuid"
    public: ClassVar[frozenset[str]] = frozenset()
    always: ClassVar[frozenset[str]] = frozenset()
    roles: ClassVar[Mapping[str, frozenset[str]]] = {}
    late_roles: ClassVar[Mapping[str, frozenset[str]]] = {}
    leave_roles: ClassVar[Mapping[str, frozenset[str]]] = {}
    inputs: ClassVar[Mapping[str, type[BaseSerializer[Any]]]] = {}
    outputs: ClassVar[Mapping[str, type[BaseSerializer[Any]]]] = {}
    output: ClassVar[type[BaseSerializer[Any]] | None] = None
    filters: ClassVar[tuple[Param, ...]] = ()
    params: ClassVar[Mapping[str, tuple[Param, ...]]] = {}
    orderings: ClassVar[Mapping[str, str]] = {}
    default_order: ClassVar[tuple[str, ...]] = ()
    paged: ClassVar[frozenset[str]] = frozenset({"list"})
    created: ClassVar[frozenset[str]] = frozenset({"create"})
    searches: ClassVar[Any] = None
    search_doc: ClassVar[str] = ""
    object_type: ClassVar[str] = "object"
    client_path: ClassVar[str | None] = None
    logged: ClassVar[frozenset[str]] = frozenset({"list", "retrieve"})
    reports: ClassVar[frozenset[str]] = frozenset()
    opens_by_glass: ClassVar[bool] = True
    by_session: ClassVar[frozenset[str]] = frozenset()
    whole: ClassVar[frozenset[str]] = frozenset()
    fresh: ClassVar[frozenset[str]] = frozenset()
    fresh_for_all: ClassVar[frozenset[str]] = frozenset()
    polls: ClassVar[frozenset[str]] = frozenset()
    unenrolled: ClassVar[frozenset[str]] = frozenset()
    idempotent: ClassVar[bool] = True
    key_required: ClassVar[frozenset[str]] = frozenset()
    replay_by_id: ClassVar[bool] = False
    vital: ClassVar[frozenset[str]] = frozenset()
    scope_name: ClassVar[str] = ""

    at: datetime
    source = DEFAULT_DB_ALIAS  # the database that a report reads its rows from
    within: ExitStack
    glass: BreakGlass | None = None  # the one through which this answer is read
    _values: dict[str, Any] | None = None  # what `query` has read

    # --- the life of a request -----------------------------------------------------------------------------
    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """As in Django REST framework, but the handler of a write runs inside one transaction with its traces."""
        self.args, self.kwargs = args, kwargs
        self.at, self.has_begun, self.has_locked = clock.now(), False, False
        self.forget()
        drf_request = self.initialize_request(request, *args, **kwargs)
        self.request, self.headers = drf_request, self.default_response_headers
        with scope.nobody():  # yet
            try:
                response = glass.answered(self, lambda: self._begun(drf_request, *args, **kwargs))
            except Exception as exc:  # noqa: BLE001  (handle_exception re-raises what nobody anticipated)
                self._log_refusal(exc)
                response = self.handle_exception(exc)
        self.response = self.finalize_response(drf_request, response, *args, **kwargs)
        return self.response

    def _begun(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The request from its first look to its answer; a read is asked again through a glass."""
        with ExitStack() as self.within:
            self.initial(request, *args, **kwargs)
            handler = getattr(self, str(request.method).lower(), self.http_method_not_allowed)
            return self._run(handler, request, *args, **kwargs)

    def forget(self) -> None:
        """Nothing was read yet."""
        self._touched: set[UUID] = set()
        self._object_id: UUID | None = None

    def seen(self) -> frozenset[UUID]:
        """Whose record was read for this answer."""
        return frozenset(self._touched)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Signed in, of a role that may, and let in by what stands at the door (`trail.threshold`)."""
        super().initial(request, *args, **kwargs)
        threshold.let_in(request, self)

    def perform_authentication(self, request: Request) -> None:
        """Whoever signed in is known, and from here on the database is asked in their scope; by a GET all at once."""
        super().perform_authentication(request)
        scope.become(request.user, named=self.scope_name)
        is_poll = self.action in self.polls and TAG in request.META
        if request.method in SAFE and self.action not in self.asks_nothing and not is_poll:
            self.begin()

    def begin(self) -> None:
        """From here on a GET asks all at once: in one transaction, which ends with its answer."""
        self.within.enter_context(at_once())

    def _run(self, handler: Callable[..., Response], request: Request, *args: Any, **kwargs: Any) -> Response:
        self.query()  # refuses an unknown parameter, whatever the method
        if request.method in SAFE:
            return self._tell(lambda: handler(request, *args, **kwargs))
        return writes.run(self, lambda: handler(request, *args, **kwargs))

    def _tell(self, handler: Callable[[], Response]) -> Response:
        """The answer of a GET, and the trace that it leaves."""
        response = self._read(handler)
        glass.admit(self, response)
        told = response.status_code != NOT_MODIFIED
        if told and self.client_path is not None and self.action in self.logged:
            self.begin()
            self.log(outcome="ok")
        return response

    def _read(self, handler: Callable[[], Response]) -> Response:
        """The answer of a GET: of the standby, with its age, where this is a report and there is a fresh one."""
        if self.action not in self.reports or not self.is_past():
            return handler()

        def ask(source: str) -> Response:
            self.source, self._touched = source, set()
            return handler()

        response, age = standby.read(ask)
        if age is not None:
            response[REPLICA_AGE] = str(ceil(age))
        return response

    def is_past(self) -> bool:
        """Does this report tell only of what is over? The day that it ends with is, once it is over everywhere."""
        return True

    def is_over(self, day: date | None) -> bool:
        """Has this day ended in every time zone?"""
        return day is not None and day < (self.at.astimezone(UTC) - BEHIND_ALL).date()

    def has_leave(self) -> bool:
        """Does a location of the user let somebody of `leave_roles` do this? Asked before the request is looked at."""
        return False

    def may_begin(self) -> bool:
        """Is nothing done in `before_write`, so that the transaction may begin earlier (`writes.begin`)?"""
        return True

    def before_write(self) -> None:
        """A hook before the transaction of a write: what it saves stays, also when the write is refused."""

    def locks(self) -> idempotency.Locks | None:
        """What this request locks first of all: a request with a key does so in the statement that takes the key."""
        return None

    def behind_locks(self) -> Sequence[Asks]:
        """What is asked first behind these `locks`, in that order: it goes out with them (`scoped.ahead`).

        It locks nothing, or does so only when the request is to act (`trail.sql.ACTS`).
        """
        return ()

    def only_looks(self) -> bool:
        """Is this a preview? It changes nothing, so its answer is not kept under an Idempotency-Key."""
        return self.action == "preview" or self.query().get("preview") is True

    def reauthorise(self, answer: Any) -> None:
        """Before a stored answer is replayed: the caller must still be able to see what it tells of."""
        if self.lookup_field in self.kwargs:
            self.get_object()
        elif (
            isinstance(answer, dict)
            and "id" in answer
            and not self.get_queryset().filter(pk=answer["id"]).exists()
        ):
            raise Http404

    def replay(self, answer: Any, status: int) -> Response:
        """The answer of `replay_by_id`: the row as it is now; that is a read, and logged as one."""
        response = self.answer(self.get_queryset().get(pk=answer["id"]), status=status)
        self.log(outcome="ok")
        return response

    def log(self, *, outcome: str, detail: dict[str, Any] | None = None) -> None:
        user = self.user
        if self.glass is not None:
            detail = {**(detail or {}), "break_glass": str(self.glass.pk)}
        services.log_act(
            by=user.pk,
            roles=user.role_set,
            action=f"{self.object_type}.{self.action}",
            object_type=self.object_type,
            object_id=self._object_id or self.kwargs.get("pk"),
            clients=self._touched,
            outcome=outcome,
            detail=detail,
            at=self.at,
        )

    def _log_refusal(self, exc: Exception) -> None:
        error = translate(exc)
        if error is None or error.status not in {UNKNOWN, 403, 404}:
            return  # and nobody asks who it was: the database that knows may be what failed
        known = self.user.is_authenticated
        if error.status == UNKNOWN and self.client_path is not None and not known:
            strangers.note_stranger(
                action=f"{self.object_type}.{self.action}",
                object_type="door",
                object_id=self.kwargs.get("pk"),
                clients=self._named(),
                code=error.code,
                once=True,
                at=self.at,
            )
        if known:
            self._touched = self._named()
            self.log(outcome="refused", detail={"code": error.code})

    def _named(self) -> set[UUID]:
        """The client whom the address names: who was refused at their record stands in their access log."""
        return {self.kwargs["pk"]} if self.client_path == "id" and "pk" in self.kwargs else set()

    @property
    def user(self) -> Any:
        """The staff member who asks; closed routes never get here signed out."""
        return self.request.user

    # --- helpers of handlers -------------------------------------------------------------------------------

    def touch(self, row: Any) -> None:
        """Note whose record `row` belongs to, for the audit event of this request."""
        if self.client_path is None:
            return
        if isinstance(row, dict) or isinstance(row, Mapping):  # noqa: SIM101  (the second look costs ten times as much)
            found: Any = row.get("client") or row.get("client_id")
        else:
            found = row
            for part in self.client_path.split("."):
                found = getattr(found, part, None)
        if found is not None:
            self._touched.add(found if isinstance(found, UUID) else UUID(str(found)))

    def query(self) -> dict[str, Any]:
        """The declared parameters of this action, parsed; an unknown one is refused."""
        if self._values is None:
            known = self.params_of().get(self.action or "", ())
            self._values = params.read(self.request, known, also=self._list_params())
        return dict(self._values)

    def answer(self, row: Any, *, status: int = 200) -> Response:
        """`row` as `outputs[action]`, with its ETag, noted for the access log."""
        self.touch(row)
        if isinstance(key := getattr(row, "pk", None), UUID):
            self._object_id = key
        version = getattr(row, "version", None)
        tag = {"ETag": etag_of(version)} if isinstance(version, int) else None
        return Told(self.represent(row), status, tag)

    def represent(self, row: Any, *, many: bool = False) -> Any:
        return shown(self.output_of(self.action), row, many=many, context=self.get_serializer_context())

    def output_of(self, action: str) -> type[BaseSerializer[Any]]:
        found = self.outputs.get(action, self.output)
        assert found is not None, f"{type(self).__name__} has no output for {action}"
        return found

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return self.inputs.get(self.action) or self.output_of(self.action)

    def matched(self) -> Any:
        """The row that a PATCH is about, locked until the answer, when If-Match names its present version."""
        row = self.get_object()
        locked = type(row)._base_manager.select_for_update(no_key=True).filter(pk=row.pk)
        if locked.values_list("version", flat=True).get() != row.version:
            row = self.get_object()
        require_match(self.request, row)
        return row

    def get_object(self) -> Any:
        """The row of the URL inside `get_queryset()`: one that the user may not see does not exist."""
        row = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        if row is None:
            raise Http404
        self.touch(row)
        return row

    # --- lists ---------------------------------------------------------------------------------------------

    def params_of(self) -> dict[str, tuple[Param, ...]]:
        return {"list": self.filters, **self.params}

    def _list_params(self) -> frozenset[str]:
        """Parameters that every page and every list understands, beside its filters."""
        paging = params.PAGING if self.action in self.paged else frozenset()
        own = {"ordering": self.orderings, "search": self.searches} if self.action == "list" else {}
        return params.RESERVED | paging | {name for name, given in own.items() if given}

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """`queryset` after the list's parameters, search and ordering.

        :raises Invalid: for a parameter that is unknown or unreadable
        """
        values = params.read(self.request, self.filters, also=self._list_params())
        for param in self.filters:
            if param.name in values:
                queryset = param.narrow(queryset, values[param.name], self.request.user)
        text = self.request.query_params.get("search", "").strip()
        if self.searches is not None and text:
            queryset = type(self).searches(queryset, text[:200])
        return params.order(
            queryset, self.request.query_params.get("ordering"), self.orderings, self.default_order
        )

    def rows(self, page: list[Any]) -> list[Any]:
        """The page as plain data; a hot list overrides this with values straight from SQL."""
        return self.represent(page, many=True)  # type: ignore[no-any-return]

    def touch_all(self, rows: Iterable[Any]) -> None:
        for row in rows:
            self.touch(row)


class ListMixin:
    """GET of the collection."""

    def list(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.narrowed(self.get_queryset()).using(self.source))
        self.touch_all(page)
        return self.get_paginated_response(self.rows(page))  # type: ignore[no-any-return]


class RetrieveMixin:
    """GET of one row."""

    def retrieve(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.answer(self.get_object())  # type: ignore[no-any-return]
