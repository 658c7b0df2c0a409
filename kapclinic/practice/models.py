"""Tables of the practice."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import check_password
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Collate, Lower
from django.utils.crypto import salted_hmac

from kapclinic.core.audited import AppendOnlyModel, AuditedBase, AuditedModel, AuditedQuerySet, history
from kapclinic.core.emails import EmailKeyField, email_key
from kapclinic.practice import entry_models, factor_models  # noqa: F401  (their tables are this app's)


class Role(models.TextChoices):
    FRONT_DESK = "front_desk"
    NURSE_PRACTITIONER = "nurse_practitioner"
    THERAPIST = "therapist"
    PRESCRIBER = "prescriber"
    BILLING = "billing"
    MEDICAL_DIRECTOR = "medical_director"
    ADMIN = "admin"


class SessionKind(models.TextChoices):
    """What a room can serve and a session can be."""

    PREPARATION = "preparation"
    DOSING = "dosing"
    INTEGRATION = "integration"
    MEDICAL = "medical"
    MAINTENANCE = "maintenance"


# A program reckons the key of an e-mail; of plain letters the database can tell.
_IS_KEY = Q(email_key=Lower(Collate("email", "C"))) | (Q(email__regex="[^!-~]") & ~Q(email_key=""))
SESSION_SALT = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
SYSTEM_ID = UUID("00000000-0000-7000-8000-000000000001")


@dataclass(frozen=True)
class System:
    """The worker as an actor: known to histories and to the audit log by this fixed id; it cannot sign in."""

    pk: UUID = SYSTEM_ID
    role_set: frozenset[str] = frozenset({"system"})
    locations: tuple[UUID, ...] = ()


SYSTEM = System()
BY_LINK = "client"  # the role of a client who acts by a link; no staff member has it


@dataclass(frozen=True)
class LinkedClient:
    """A client who acts by a link that was sent to them: `pk` is the link's, `locations` its program's place alone."""

    pk: UUID
    locations: tuple[UUID, ...]
    role_set: frozenset[str] = frozenset({BY_LINK})


class Location(AuditedModel):
    """A place where the practice works; `legal_name`, EIN and organization NPI go on its superbills.

    `override_roles` may use a room or a staff member twice at the same time, with a reason; nobody unless named.
    `witness_roles` may witness a waste of drug; any clinician unless named. `counts_required` asks for a count of the
    drug safe at the close of every day on which it moved. A correction that adds more than
    `correction_limit_mg` to a lot opens a discrepancy. `desk_takes_payments` lets the front desk enter payments and
    read what a client owes. Whoever of another location breaks the glass of a client's record reads it for
    `break_glass_minutes`, four hours at most.
    """

    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=60)
    address = models.JSONField(default=dict)
    phone = models.CharField(max_length=30, blank=True)
    dea_number = models.CharField(max_length=9, blank=True)
    pos_code = models.CharField(max_length=2, default="11")
    opening_hours = models.JSONField(
        default=list
    )  # [{"weekday": 0, "from": "08:00", "to": "20:00"}], 0 is Monday
    closed_dates = ArrayField(models.DateField(), default=list)  # holidays, local dates
    override_roles = ArrayField(models.CharField(max_length=30, choices=Role.choices), default=list)
    late_cancel_hours = models.PositiveSmallIntegerField(default=24)
    witness_roles = ArrayField(models.CharField(max_length=30, choices=Role.choices), default=list)
    counts_required = models.BooleanField(default=False)
    correction_limit_mg = models.DecimalField(max_digits=9, decimal_places=3, default=Decimal(100))
    desk_takes_payments = models.BooleanField(default=False)
    break_glass_minutes = models.PositiveSmallIntegerField(default=240)
    legal_name = models.CharField(max_length=160, blank=True)
    ein = models.CharField(max_length=9, blank=True)
    organization_npi = models.CharField(max_length=10, blank=True)
    video_url = models.CharField(max_length=300, blank=True)  # of video sessions; {session} stands for its id

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(Lower("name"), name="location_name_once"),
            models.CheckConstraint(name="location_correction_limit", condition=Q(correction_limit_mg__gte=0)),
            models.CheckConstraint(name="location_glass", condition=Q(break_glass_minutes__range=(5, 240))),
            models.CheckConstraint(name="location_pos_code", condition=Q(pos_code__regex=r"^[0-9]{2}$")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Room(AuditedModel):
    """A room, the kinds of session it serves, and the minutes it needs after each."""

    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="rooms")
    name = models.CharField(max_length=80)
    kinds = ArrayField(models.CharField(max_length=20, choices=SessionKind.choices))
    turnover_min = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("location", Lower("name"), name="room_name_once"),
            models.CheckConstraint(name="room_turnover", condition=Q(turnover_min__lte=240)),
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"], models.Manager.from_queryset(AuditedQuerySet)):  # type: ignore[misc]
    """Looks users up by the key of an e-mail, so in any spelling of it."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email_key=email_key(username or ""))


