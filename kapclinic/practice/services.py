"""Verbs of the practice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NotRequired, TypedDict
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction

from kapclinic.core import chance, transitions
from kapclinic.core.audited import change_all_by
from kapclinic.core.emails import email_key
from kapclinic.core.errors import FieldError, IllegalTransition, Invalid, merge
from kapclinic.core.writing import joining
from kapclinic.practice import accounts, doors, glass, notices, rules, selectors
from kapclinic.practice.entry_models import AuthToken
from kapclinic.practice.models import Actor, Client, Location, Room, TimeOff, User, WorkingHours
from kapclinic.practice.rules import token_digest
from kapclinic.trail.models import Outbox
from kapclinic.trail.services import Unwanted

LONGEST_EMAIL = 254
WRITTEN_TO = timedelta(days=30)  # an e-mail that was changed no longer ago is written to as well


class Address(TypedDict):
    line1: str
    line2: NotRequired[str]
    city: str
    state: str
    postal_code: str


class LocationFields(TypedDict, total=False):
    """A location's fields. A change gives only what changes; a new row also gives every field without a default. The
    same goes for the fields of rooms, staff and clients below.
    """

    name: str
    time_zone: str
    address: Address
    phone: str
    dea_number: str
    pos_code: str
    opening_hours: Sequence[rules.Hours]
    closed_dates: list[date]
    override_roles: list[str]
    late_cancel_hours: int
    witness_roles: list[str]
    counts_required: bool
    correction_limit_mg: Decimal
    desk_takes_payments: bool
    break_glass_minutes: int
    legal_name: str
    ein: str
    organization_npi: str
    video_url: str


class RoomFields(TypedDict, total=False):
    location_id: UUID
    name: str
    kinds: list[str]
    turnover_min: int
    is_active: bool


class License(TypedDict, total=False):
    number: str
    state: str


class StaffFields(TypedDict, total=False):
    email: str
    name: str
    roles: list[str]
    locations: list[UUID]
    credentials: str
    npi: str
    license: License
    dea_number: str
    kap_trained: bool
    needs_cosign: bool
    monitor_capacity: int
    video_url: str
    is_active: bool
    password: str
    reason: str


class Contact(TypedDict):
    name: str
    phone: str
    relationship: NotRequired[str]


class Channels(TypedDict, total=False):
    """By which ways a client agreed to be written to or called."""

    email: bool
    sms: bool
    phone: bool


class ClientFields(TypedDict, total=False):
    legal_first_name: str
    legal_last_name: str
    chosen_name: str
    pronouns: str
    date_of_birth: date
    administrative_sex: str
    phone: str
    email: str
    address: Address
    time_zone: str
    emergency_contact: Contact
    escort_contacts: list[Contact]
    communication_consent: Channels
    locations: list[UUID]


def save_location(*, location: Location | None, values: LocationFields, by: Actor, at: datetime) -> Location:
    """Create or change a location.

    :raises Invalid: for an unknown time zone, or opening hours that are reversed or overlap
    """
    location = location or Location()
    hours = values.get("opening_hours")
    errors: list[FieldError] = []
    if "time_zone" in values and not rules.zone_is_known(values["time_zone"]):
        errors.append(
            FieldError("/time_zone", "invalid", "An IANA time zone is expected, e.g. America/Denver.")
        )
    if hours is not None:
        errors += rules.hours_errors(hours, where="opening_hours/")
    merge(errors)
    for name, value in values.items():
        setattr(location, name, value)
    if hours is not None:
        location.opening_hours = rules.as_stored(hours)
    return location.save_by(by, at=at)


def save_room(*, room: Room | None, values: RoomFields, by: Actor, at: datetime) -> Room:
    """Create or change a room."""
    room = room or Room()
    for name, value in values.items():
        setattr(room, name, value)
    return room.save_by(by, at=at)


@joining
def save_staff(*, user: User | None, values: StaffFields, by: Actor, at: datetime) -> User:
    """Create or change a staff account. Other roles, a password by somebody else, closing it and opening it again each
    end at once what was signed in; closing it, other roles and other locations end every glass that it broke.
    `reason` is that of a new password (`doors.give_password`).

    :raises Invalid: for an unknown location, an e-mail that is taken, a weak password, or one's own
    :raises NeedsDirector: for a clinical role that the actor would give to themselves
    :raises LastAdministrator: when nobody would be left who can open an account
    """
    user = user or User()
    before, was_admin = doors.standing(user), accounts.is_administrator(user)
    held = user.role_set
    reads_here = (user.is_active, held, frozenset(user.locations))
    password, license_ = values.get("password"), values.get("license")
    merge(selectors.location_errors(values.get("locations", ())))
    for name, value in values.items():
        if name not in {"password", "license", "reason"}:
            setattr(user, name, value)
    if license_ is not None:
        user.license_number, user.license_state = license_.get("number", ""), license_.get("state", "")
    accounts.refuse_own_roles(user, before=held, by=by)
    _refuse_email(user)
    accounts.refuse_last_administrator(user, was=was_admin)
    if password is not None and before is not None:
        doors.give_password(user=user, password=password, reason=values.get("reason", ""), by=by, at=at)
    elif password is not None:
        doors.first_password(user=user, password=password, by=by, at=at)
    elif not user.password:
        user.set_unusable_password()
    doors.end_with(user=user, was=before, by=by, at=at)
    if reads_here != (user.is_active, user.role_set, frozenset(user.locations)):
        glass.end_all(user=user, by=by, at=at)
    return user.save_by(by, at=at)


def _refuse_email(user: User) -> None:
    """:raises Invalid: for an e-mail that is somebody's in whatever spelling, or whose key has no room"""
    key = email_key(user.email)
    if not key or len(key) > LONGEST_EMAIL:
        raise Invalid.field("email", "This e-mail can't be an account's.", code="invalid")
    if User.objects.filter(email_key=key).exclude(pk=user.pk).exists():
        raise Invalid.field("email", "This e-mail has an account already.", code="taken")


