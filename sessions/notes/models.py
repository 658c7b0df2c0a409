"""Tables of the notes."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from kapclinic.core import crypto
from kapclinic.core.audited import AppendOnlyModel, AuditedBase, AuditedModel, AuditedQuerySet
from kapclinic.practice.models import User
from sessions.booking.models import Session


class NoteQuerySet(AuditedQuerySet["Note"]):
    def visible_to(self, user: Any) -> NoteQuerySet:
        """Notes on sessions at the user's own locations."""
        return self.filter(session__location__in=list(user.locations))


class Note(AuditedModel):
    """A part of the medical record: `sections` ({name: text}) in a frame, signed by its author and then closed.

    Signatures keep the signer's name and credentials as they were at that time (ESIGN, UETA: attribution): `signature`
    as a line, `signed_as` in parts ({name, credentials, license, npi, needs_cosign}), null while nobody has signed.
    `service_started_at` to `service_ended_at` is how long the author cared for the client, as they say or as the
    session went (`minutes_source`); the signature closes that too.
    """

    class Kind(models.TextChoices):
        PREPARATION = "preparation"
        DOSING = "dosing"
        INTEGRATION = "integration"
        MEDICAL = "medical"

    class Frame(models.TextChoices):
        DAP = "dap"
        SOAP = "soap"
        BIRP = "birp"
        FREE = "free"

    class Status(models.TextChoices):
        DRAFT = "draft"
        COSIGN_PENDING = "cosign_pending"
        SIGNED = "signed"
        DISCARDED = "discarded"

    class MinutesSource(models.TextChoices):
        NONE = ""  # not signed, or signed while nothing was known
        SAID = "said"
        SESSION = "session"

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="notes")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    frame = models.CharField(max_length=5, choices=Frame.choices)
    sections = models.JSONField(default=dict)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    service_started_at = models.DateTimeField(null=True)
    service_ended_at = models.DateTimeField(null=True)
    minutes_source = models.CharField(max_length=7, choices=MinutesSource.choices, blank=True)
    status = models.CharField(max_length=15, choices=Status.choices, default=Status.DRAFT)
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    signature = models.CharField(max_length=250, blank=True)
    signed_as = models.JSONField(null=True)
    covering_reason = models.CharField(
        max_length=1000, blank=True
    )  # why somebody who was not on the session signed
    content_hash = models.CharField(max_length=64, blank=True)
    cosigner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    cosigned_at = models.DateTimeField(null=True)
    cosignature = models.CharField(max_length=250, blank=True)

    objects: ClassVar[Any] = NoteQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["session", "kind", "author"], condition=~Q(status="discarded"), name="note_once"
            ),
            models.CheckConstraint(
                name="note_kind", condition=Q(kind__in=["preparation", "dosing", "integration", "medical"])
            ),
            models.CheckConstraint(name="note_frame", condition=Q(frame__in=["dap", "soap", "birp", "free"])),
            models.CheckConstraint(
                name="note_status",
                condition=Q(
                    status__in=["draft", "discarded"],
                    signed_at__isnull=True,
                    signed_by__isnull=True,
                    content_hash="",
                )
                | Q(status__in=["cosign_pending", "signed"], signed_at__isnull=False, signed_by=F("author"))
                & ~Q(content_hash="")
                & ~Q(signature=""),
            ),
            models.CheckConstraint(
                name="note_signed_as",
                condition=Q(signed_as__isnull=True) | Q(status__in=["cosign_pending", "signed"]),
            ),
            models.CheckConstraint(
                name="note_service",
                condition=Q(service_ended_at__isnull=True)
                | Q(service_started_at__isnull=False, service_started_at__lte=F("service_ended_at")),
            ),
            models.CheckConstraint(
                name="note_minutes_source",
                condition=Q(minutes_source="")
                | Q(minutes_source="said", service_ended_at__isnull=False)
                | Q(minutes_source="session", service_started_at__isnull=False),
            ),
            models.CheckConstraint(
                name="note_cosigned",
                condition=Q(cosigner__isnull=True, cosigned_at__isnull=True)
                | Q(status="signed", cosigned_at__isnull=False) & ~Q(cosigner=F("author")),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["session"], condition=Q(status="signed"), name="note_signed"),
            models.Index(
                fields=["session"], condition=Q(status__in=["draft", "cosign_pending"]), name="note_open"
            ),
            models.Index(fields=["-created_at"], name="note_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} note {self.pk}"


class NoteDiscard(AppendOnlyModel):
    """A draft that was thrown away, and why: it was on the wrong session. Its words stay with it."""

    note = models.OneToOneField(Note, on_delete=models.PROTECT, related_name="discard")
    reason = models.CharField(max_length=1000)

    def __str__(self) -> str:
        return f"discard of {self.note_id}"


class NoteReturn(AppendOnlyModel):
    """A note that a cosigner gave back to its author, and why; it keeps the signature that fell with it."""

    note = models.ForeignKey(Note, on_delete=models.PROTECT, related_name="returns", db_index=False)
    returned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    comment = models.CharField(max_length=1000)
    signed_at = models.DateTimeField()
    signature = models.CharField(max_length=250)
    content_hash = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["note", "signed_at"], name="note_return_once"),
            models.CheckConstraint(name="note_return_by", condition=Q(returned_by=F("created_by"))),
        ]

    def __str__(self) -> str:
        return f"return of {self.note_id}"


