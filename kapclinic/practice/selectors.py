"""Questions to the practice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, TypeAlias
from uuid import UUID

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    Case,
    CharField,
    Count,
    DateField,
    DateTimeField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
    When,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.db.models.sql.compiler import SQLCompiler

from kapclinic.core.emails import email_key
from kapclinic.core.errors import FieldError
from kapclinic.practice import rules
from kapclinic.practice.models import Client, ClientAlias, Death, Location, Role, User, WorkingHours
from kapclinic.trail.rules import STRANGER

Rows: TypeAlias = QuerySet[Any]  # Any: of whichever list


MOST_COMPARED = 50  # of one birth date, phone or e-mail


def search_clients(queryset: QuerySet[Client], text: str) -> QuerySet[Client]:
    """Clients whose names, MRN, phone, e-mail or birth date hold every word of `text` (trigram index)."""
    return holding(queryset, rules.search_terms(text))


def named(queryset: Rows, text: str) -> Rows:
    """Rows in whose `name` each word of `text` stands, in any order: the short lists of a practice."""
    for word in text.split():
        queryset = queryset.filter(name__icontains=word)
    return queryset


def search_staff(queryset: QuerySet[User], text: str) -> QuerySet[User]:
    """Staff in whose name each word of `text` stands, or whose e-mail begins with it."""
    for word in text.split():
        queryset = queryset.filter(Q(name__icontains=word) | Q(email__istartswith=word))
    return queryset


def of_found(queryset: Rows, text: str) -> Rows:
    """Rows of the clients whom `clients/` finds by `text`; a registration that was merged counts for its own rows."""
    return queryset.filter(client__in=search_clients(Client.objects.all(), text).values("pk"))


def holding(queryset: QuerySet[Client], terms: Iterable[str]) -> QuerySet[Client]:
    """Clients whose `search_text` holds each of these terms: found by a function, which alone may use the index."""
    if patterns := [_like(term) for term in terms]:
        return queryset.filter(pk__in=RawSQL("SELECT practice_found(%s::text[])", [patterns]))
    return queryset


def _like(term: str) -> str:
    return f"%{connection.ops.prep_for_like_query(term)}%"


def likely_duplicates(*, client: Client, user: User) -> list[tuple[Client, list[str]]]:
    """Clients that the user may see who may be `client`, each with what is the same; not those who are known to be.

    Asked by what an index serves: the birth date, the phone, the e-mail; names are then compared as they are folded.
    """
    keys = [_like(f" {key} ") for key in rules.contact_keys(client)]
    near = RawSQL("SELECT practice_near(%s::date, %s::text[])", [client.date_of_birth, keys])
    seen = Client.objects.visible_to(user).filter(pk__in=near)
    others = seen.exclude(pk__in=person(client.pk)).order_by("mrn")
    found = [(other, rules.alike(client, other)) for other in others[:MOST_COMPARED]]
    return [(other, same) for other, same in found if same][:5]


def person(client_id: UUID) -> RawSQL:
    """For `…__in`: every id of the person whom `client_id` names, since two registrations may be one person.

    Every question about a client asks this, or `person_ids`; `practice_person` is the one place that knows.
    """
    return RawSQL("SELECT practice_person(%s)", [client_id])


def person_ids(*client_ids: UUID) -> list[UUID]:
    """Every id of the persons whom `client_ids` name, sorted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT practice_person(pk) AS id FROM unnest(%s::uuid[]) pk ORDER BY id",
            [list(client_ids)],
        )
        return [row[0] for row in cursor.fetchall()]


