"""Tables of dosing. What happened is append-only; finishing, voiding and overriding are new rows."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from kapclinic.core.audited import AppendOnlyModel, AppendOnlyQuerySet
from kapclinic.practice.models import SYSTEM_ID, User
from programs.models import Route
from sessions.booking.models import Session

MG: dict[str, Any] = {"max_digits": 9, "decimal_places": 3}
DEVICE_MG = 28  # a device of esketamine holds 28 mg (Spravato PI 2)


class AttestationCode(models.TextChoices):
    """Every question that a gate reads, in words: yes allows the dose."""

    IDENTIFIERS = "identifiers", "two identifiers of the client were checked"
    NOT_INTOXICATED = "not_intoxicated", "the client is not intoxicated"
    CONTRAINDICATIONS = "contraindications", "no contraindication is new since the last dose"
    PREGNANCY_TEST = "pregnancy_test", "the pregnancy test allows the dose, or none is needed"
    DRUG_SCREEN = "drug_screen", "the drug screen allows the dose"
    PDMP = "pdmp", "the prescription monitoring program was checked"
    EQUIPMENT = "equipment", "the emergency equipment was checked"
    REMS_ENROLMENT = "rems_enrolment", "the client is enrolled and the site certified with the Spravato REMS"
    PRESCRIBER_ON_SITE = "prescriber_on_site", "a prescriber is on site"
    NO_FLUIDS = "no_fluids", "the client drank nothing for as long as the drug asks"
    NO_NASAL_SPRAY = "no_nasal_spray", "the client used no nasal spray for an hour"
    CHAPERONE_TRAINED = "chaperone_trained", "the adult with the client at home is trained"
    VIDEO_ON = "video_on", "the video to the client at home is on"
    IN_PERSON_VISIT = (
        "in_person_visit",
        "the prescriber's practice saw the client in person: on that day, at that place",
    )


class Attestation(AppendOnlyModel):
    """A clinician's yes or no to one question about a session; of each code the latest row counts.

    `by` says so, at `at`; a visit in person has its day and place. Only a row that the system carried over from before
    this table (`created_by`) may hold a clinic's own code; no gate reads it.
    """

    session = models.ForeignKey(
        Session, on_delete=models.PROTECT, related_name="attestations", db_index=False
    )
    code = models.CharField(max_length=40)
    value = models.BooleanField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    visited_on = models.DateField(null=True)
    place = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="attestation_code",
                condition=Q(code__in=AttestationCode.values) | Q(created_by=SYSTEM_ID),
            ),
            models.CheckConstraint(
                name="attestation_visit",
                condition=(
                    Q(code=AttestationCode.IN_PERSON_VISIT, value=True, visited_on__isnull=False)
                    & ~Q(place="")
                )
                | (
                    ~Q(code=AttestationCode.IN_PERSON_VISIT, value=True)
                    & Q(visited_on__isnull=True, place="")
                )
                | Q(created_by=SYSTEM_ID),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["session", "code", "-at"], name="attestation_latest")
        ]

    def __str__(self) -> str:
        return f"{self.code}: {'yes' if self.value else 'no'}"


class Order(AppendOnlyModel):
    """A prescriber's order for one session, in mg. A change is a new order: it replaces those before it.

    `above_cap_reason` is given on an order above the protocol's cap: nobody acts on it before a second prescriber
    approves it.
    """

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="orders")
    prescriber = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    drug = models.CharField(max_length=80)
    form = models.CharField(max_length=80, blank=True)
    route = models.CharField(max_length=20, choices=Route.choices)
    dose_mg = models.DecimalField(**MG)
    dose_mg_per_kg = models.DecimalField(**MG, null=True)
    weight_kg = models.DecimalField(
        max_digits=6, decimal_places=2, null=True
    )  # that the dose was reckoned with
    weighed_at = models.DateTimeField(null=True)
    by_weight = models.BooleanField(default=False)  # written in mg/kg
    max_total_mg = models.DecimalField(**MG)
    valid_until = models.DateTimeField()
    reason = models.CharField(max_length=1000, blank=True)
    above_cap_reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="order_amounts", condition=Q(dose_mg__gt=0) & Q(max_total_mg__gte=F("dose_mg"))
            )
        ]

    def __str__(self) -> str:
        return f"order {self.pk}"

    @property
    def waits(self) -> bool:
        """Is it past the cap, and no second prescriber has approved it?"""
        return self.above_cap_reason != "" and not hasattr(self, "approval")


class OrderApproval(AppendOnlyModel):
    """A second prescriber's word for an order past the protocol's cap; a trigger keeps the two apart."""

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="approval")
    approver = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=1000)

    def __str__(self) -> str:
        return f"approval of {self.order_id}"


class AdministrationQuerySet(AppendOnlyQuerySet["Administration"]):
    def standing(self) -> AdministrationQuerySet:
        """Doses that were not voided."""
        return self.filter(void__isnull=True)


class Administration(AppendOnlyModel):
    """One dose given or self-administered, in mg; boosters are further rows of the same session."""

    joins: ClassVar[bool] = True

    class Supply(models.TextChoices):
        CLINIC_STOCK = "clinic_stock"
        CLIENT_PRESCRIPTION = "client_prescription"

    class GivenBy(models.TextChoices):
        STAFF = "staff"
        SELF_OBSERVED = "self_observed"

    session = models.ForeignKey(
        Session, on_delete=models.PROTECT, related_name="administrations", db_index=False
    )
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="administrations")
    is_first = models.BooleanField()
    drug = models.CharField(max_length=80)
    route = models.CharField(max_length=20, choices=Route.choices)
    dose_mg = models.DecimalField(**MG)
    dose_mg_per_kg = models.DecimalField(**MG, null=True)
    weight_kg = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    volume_ml = models.DecimalField(**MG, null=True)
    supply = models.CharField(max_length=20, choices=Supply.choices)
    drug_lot = models.UUIDField(null=True)
    given_by = models.CharField(max_length=15, choices=GivenBy.choices)
    devices = models.PositiveSmallIntegerField(null=True)  # of esketamine, 28 mg each
    staff = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")  # gave or observed it
    drawn_mg = models.DecimalField(**MG, null=True)
    given_mg = models.DecimalField(**MG, null=True)
    wasted_mg = models.DecimalField(**MG, null=True)
    administered_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    gates = models.JSONField()  # the readiness that it was recorded on

    objects: ClassVar[Any] = AdministrationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="administration_dose", condition=Q(dose_mg__gt=0)),
            models.CheckConstraint(
                name="administration_devices",
                condition=Q(devices__isnull=True) | Q(dose_mg=F("devices") * DEVICE_MG),
            ),
            models.CheckConstraint(
                name="administration_stock_has_lot",
                condition=~Q(supply="clinic_stock") | Q(drug_lot__isnull=False),
            ),
            models.CheckConstraint(
                name="administration_settled",
                condition=Q(given_mg__isnull=True)
                | Q(wasted_mg__isnull=True)
                | Q(drawn_mg__isnull=True)
                | Q(drawn_mg=F("given_mg") + F("wasted_mg")),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["session", "administered_at"], name="administration_session"),
            models.Index(
                fields=["administered_at"],
                condition=Q(devices__isnull=False),
                name="administration_in_devices",
            ),
        ]

    def __str__(self) -> str:
        return f"dose {self.pk}"


class AdministrationFinish(AppendOnlyModel):
    """The end of a dose that ran on: what was given and what was wasted, in mg."""

    joins: ClassVar[bool] = True

    administration = models.OneToOneField(Administration, on_delete=models.PROTECT, related_name="finish")
    ended_at = models.DateTimeField()
    given_mg = models.DecimalField(**MG)
    wasted_mg = models.DecimalField(**MG)

    def __str__(self) -> str:
        return f"end of {self.administration_id}"


class AdministrationVoid(AppendOnlyModel):
    """A dose that was recorded in error, and why."""

    administration = models.OneToOneField(Administration, on_delete=models.PROTECT, related_name="void")
    reason = models.CharField(max_length=1000)

    def __str__(self) -> str:
        return f"void of {self.administration_id}"


class GateOverrideQuerySet(AppendOnlyQuerySet["GateOverride"]):
    def visible_to(self, user: Any) -> GateOverrideQuerySet:
        """Overrides on sessions at the user's own locations."""
        return self.filter(session__location__in=list(user.locations))

    def unread(self) -> GateOverrideQuerySet:
        """Those that nobody but their maker has looked at."""
        return self.filter(reading__isnull=True)