class OwedNote(AppendOnlyModel):
    """That a clinician owed, or owes, a note of a session that is over: what their row of the worklist is about.

    Whether they still do the notes say (`rules.owed`); so a row here is written once, whatever is undone or done again.
    """

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="owed_notes", db_index=False)
    clinician = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["session", "clinician"], name="owed_note_once")
        ]

    def __str__(self) -> str:
        return f"note owed of {self.session_id}"


class PhraseQuerySet(AuditedQuerySet["Phrase"]):
    def of_author(self, user: Any) -> PhraseQuerySet:
        """The user's own that are in use: nobody sees another's."""
        return self.filter(author=user.pk, retired_at__isnull=True)


class Phrase(AuditedModel):
    """A turn of words that its author puts into notes by name. It is of no client."""

    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    text = models.CharField(max_length=4000)
    retired_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = PhraseQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["author", "name"], condition=Q(retired_at__isnull=True), name="phrase_once"
            )
        ]

    def __str__(self) -> str:
        return f"phrase {self.pk}"


class Addendum(AppendOnlyModel):
    """What was added to a signed note, by whom and why; chained to the note's hash (amendment: 45 CFR 164.526)."""

    note = models.ForeignKey(Note, on_delete=models.PROTECT, related_name="addenda", db_index=False)
    number = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=1000)
    text = models.TextField()
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    signature = models.CharField(max_length=250)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar[list[str]] = ["note", "number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["note", "number"], name="addendum_once"),
            models.CheckConstraint(name="addendum_author", condition=Q(author=F("created_by"))),
        ]

    def __str__(self) -> str:
        return f"addendum {self.pk}"


class PsychotherapyNoteQuerySet(AuditedQuerySet["PsychotherapyNote"]):
    def of_author(self, user: Any) -> PsychotherapyNoteQuerySet:
        """The user's own: there is no other way to see one (45 CFR 164.501, 164.508(a)(2); R9)."""
        return self.filter(author=user.pk)


class PsychotherapyNote(AuditedBase):
    """A therapist's private note on a conversation, sealed; it has no history, so no copy of it is left anywhere."""

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    sealed = models.BinaryField()

    objects: ClassVar[Any] = PsychotherapyNoteQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="psychotherapy_author", condition=Q(author=F("created_by"))),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["author", "-created_at"], name="psychotherapy_own")
        ]

    def __str__(self) -> str:
        return f"psychotherapy note {self.pk}"

    def bound_to(self, version: int) -> bytes:
        """What the sealed text belongs to, so that no row's text opens in another row or version."""
        return crypto.bound_to(self._meta.db_table, self.pk, self.session.client_id, self.author_id, version)


class RecordEntry(AppendOnlyModel):
    """One part of a dosing session's own record, as somebody there saw it: `content` has the part's fields
    (`rules.records`).

    `observed_at` is when it was so, `recorded_at` when it was entered; a late entry keeps both. `reason` stands on an
    addendum: an entry after the protocol's `record_hours`.
    """

    class Part(models.TextChoices):
        CHECK_IN = "check_in"
        SETTING = "setting"
        OBSERVATION = "observation"
        SUPPORT = "support"
        EMERGENCE = "emergence"
        DEBRIEF = "debrief"
        NONE_OBSERVED = "none_observed"

    session = models.ForeignKey(
        Session, on_delete=models.PROTECT, related_name="record_entries", db_index=False
    )
    part = models.CharField(max_length=15, choices=Part.choices)
    content = models.JSONField()
    observed_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="record_entry_part",
                condition=Q(
                    part__in=[
                        "check_in",
                        "setting",
                        "observation",
                        "support",
                        "emergence",
                        "debrief",
                        "none_observed",
                    ]
                ),
            ),
            models.CheckConstraint(name="record_entry_author", condition=Q(recorded_by=F("created_by"))),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["session", "observed_at"], name="record_entry_session")
        ]

    def __str__(self) -> str:
        return f"{self.part} {self.pk}"


class RecordEntryVoid(AppendOnlyModel):
    """An entry that its author takes back, and why; the entry itself stays."""

    entry = models.OneToOneField(RecordEntry, on_delete=models.PROTECT, related_name="void")
    reason = models.CharField(max_length=1000)

    def __str__(self) -> str:
        return f"void of {self.entry_id}"
