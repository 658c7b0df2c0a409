"""Where a video session is held: its own address, else that of somebody of its staff, else its location's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    F,
    Func,
    OuterRef,
    Q,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, JSONArray, JSONObject, Replace

from kapclinic.practice.models import Location, User
from programs.models import Modality
from sessions.booking.models import Session

SESSION = "{session}"  # stands for the session's id in a template


def video_address() -> Case:
    """The address of the outer session, empty for one in person; `{session}` is filled in."""
    of_staff = User.objects.annotate(
        is_there=Func(
            OuterRef("staff"),
            JSONArray(JSONObject(user=Cast("pk", TextField()))),
            template="%(expressions)s",
            arg_joiner=" @> ",
            output_field=BooleanField(),
        )
    ).filter(is_there=True, is_active=True)
    theirs = of_staff.exclude(video_url="").order_by("created_at", "pk").values("video_url")[:1]
    place = Location.objects.filter(pk=OuterRef("location_id")).values("video_url")[:1]
    found = Case(
        When(~Q(video_url=""), then=F("video_url")), default=Coalesce(Subquery(theirs), Subquery(place))
    )
    own_id: Any = Cast("pk", TextField())  # Any: the stubs take a constant alone
    filled = Replace(found, Value(SESSION), own_id)
    return Case(
        When(modality=Modality.VIDEO, then=filled),
        default=Value(""),
        output_field=CharField(),
    )


def video_url_of(session_id: UUID) -> str:
    """The address of one session; empty for one in person, or where nobody has one."""
    rows = Session.objects.filter(pk=session_id).annotate(address=video_address())
    return str(rows.values_list("address", flat=True).get())