def persons(client_ids: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """Each of the clients, with every id of theirs, sorted: `person_ids` of each, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pk, ARRAY(SELECT practice_person(pk) AS id ORDER BY id) FROM unnest(%s::uuid[]) pk",
            [list(client_ids)],
        )
        return dict(cursor.fetchall())


def known_as(client_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Those of the clients who turned out to be another registration, each with that one."""
    rows = ClientAlias.objects.filter(client__in=list(client_ids), ended_at__isnull=True)
    return dict(rows.values_list("client_id", "into_id"))


def person_of(column: str) -> Func:
    """For `…__in` of a subquery: every id of the person whom the outer row's `column` names."""
    return Func(
        OuterRef(column),
        function="practice_person",
        template="(SELECT %(function)s(%(expressions)s))",
        output_field=UUIDField(),
    )


class ExistsOfPerson(Exists):
    """EXISTS of a question that `person_of` narrows to the person of the outer row, for a filter.

    As a plain EXISTS the database joins every outer row with every inner one and asks `practice_person` of each pair;
    so it asks once for each outer row, and finds the inner ones by their index.
    """

    template = "(EXISTS(%(subquery)s) IS TRUE)"


def of_person(column: str) -> Callable[[Rows, UUID, object], Rows]:
    """What a list's filter `client` does: rows whose `column` is any id of that person."""

    def narrow(queryset: Rows, value: UUID, user: object) -> Rows:
        return queryset.filter(**{f"{column}__in": person(value)})

    return narrow


class LocalDate(Func):
    """The date that it is at a moment in the zone whose name a column holds."""

    template = "(%(expressions)s)::date"
    arg_joiner = "::timestamptz AT TIME ZONE "
    output_field = DateField()

    def __init__(self, moment: datetime, zone: str) -> None:
        super().__init__(Value(moment, output_field=DateTimeField()), F(zone))


class LocalDay(Func):
    """The day of a moment that one column holds, in the zone whose name another holds."""

    template = "((%(expressions)s)::date)"
    arg_joiner = " AT TIME ZONE "
    output_field = DateField()


class LocalMidnight(Func):
    """When a date begins in the zone whose name a column holds, `after` days later; as Python has it.

    Midnight itself, or where the clocks are put back over it, the first of the two.
    """

    output_field = DateTimeField()

    def __init__(self, day: date | Func, zone: str, *, after: int = 0) -> None:
        on = day if isinstance(day, Func) else Value(day, output_field=DateField())
        super().__init__(on, F(zone))
        self.after = after

    def as_sql(  # type: ignore[override]  # nothing of it is put in from outside, as Func allows
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[str | int, ...]]:
        day, of_day = compiler.compile(self.source_expressions[0])
        zone, of_zone = compiler.compile(self.source_expressions[1])
        local = f"({day}::date + {self.after})::timestamp"
        an_hour_before = f"({local} - interval '1 hour') AT TIME ZONE {zone} + interval '1 hour'"
        return f"least({local} AT TIME ZONE {zone}, {an_hour_before})", (*of_day, *of_zone, *of_day, *of_zone)


class MidnightAnywhere(Func):
    """The first moment at which a date can begin in any zone (UTC+14), or with `last` the last one (UTC-12).

    Beside a range by `LocalMidnight` it holds nothing back. It is there for the planner, which cannot know how little
    of a table lies between two moments that a zone in another table decides.
    """

    output_field = DateTimeField()
    FURTHEST: ClassVar = {False: "- interval '14 hours'", True: "+ interval '12 hours'"}

    def __init__(self, day: date | Func, *, after: int = 0, last: bool = False) -> None:
        super().__init__(day if isinstance(day, Func) else Value(day, output_field=DateField()))
        self.after, self.last = after, last

    def as_sql(  # type: ignore[override]  # nothing of it is put in from outside, as Func allows
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[str | int, ...]]:
        day, of_day = compiler.compile(self.source_expressions[0])
        utc = f"({day}::date + {self.after})::timestamp AT TIME ZONE 'UTC'"
        return f"({utc} {self.FURTHEST[self.last]})", tuple(of_day)


def person_at(client_id: UUID, moment: datetime) -> list[UUID]:
    """Every id of the person, as far as they were known to be one at `moment`."""
    rows = ClientAlias.objects.filter(
        ended_at__isnull=True, client__in=person(client_id), created_at__lte=moment
    )
    main = dict(rows.values_list("client", "into"))
    mine = main.get(client_id, client_id)
    return [mine, *(pk for pk, into in main.items() if into == mine)]


def parted_since(client_ids: Sequence[UUID], moment: datetime) -> bool:
    """Was one of these registrations one person with another at that moment, and is no more?"""
    ended = ClientAlias.objects.filter(created_at__lte=moment, ended_at__gt=moment)
    return ended.filter(Q(client__in=client_ids) | Q(into__in=client_ids)).exists()


def aliases_of(client: Client) -> list[Client]:
    """Other registrations that turned out to be this client."""
    ids = ClientAlias.objects.filter(into=client.pk, ended_at__isnull=True).values("client")
    return list(Client.objects.filter(pk__in=ids).order_by("pk"))


def mains_of(client_ids: Iterable[UUID]) -> dict[UUID, Client]:
    """Of those who turned out to be another client: that client, whose contact data count."""
    rows = ClientAlias.objects.filter(client__in=set(client_ids), ended_at__isnull=True)
    return {row.client_id: row.into for row in rows.select_related("into")}


def without_known_aliases(queryset: QuerySet[Client], *, user: User) -> QuerySet[Client]:
    """Without clients who turned out to be another one whom the user may see: that one stands for them."""
    mine = ClientAlias.objects.filter(
        client=OuterRef("pk"), ended_at__isnull=True, into__locations__overlap=list(user.locations)
    )
    return queryset.filter(~Exists(mine))


def standing_deaths(client_ids: Sequence[UUID]) -> list[Death]:
    """What is written down of a person's death and was not voided: once for each registration at most."""
    return list(Death.objects.filter(client__in=client_ids, void__isnull=True).order_by("pk"))


def last_day(client: Client, *, at: datetime) -> date:
    """The day that it is by now at one of the client's locations: a later one is still to come."""
    places = Location.objects.filter(pk__in=client.locations)
    return max(at.astimezone(place.zone).date() for place in places)


def first_place(client: Client) -> Location:
    """The location that the client has been at for the longest: its days are the client's."""
    found: Location = Location.objects.filter(pk__in=client.locations).order_by("created_at", "pk")[0]
    return found


def current_hours(*, user_id: UUID) -> QuerySet[WorkingHours]:
    found: QuerySet[WorkingHours] = WorkingHours.objects.filter(user_id=user_id, ended_at__isnull=True)
    return found.order_by("location__created_at", "weekday", "starts")


def hours_version(user_id: UUID) -> int:
    """How often somebody's weekly hours changed: each row that was written, and each that ended, counts."""
    rows = WorkingHours.objects.filter(user_id=user_id)
    told = rows.aggregate(written=Count("pk"), ended=Count("ended_at"))
    return int(told["written"] + told["ended"])


def unknown_locations(ids: Iterable[UUID]) -> set[UUID]:
    wanted = set(ids)
    return wanted - set(Location.objects.filter(pk__in=wanted).values_list("pk", flat=True))


def location_errors(
    ids: Iterable[UUID], *, user: User | None = None, also: Iterable[UUID] = ()
) -> list[FieldError]:
    """One error per location that does not exist, or that is neither the user's nor one of `also`."""
    wanted = list(ids)
    bad = unknown_locations(wanted)
    if user is not None:
        bad |= set(wanted) - set(user.locations) - set(also)
    return [
        FieldError(f"/locations/{i}", "not_found", "There is no such location for you.")
        for i, pk in enumerate(wanted)
        if pk in bad
    ]


def staff_as_of(user: User, moment: datetime) -> User:
    """The account as it was then (without a password), as far as its history tells; else as it is. Not to be saved."""
    row = (
        User.history.filter(id=user.pk, history_date__lte=moment)
        .order_by("-history_date", "-history_id")
        .first()
    )
    return user if row is None else row


def actor_name() -> Case:
    """Of an audit event: the name of whoever did it."""
    name = User.objects.filter(pk=OuterRef("created_by")).values("name")[:1]
    named = Coalesce(Subquery(name), Value("the system"), output_field=CharField())
    nobody = When(created_by=STRANGER, then=Value("not signed in"))
    return Case(nobody, default=named, output_field=CharField())


def former_emails(user: User, *, since: datetime) -> list[str]:
    """Addresses other than the present one under which the account stood at any moment from `since` on."""
    rows = User.history.filter(id=user.pk)
    before = rows.filter(history_date__lt=since).order_by("-history_date", "-history_id")[:1]
    found = {row.email for row in (*before, *rows.filter(history_date__gte=since))}
    return sorted(email for email in found if email_key(email) != user.email_key)


def staff_with_role(*, role: Role | str, location: UUID) -> QuerySet[User]:
    """Active staff of a location who hold `role`."""
    found: QuerySet[User] = User.objects.filter(
        is_active=True, roles__contains=[str(role)], locations__contains=[location]
    )
    return found.order_by("created_at")


def staff_at(*, roles: Iterable[Role | str], locations: Iterable[UUID]) -> dict[UUID, set[UUID]]:
    """Location -> its active staff who hold one of `roles`: `staff_with_role` for all of them in one query."""
    wanted = set(locations)
    rows = User.objects.filter(
        is_active=True, roles__overlap=sorted(map(str, roles)), locations__overlap=sorted(wanted)
    )
    found: dict[UUID, set[UUID]] = {location: set() for location in wanted}
    for user, places in rows.values_list("pk", "locations"):
        for location in wanted.intersection(places):
            found[location].add(user)
    return found