class GateOverride(AppendOnlyModel):
    """One open gate passed on somebody's responsibility, for one session on the local day that it then had."""

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="overrides")
    gate = models.CharField(max_length=30)
    reason = models.CharField(max_length=1000)
    role = models.CharField(max_length=30)
    for_day = models.DateField(null=True)  # null: said before days were kept, and good for any

    objects: ClassVar[Any] = GateOverrideQuerySet.as_manager()

    def __str__(self) -> str:
        return f"override of {self.gate}"


class GateOverrideReading(AppendOnlyModel):
    """A prescriber or the director has read an override of somebody else's; a trigger keeps the two apart."""

    override = models.OneToOneField(GateOverride, on_delete=models.PROTECT, related_name="reading")
    read_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="override_reading_by", condition=Q(read_by=F("created_by")))
        ]

    def __str__(self) -> str:
        return f"reading of {self.override_id}"


class AdverseEvent(AppendOnlyModel):
    """Something untoward, graded by a clinician 1-5 (CTCAE v5); seriousness is its own statement.

    `term`, `causality`, `action` and `outcome` are as they were written: `rules.adverse_events` finds the pick-list's
    word in them.
    The three due times are the protocol's, as they were when the event was recorded.
    """

    class Expectedness(models.TextChoices):
        EXPECTED = "expected"
        UNEXPECTED = "unexpected"

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="adverse_events")
    term = models.CharField(max_length=120)
    term_text = models.CharField(max_length=500, blank=True)
    grade = models.PositiveSmallIntegerField()
    serious = models.BooleanField()
    seriousness = ArrayField(models.CharField(max_length=30), default=list)
    onset_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    causality = models.CharField(max_length=40)
    expectedness = models.CharField(max_length=10, choices=Expectedness.choices, blank=True)
    action = models.CharField(max_length=200)
    treatment = models.CharField(max_length=1000, blank=True)
    outcome = models.CharField(max_length=200)
    witness = models.CharField(max_length=200, blank=True)
    reported_to = ArrayField(models.CharField(max_length=20), default=list)
    note = models.TextField(blank=True)
    follow_up_due_at = models.DateTimeField(null=True)
    review_due_at = models.DateTimeField(null=True)
    root_cause_due_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="adverse_event_grade", condition=Q(grade__range=(1, 5))),
            models.CheckConstraint(
                name="adverse_event_order",
                condition=Q(resolved_at__isnull=True) | Q(resolved_at__gte=F("onset_at")),
            ),
            models.CheckConstraint(
                name="adverse_event_seriousness", condition=Q(serious=True) | Q(seriousness__len=0)
            ),
            models.CheckConstraint(
                name="adverse_event_criterion", condition=Q(serious=False) | Q(seriousness__len__gt=0)
            ),
            models.CheckConstraint(
                name="adverse_event_expectedness",
                condition=Q(expectedness__in=["", "expected", "unexpected"]),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["follow_up_due_at"],
                condition=Q(follow_up_due_at__isnull=False),
                name="adverse_event_follow_up",
            )
        ]

    def __str__(self) -> str:
        return f"adverse event {self.pk}"