@transaction.atomic
def replace_hours(
    *, user: User, rows: Sequence[rules.PlacedHours], by: Actor, at: datetime, where: str = ""
) -> None:
    """End the present weekly hours and write these; looks at no session (`absences.services.change_hours` does).

    `where` is their place in the request, for the pointers of a refusal.

    :raises Invalid: for an unknown location, reversed or overlapping hours
    """
    errors = rules.hours_errors(rows, where=where)
    unknown = selectors.unknown_locations(row["location"] for row in rows)
    errors += [
        FieldError(f"/{where}{i}/location", "not_found", "There is no such location.")
        for i, row in enumerate(rows)
        if row["location"] in unknown
    ]
    merge(errors)
    for old in selectors.current_hours(user_id=user.pk).select_for_update(of=("self",)):
        old.ended_at = at
        old.save_by(by, at=at)
    for row in rows:
        WorkingHours(
            user=user,
            location_id=row["location"],
            weekday=row["weekday"],
            starts=row["starts"],
            ends=row["ends"],
        ).save_by(by, at=at)


def write_time_off(
    *, user: User, starts_at: datetime, ends_at: datetime, reason: str, by: Actor, at: datetime
) -> TimeOff:
    """Write down that a staff member is away; looks at no session (`absences.services.add_time_off` does).

    :raises Invalid: when the end is not after the start
    """
    if ends_at <= starts_at:
        raise Invalid.field("ends_at", "The end must be after the start.", code="reversed")
    return TimeOff(user=user, starts_at=starts_at, ends_at=ends_at, reason=reason).save_by(by, at=at)


class TimeOffOver(IllegalTransition):
    title = "This time off is over"


@transaction.atomic
def cancel_time_off(*, time_off_id: UUID, reason: str, by: User, at: datetime) -> TimeOff:
    """The staff member is there after all: what is left of the time off can be booked again.

    :raises NotPermitted: by a role that may not say who is away
    :raises TimeOffOver: when it was cancelled before, or lies in the past
    """
    transitions.require_role(by, rules.ABSENCE_ROLES, what="Cancelling time off")
    row: TimeOff = TimeOff.objects.select_for_update().get(pk=time_off_id)
    if row.cancelled_at is not None:
        raise TimeOffOver("This time off was cancelled before.", state="cancelled")
    if row.ends_at <= at:
        raise TimeOffOver("This time off has passed.", state="over")
    row.cancelled_at, row.cancel_reason = at, reason
    return row.save_by(by, at=at)


