"""Django REST framework as its tutorial writes it: model serializers, a token, pages, no guard and no trace.

It reads and writes the clinic's own tables through models of its own, with the settings that such a project has.
"""

# ruff: noqa: DJ008  (nobody prints these rows)
from __future__ import annotations

import hashlib
import os
from typing import Any, ClassVar
from uuid import uuid4

import environ
from django.conf import settings

settings.configure(
    SECRET_KEY="bench-only-" + "0" * 40,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={
        "default": environ.Env.db_url_config(os.environ["DATABASE_URL"])
        | {"CONN_MAX_AGE": 60, "OPTIONS": {"options": "-c kap.scope=all:test"}}
    },
    INSTALLED_APPS=["rest_framework"],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    REST_FRAMEWORK={
        "UNAUTHENTICATED_USER": None,
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
        "PAGE_SIZE": 100,
    },
)

import django  # noqa: E402

django.setup()

from django.contrib.postgres.fields import ArrayField, IntegerRangeField  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models, transaction  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from psycopg.types.range import Range  # noqa: E402
from rest_framework import filters, generics, serializers  # noqa: E402
from rest_framework.authentication import BaseAuthentication  # noqa: E402
from rest_framework.exceptions import AuthenticationFailed  # noqa: E402
from rest_framework.permissions import BasePermission  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class Row(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid4)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.UUIDField()

    class Meta:
        abstract = True


class User(models.Model):
    id = models.UUIDField(primary_key=True)
    email = models.CharField(max_length=254)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField()

    class Meta:
        managed, db_table, app_label = False, "practice_user", "plain"


class Token(models.Model):
    id = models.UUIDField(primary_key=True)
    digest = models.CharField(max_length=64)
    user = models.ForeignKey(User, on_delete=models.PROTECT)

    class Meta:
        managed, db_table, app_label = False, "practice_authtoken", "plain"


class Client(Row):
    mrn = models.CharField(max_length=12)
    legal_first_name = models.CharField(max_length=80)
    legal_last_name = models.CharField(max_length=80)
    chosen_name = models.CharField(max_length=80)
    date_of_birth = models.DateField()
    phone = models.CharField(max_length=30)
    email = models.CharField(max_length=254)

    class Meta:
        managed, db_table, app_label = False, "practice_client", "plain"


class Room(Row):
    name = models.CharField(max_length=80)

    class Meta:
        managed, db_table, app_label = False, "practice_room", "plain"


class Program(Row):
    client = models.ForeignKey(Client, on_delete=models.PROTECT)
    location_id = models.UUIDField()

    class Meta:
        managed, db_table, app_label = False, "programs_program", "plain"


class Session(Row):
    updated_at = models.DateTimeField(default=timezone.now)
    version = models.IntegerField(default=1)
    program = models.ForeignKey(Program, on_delete=models.PROTECT)
    client = models.ForeignKey(Client, on_delete=models.PROTECT)
    location_id = models.UUIDField()
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True)
    staff = models.JSONField()
    kind = models.CharField(max_length=15)
    number = models.IntegerField(default=1)
    modality = models.CharField(max_length=10, default="in_person")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    status = models.CharField(max_length=12, default="scheduled")
    source = models.CharField(max_length=10, default="staff")
    outcome = models.CharField(max_length=12, default="")
    weight_source = models.CharField(max_length=10, default="measured")
    weight_confirmed = models.BooleanField(default=True)
    checked_in_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=1000, default="")
    override_reason = models.CharField(max_length=1000, default="")
    video_url = models.CharField(max_length=300, default="")

    class Meta:
        managed, db_table, app_label = False, "clinic_sessions_session", "plain"


class Allocation(Row):
    session = models.ForeignKey(Session, on_delete=models.PROTECT)
    kind = models.CharField(max_length=6)
    resource = models.UUIDField()
    role = models.CharField(max_length=30)
    lanes = IntegerRangeField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        managed, db_table, app_label = False, "clinic_sessions_allocation", "plain"


class Reading(Row):
    session = models.ForeignKey(Session, on_delete=models.PROTECT)
    phase = models.CharField(max_length=10, default="in_session")
    systolic = models.IntegerField()
    diastolic = models.IntegerField()
    heart_rate = models.IntegerField()
    spo2 = models.IntegerField()
    respiratory_rate = models.IntegerField()
    sedation = models.IntegerField()
    not_obtainable = ArrayField(models.CharField(max_length=20), default=list)
    unusual = models.JSONField(default=list)
    measured_at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)
    recorded_by_id = models.UUIDField()
    source = models.CharField(max_length=10, default="manual")
    action_taken = models.CharField(max_length=1000, default="")
    bands = models.JSONField(default=dict)

    class Meta:
        managed, db_table, app_label = False, "clinic_sessions_reading", "plain"