class AdverseEventFollowUp(AppendOnlyModel):
    """What became of an event; `root_cause` says that it tells why a serious one happened."""

    event = models.ForeignKey(AdverseEvent, on_delete=models.PROTECT, related_name="follow_ups")
    text = models.TextField()
    outcome = models.CharField(max_length=200, blank=True)
    resolved_at = models.DateTimeField(null=True)
    root_cause = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"follow-up of {self.event_id}"


class AdverseEventReview(AppendOnlyModel):
    """The medical director's judgement of an event; the last one says whether the client may be dosed again."""

    event = models.ForeignKey(AdverseEvent, on_delete=models.PROTECT, related_name="reviews")
    conclusion = models.TextField()
    hold_released = models.BooleanField()

    def __str__(self) -> str:
        return f"review of {self.event_id}"


class Discharge(AppendOnlyModel):
    """The client left: what was checked, what the record said, who took them home, until when they may not drive.

    `escort` is who was there; when that was not whom the session named, `escort_change_reason` says why. `sheet` is
    what the client was given on paper, `sheet_sha256` the hash of its PDF.
    """

    session = models.OneToOneField(Session, on_delete=models.PROTECT, related_name="discharge")
    checklist = models.JSONField()
    escort_present = models.BooleanField()
    escort = models.JSONField(null=True)
    escort_change_reason = models.CharField(max_length=1000, blank=True)
    safety_concern = models.BooleanField(default=False)
    discharged_at = models.DateTimeField()
    no_drive_until = models.DateTimeField()
    override_reason = models.CharField(max_length=1000, blank=True)
    sheet = models.JSONField(default=dict)
    sheet_sha256 = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"discharge of {self.session_id}"
