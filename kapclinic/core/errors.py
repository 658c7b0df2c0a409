"""Refusals. Domain code raises these; `core.http.problems` turns them into problem+json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from kapclinic.core.wording import once


@dataclass(frozen=True)
class FieldError:
    """One refused field: `pointer` is an RFC 6901 path into the body, e.g. ``/staff/0/user``."""

    pointer: str
    code: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        return {"pointer": self.pointer, "code": self.code, "detail": self.detail}


class ClinicError(Exception):
    """An anticipated refusal: carries what the caller may know, and no clinical data."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "Refused"

    def __init__(self, detail: str = "", *, errors: Sequence[FieldError] = (), **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = tuple(errors)
        self.extra: Mapping[str, Any] = extra


class Invalid(ClinicError):
    """The request can't be carried out as it is: each refused field is named, with the rule that it breaks."""

    code, status, title = "invalid", 400, "Invalid input"

    @classmethod
    def field(cls, name: str, detail: str, *, code: str = "invalid") -> Invalid:
        """Refuse one field; `name` may be a path such as ``staff/0/user``."""
        return cls(detail, errors=[FieldError(f"/{name}", code, detail)])


class NotPermitted(ClinicError):
    code, status, title = "not_permitted", 403, "Not permitted"


class NotFound(ClinicError):
    code, status, title = "not_found", 404, "Not found"


class Conflict(ClinicError):
    code, status, title = "conflict", 409, "Conflict"


class IllegalTransition(Conflict):
    code, title = "illegal_transition", "Not possible in this state"


class AlreadyVoid(Conflict):
    """The row was voided before: a second void is refused."""

    code, title = "already_void", "This was voided before"


class NotOwed(Conflict):
    code, title = "not_owed", "Nothing is owed here"


class Stale(ClinicError):
    code, status, title = "stale", 412, "Somebody changed this in the meantime"


class PreconditionRequired(ClinicError):
    code, status, title = "precondition_required", 428, "If-Match is required"


def merge(errors: Sequence[FieldError]) -> None:
    """Raise one `Invalid` that names every error, or return when there is none."""
    if errors:
        raise Invalid(once(error.detail for error in errors), errors=errors)