class User(AuditedBase, AbstractBaseUser):
    """A staff member. One person may hold several roles; `locations` bounds what they see. They are found and counted
    by `email_key`; when `sign_in_round` rises, every browser's session ends.
    """

    last_login = None
    email = models.EmailField(max_length=254, unique=True)
    email_key = EmailKeyField(of="email", max_length=254, unique=True, editable=False)
    name = models.CharField(max_length=120)
    roles = ArrayField(models.CharField(max_length=30, choices=Role.choices), default=list)
    locations = ArrayField(models.UUIDField(), default=list)
    is_active = models.BooleanField(default=True)
    has_factor = models.BooleanField(default=False)  # a second factor of theirs counts (`factor_models`)
    credentials = models.CharField(max_length=40, blank=True)
    npi = models.CharField(max_length=10, blank=True)
    license_number = models.CharField(max_length=40, blank=True)
    license_state = models.CharField(max_length=2, blank=True)
    dea_number = models.CharField(max_length=9, blank=True)
    kap_trained = models.BooleanField(default=False)
    needs_cosign = models.BooleanField(default=False)  # pre-licensed: their notes wait for a second signature
    monitor_capacity = models.PositiveSmallIntegerField(default=1)
    video_url = models.CharField(max_length=300, blank=True)  # of their own sessions, before the location's
    password_change_required = models.BooleanField(default=False)
    password_set_by = models.UUIDField(null=True)
    password_set_at = models.DateTimeField(null=True)
    sign_in_round = models.PositiveIntegerField(default=0)
    notes_sealed_at = models.DateTimeField(
        null=True
    )  # since then their private notes wait (`doors.seal_notes`)
    glass_until = models.DateTimeField(
        null=True
    )  # until then a glass that they broke may stand (`trail.glass`)

    is_narrowed = False  # less than the account: as a token lets its owner act (`tokens.owner_by`)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[UserManager] = UserManager()
    history = history(without=("password", "email_key"))

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="user_email_key", condition=_IS_KEY),
            models.CheckConstraint(name="user_roles", condition=Q(roles__contained_by=list(Role.values))),
            models.CheckConstraint(name="user_capacity", condition=Q(monitor_capacity__range=(1, 20))),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def role_set(self) -> frozenset[str]:
        return frozenset(self.roles)

    @property
    def location_ids(self) -> tuple[UUID, ...]:
        return tuple(self.locations)

    def narrow(self, places: Collection[UUID]) -> None:
        """Act at no other places than these, in memory alone."""
        left = [place for place in self.locations if place in places]
        self.is_narrowed, self.locations = self.is_narrowed or len(left) < len(self.locations), left

    def save(self, *args: Any, **kwargs: Any) -> None:
        """:raises RuntimeError: for the owner of a narrowed token: its fewer roles would become the account's"""
        if self.is_narrowed:
            raise RuntimeError("A narrowed view of an account is not saved: load the row.")
        super().save(*args, **kwargs)

    def check_password(self, raw_password: str | None) -> bool:
        """Compare only. Django would re-hash and save the row here, but a user row is saved only by a known actor."""
        return raw_password is not None and check_password(raw_password, self.password)

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        """What a browser's sign-in is bound to: a new password ends the others, and so does a first second factor."""
        told = f"{self.password}|{self.sign_in_round}" if self.sign_in_round else self.password
        told += "|factor" if self.has_factor else ""
        return salted_hmac(SESSION_SALT, told, secret=secret, algorithm="sha256").hexdigest()


# The type of `by` in verbs that the worker, or a client by a link, calls too; a verb of the staff alone takes a User.
Actor: TypeAlias = User | System | LinkedClient