class ByToken(BaseAuthentication):
    def authenticate(self, request: Any) -> tuple[User, Token]:
        secret = request.headers.get("Authorization", "").removeprefix("Token ")
        digest = hashlib.sha256(secret.encode()).hexdigest()
        token = Token.objects.select_related("user").filter(digest=digest).first()
        if token is None or not token.user.is_active:
            raise AuthenticationFailed
        return token.user, token


class SignedIn(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return request.user is not None


class ClientOut(serializers.ModelSerializer[Client]):
    class Meta:
        model = Client
        exclude: ClassVar = ["created_by"]


class RoomOut(serializers.ModelSerializer[Room]):
    class Meta:
        model = Room
        fields: ClassVar = ["id", "name"]


class SessionOut(serializers.ModelSerializer[Session]):
    client = ClientOut(read_only=True)
    room = RoomOut(read_only=True)

    class Meta:
        model = Session
        exclude: ClassVar = ["created_by"]


class SessionIn(serializers.ModelSerializer[Session]):
    class Meta:
        model = Session
        fields: ClassVar = ["program", "room", "staff", "kind", "starts_at", "ends_at"]


class ReadingOut(serializers.ModelSerializer[Reading]):
    class Meta:
        model = Reading
        exclude: ClassVar = ["created_by"]
        read_only_fields: ClassVar = ["recorded_by_id"]


class Base(generics.GenericAPIView[Any]):
    authentication_classes: ClassVar = [ByToken]
    permission_classes: ClassVar = [SignedIn]


class Day(Base, generics.ListAPIView[Session]):
    serializer_class = SessionOut

    def get_queryset(self) -> Any:
        asked = self.request.query_params
        rows = Session.objects.select_related("client", "room").filter(location_id=asked["location"])
        return rows.filter(starts_at__gte=asked["from"], starts_at__lt=asked["to"]).order_by(
            "starts_at", "id"
        )


class Readings(Base, generics.ListAPIView[Reading]):
    serializer_class = ReadingOut

    def get_queryset(self) -> Any:
        return Reading.objects.filter(session=self.request.query_params["session"]).order_by(
            "measured_at", "id"
        )


class Search(Base, generics.ListAPIView[Client]):
    serializer_class = ClientOut
    filter_backends: ClassVar = [filters.SearchFilter]
    search_fields: ClassVar = ["legal_first_name", "legal_last_name", "mrn"]
    queryset = Client.objects.order_by("legal_last_name", "legal_first_name")


class Record(Base, generics.CreateAPIView[Reading]):
    serializer_class = ReadingOut

    def perform_create(self, serializer: Any) -> None:
        serializer.save(created_by=self.request.user.id, recorded_by_id=self.request.user.id)


class Book(Base, generics.CreateAPIView[Session]):
    serializer_class = SessionIn

    @transaction.atomic
    def create(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        program, by = serializer.validated_data["program"], request.user.id
        row = serializer.save(client_id=program.client_id, location_id=program.location_id, created_by=by)
        held = [("client", row.client_id, ""), ("room", row.room_id, "")]
        held += [("staff", person["user"], person["role"]) for person in row.staff]
        times = {"session": row, "created_by": by, "starts_at": row.starts_at, "ends_at": row.ends_at}
        Allocation.objects.bulk_create(
            Allocation(kind=kind, resource=resource, role=role, lanes=Range(0, 100), **times)
            for kind, resource, role in held
        )
        return Response(SessionOut(row).data, status=201)


class Bare(APIView):
    """A view that does nothing: what asking who I am is measured against."""

    authentication_classes: ClassVar = []
    permission_classes: ClassVar = []

    def get(self, request: Any) -> Response:
        return Response({"name": "Nobody"})


urlpatterns = [
    path("readyz", lambda request: HttpResponse("ok")),
    path("day/", Day.as_view()),
    path("readings/", Readings.as_view()),
    path("search/", Search.as_view()),
    path("record/", Record.as_view()),
    path("book/", Book.as_view()),
    path("me/", Bare.as_view()),
]
application = get_wsgi_application()