def _next_mrn() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('practice_mrn')")
        return f"KC{cursor.fetchone()[0]:07d}"


def save_client(*, client: Client | None, values: ClientFields, by: User, at: datetime) -> Client:
    """Register a client, or change contact data. A location that is not the actor's own stays as it was.

    :raises Invalid: for a birth date in the future, an unknown zone, or a location that is not the actor's
    """
    is_new = client is None
    client = client or Client(mrn=_next_mrn(), locations=[])
    others = [pk for pk in client.locations if pk not in by.locations]
    for name, value in values.items():
        setattr(client, name, value)
    errors = []
    if "locations" in values:
        errors += selectors.location_errors(values["locations"], user=by, also=others)
        client.locations = list(dict.fromkeys([*values["locations"], *others]))
    if not at.date().year - 130 <= client.date_of_birth.year or client.date_of_birth > at.date():
        errors.append(FieldError("/date_of_birth", "invalid", "A birth date lies in the last 130 years."))
    if client.time_zone and not rules.zone_is_known(client.time_zone):
        errors.append(
            FieldError("/time_zone", "invalid", "An IANA time zone is expected, e.g. America/Denver.")
        )
    merge(errors)
    client.search_text = rules.found_by(client, [] if is_new else selectors.aliases_of(client))
    client.save_by(by, at=at)
    if is_new:
        return client
    for main in selectors.mains_of([client.pk]).values():  # found by what their alias is called now
        main.search_text = rules.found_by(main, selectors.aliases_of(main))
        main.save_by(by, at=at)
    return client


def withdraw_clients(*, client_ids: Sequence[UUID], by: User, at: datetime) -> None:
    """Take back registrations that were a mistake. The rows stay, of no location: nobody finds or opens them any more.

    The caller has seen that nothing of the record hangs on them, and has locked them.

    :raises NotPermitted: unless `by` is an administrator
    """
    transitions.require_role(by, rules.ADMIN, what="Withdrawing a client")
    rows = list(Client.objects.filter(pk__in=client_ids, withdrawn_at__isnull=True))
    change_all_by(rows, {"locations": [], "withdrawn_at": at}, by, at=at)


def issue_token(
    *,
    user: User,
    name: str,
    roles: Sequence[str] | None = None,
    locations: Sequence[UUID] | None = None,
    at: datetime,
) -> tuple[AuthToken, str]:
    """A new bearer token: the row, and the secret that is shown this once. `roles` and `locations` narrow it."""
    secret = f"kap_{chance.token(32)}"
    row = AuthToken.objects.create(
        user=user,
        name=name,
        roles=None if roles is None else list(dict.fromkeys(roles)),
        locations=None if locations is None else list(dict.fromkeys(locations)),
        digest=token_digest(secret),
        created_at=at,
        expires_at=at + timedelta(days=settings.TOKEN_DAYS),
    )
    return row, secret


def revoke_tokens(*, user: User, at: datetime, token_id: UUID | None = None) -> int:
    """End one token of the user, or all of them; returns how many ended."""
    alive = user.tokens.filter(revoked_at__isnull=True)
    return alive.filter(**({"pk": token_id} if token_id else {})).update(revoked_at=at)


def deliver_notice(row: Outbox) -> None:
    """Send one outbox row as e-mail to a staff member; the text names no client and no kind of care.

    What others did to their way in also goes to the address that they had before, if it changed a short time ago.

    :raises Unwanted: when their account is closed: no later try finds it open
    """
    user = User.objects.filter(pk=row.recipient, is_active=True).first()
    if user is None:
        raise Unwanted
    words = notices.words_of(row.template)
    addresses = [user.email]
    if row.template in notices.TO_FORMER:
        addresses += selectors.former_emails(user, since=row.created_at - WRITTEN_TO)
    for address in addresses:  # each by itself: neither reader sees the other's
        send_mail(subject=words.subject, message=words.message, from_email=None, recipient_list=[address])