class WorkingHours(AuditedModel):
    """A weekly rule: this person works here on this weekday from–to, local time of the location, until it ends."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="working_hours")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    weekday = models.PositiveSmallIntegerField()
    starts = models.TimeField()
    ends = models.TimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="hours_weekday", condition=Q(weekday__lte=6)),
            models.CheckConstraint(name="hours_order", condition=Q(starts__lt=F("ends"))),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["user"], condition=Q(ended_at__isnull=True), name="hours_now")
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.starts}-{self.ends}"


class TimeOff(AuditedModel):
    """An exception: this person is away from–to. Cancelled, it frees the hours again and stays as history."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="time_off")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="time_off_order", condition=Q(starts_at__lt=F("ends_at"))),
            models.CheckConstraint(
                name="time_off_cancelled", condition=Q(cancel_reason="") | Q(cancelled_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at}-{self.ends_at}"


class ClientQuerySet(AuditedQuerySet["Client"]):
    def visible_to(self, user: Any) -> ClientQuerySet:
        """Clients of the user's own locations."""
        return self.filter(locations__overlap=list(user.locations))

    def with_merges(self) -> ClientQuerySet:
        """Each client with `merged_into`: the client who they turned out to be, or None."""
        now = ClientAlias.objects.filter(client=OuterRef("pk"), ended_at__isnull=True)
        return self.annotate(merged_into=Subquery(now.values("into")[:1]))


class Client(AuditedModel):
    """A person in care. The legal name goes on documents for payers, the chosen name is used everywhere else."""

    mrn = models.CharField(max_length=12, unique=True)
    legal_first_name = models.CharField(max_length=80)
    legal_last_name = models.CharField(max_length=80)
    chosen_name = models.CharField(max_length=80, blank=True)
    pronouns = models.CharField(max_length=40, blank=True)
    date_of_birth = models.DateField()
    administrative_sex = models.CharField(max_length=1, choices=[(s, s) for s in "FMXU"])
    phone = models.CharField(max_length=30)
    email = models.EmailField(max_length=254, blank=True)
    address = models.JSONField(default=dict)
    time_zone = models.CharField(max_length=60, blank=True)
    emergency_contact = models.JSONField(default=dict)
    escort_contacts = models.JSONField(default=list)
    communication_consent = models.JSONField(default=dict)
    locations = ArrayField(models.UUIDField())
    died_on = models.DateField(null=True)  # while a `Death` of theirs stands: no message leaves
    withdrawn_at = models.DateTimeField(
        null=True
    )  # registered by mistake: of no location, so nobody sees them
    search_text = models.TextField(editable=False)

    objects: ClassVar[Any] = ClientQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="client_sex", condition=Q(administrative_sex__in=list("FMXU"))),
            models.CheckConstraint(
                name="client_has_location",
                condition=Q(locations__len__gte=1, withdrawn_at__isnull=True)
                | Q(locations=[], withdrawn_at__isnull=False),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            GinIndex(OpClass(F("search_text"), name="gin_trgm_ops"), name="client_search"),
            GinIndex(fields=["locations"], name="client_locations"),
            models.Index(fields=["date_of_birth"], name="client_birth"),
        ]

    def __str__(self) -> str:
        return self.mrn

    @property
    def display_name(self) -> str:
        return f"{self.chosen_name or self.legal_first_name} {self.legal_last_name}"

    @property
    def legal_name(self) -> str:
        return f"{self.legal_first_name} {self.legal_last_name}"

    def age_at(self, moment: datetime) -> int:
        """Whole years on the day of `moment`."""
        born, today = self.date_of_birth, moment.date()
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


class ClientAlias(AuditedModel):
    """Two registrations are one person: `client` is `into`, until it ends. No other row is changed by that.

    There are no chains: who is an alias has none, and is nobody else's.
    """

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    into = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=1000)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["client"], condition=Q(ended_at__isnull=True), name="client_alias_once"
            ),
            models.CheckConstraint(name="client_alias_of_another", condition=~Q(client=F("into"))),
            models.CheckConstraint(name="client_alias_reason", condition=~Q(reason="")),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["into"], condition=Q(ended_at__isnull=True), name="client_alias_into")
        ]

    def __str__(self) -> str:
        return f"{self.client_id} is {self.into_id}"


class Death(AppendOnlyModel):
    """A client has died, as `source` told. `ended` keeps what that ended, so that a void can give it back:
    {"programs": {id: status before}, "obligations": [ids]}."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="deaths")
    died_on = models.DateField()
    source = models.CharField(max_length=200)
    ended = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.client_id} {self.died_on}"


class DeathVoid(AppendOnlyModel):
    """The client lives: it was written down by mistake."""

    death = models.OneToOneField(Death, on_delete=models.PROTECT, related_name="void")
    reason = models.CharField(max_length=1000)

    def __str__(self) -> str:
        return f"{self.death_id} voided"
