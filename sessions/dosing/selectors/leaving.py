"""What stands between a dosed client and going home: judged here alone, for who asks and for the discharge itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from programs.models import Modality, Protocol
from programs.policy import limit
from screening import selectors as screening
from sessions.booking.models import Session
from sessions.booking.rules import Escort
from sessions.dosing.models import Administration, Discharge
from sessions.dosing.rules import discharge
from sessions.dosing.selectors.doses import doses_with_ends, last_dosed_at, open_draws, said_end
from sessions.integration.models import Obligation
from sessions.monitoring import selectors as monitoring
from sessions.monitoring.rules import home_ready, latest_bands

BOOKED = frozenset(
    {Obligation.State.BOOKED, Obligation.State.MET, Obligation.State.MET_LATE, Obligation.State.WAIVED}
)


@dataclass(frozen=True)
class Judgement:
    """The whole checklist; which of it the record itself says; and when the stay is over."""

    checklist: dict[str, bool | None]
    computed: frozenset[str]
    stay_over_at: datetime
    at_home: bool

    def as_left(self) -> list[discharge.Criterion]:
        """The criteria of the discharge that was judged so; `criteria_of` tells the same of it ever after."""
        return discharge.criteria(
            self.checklist,
            computed=self.computed & discharge.COMPUTED,
            draws_open=False,
            at_home=self.at_home,
        )


def judgement(
    session: Session,
    discharged_at: datetime,
    *,
    stated: Mapping[str, bool],
    escort_present: bool | None,
    escort: Escort | None,
) -> Judgement:
    """The checklist of a session with a dose: computed answers before stated ones.

    An alert of the client that waits, or that nobody has released, fails `safety_addressed`. `sedation` is stated only
    where no fresh reading since the dose holds it; a "no" of who is with the client stands against any reading.
    """
    found, over_at = computed_checklist(
        session=session, discharged_at=discharged_at, escort_present=escort_present, escort=escort
    )
    whole = {key: stated.get(key) for key in discharge.STATED} | found
    computed = {code for code, said in found.items() if said is not None} - {"escort"}
    if whole["sedation"] is None or stated.get("sedation") is False:
        whole["sedation"] = stated.get("sedation")
    client_id = session.client_id
    if (
        screening.open_alerts(client_id=client_id).exists()
        or screening.holding_alerts(client_id=client_id).exists()
    ):
        whole["safety_addressed"] = False
        computed.add("safety_addressed")
    return Judgement(whole, frozenset(computed), over_at, _at_home(session))


def _at_home(session: Session) -> bool:
    return session.modality == Modality.VIDEO


def criteria_now(session: Session, *, at: datetime) -> list[discharge.Criterion] | None:
    """How each criterion stands at `at`, with nothing stated yet; None when nobody with a dose is here."""
    if not discharge.may_leave(session):
        return None
    judged = judgement(session, at, stated={}, escort_present=None, escort=session.escort)
    return discharge.criteria(
        judged.checklist,
        computed=judged.computed,
        draws_open=open_draws(session_id=session.pk),
        at_home=judged.at_home,
        details=discharge.details_before(
            stay_over_at=judged.stay_over_at, zone=session.location.zone, escort=session.escort
        ),
    )


def criteria_of(row: Discharge) -> list[discharge.Criterion]:
    """The criteria of a discharge as they stood. Sedation was computed when a reading since the last dose told it."""
    last = last_dosed_at(session_id=row.session_id) or row.discharged_at
    told = _awake(row.session, row.session.program.protocol, last=last, until=row.discharged_at)
    computed = discharge.COMPUTED if told is not None else discharge.COMPUTED - {"sedation"}
    return discharge.criteria(
        row.checklist, computed=computed, draws_open=False, at_home=_at_home(row.session)
    )


def computed_checklist(
    *, session: Session, discharged_at: datetime, escort_present: bool | None, escort: Escort | None
) -> tuple[dict[str, bool | None], datetime]:
    """What the record itself says about going home, and when the stay is over; None where it says nothing
    (clinical policy 3.6).

    The minimum stay is `rules.stay_over_at`; vital signs are in band, blood pressure and heart rate at least within
    the protocol's percentage of the baseline, and were taken at most `leaving_vitals_min` before; nobody leaves while a
    red alarm is open; sedation is MOAA/S at the protocol's level, as fresh as the vital signs. `escort` is who is
    there; `escort_present` is None while nobody has said so.
    """
    protocol = session.program.protocol
    doses = list(doses_with_ends(session_id=session.pk))
    assert doses
    first, last = doses[0].administered_at, doses[-1].administered_at
    over_at = discharge.stay_over_at(
        protocol,
        doses[-1].drug,
        first,
        max(discharge.ended_at(dose, said_end(dose), protocol.limits) for dose in doses),
    )
    obligation = Obligation.objects.filter(dosing_session=session).first()
    known = bool(escort and escort.get("name") and escort.get("phone"))
    found = {
        "minimum_stay": discharged_at >= over_at,
        "vitals": _vitals_allow(session, protocol, doses=doses, discharged_at=discharged_at),
        "alarms": not monitoring.red_alarms(session_id=session.pk).exists(),
        "sedation": _awake(session, protocol, last=last, until=discharged_at),
        "escort": escort_present if known else False,
        "integration_booked": obligation is None or obligation.state in BOOKED,
    }
    return found, over_at


def _vitals_allow(
    session: Session, protocol: Protocol, *, doses: Sequence[Administration], discharged_at: datetime
) -> bool:
    """The last reading up to the discharge is fresh and good enough; the label's own check before leaving is done.

    A sign that the last reading does not hold is judged as it was last had: nobody goes home on low oxygen because it
    was measured no more.
    """
    first, last = doses[0].administered_at, doses[-1].administered_at
    since = monitoring.readings_after(session=session, dosed_at=first)
    until = [row for row in since if row.measured_at <= discharged_at]
    taken = [row for row in until if last < row.measured_at]
    fresh = timedelta(minutes=limit(protocol.limits, "leaving_vitals_min"))
    if not taken or discharged_at - taken[-1].measured_at > fresh:
        return False
    if monitoring.unread_before_leaving(session_id=session.pk).exists():
        return False
    baseline = monitoring.last_before_dose(session_id=session.pk, before=first)
    return home_ready(
        vitals=monitoring.vitals_of(taken[-1]),
        bands=latest_bands([(monitoring.vitals_of(row), row.bands) for row in until]),
        baseline=monitoring.vitals_of(baseline) if baseline else None,
        percent=protocol.limits["vitals_within_baseline_percent"],
    )


def _awake(session: Session, protocol: Protocol, *, last: datetime, until: datetime) -> bool | None:
    """What the last reading of it between the last dose and `until` says. One that says awake counts as long as vital
    signs do, since sleep comes after a dose; one that does not stands until it is measured again.
    """
    readings = monitoring.standing_readings(session_id=session.pk).exclude(sedation=None)
    reading = readings.filter(measured_at__gt=last, measured_at__lte=until).last()
    if reading is None:
        return None
    if reading.sedation < protocol.bands["sedation"]["go"]:
        return False
    fresh = timedelta(minutes=limit(protocol.limits, "leaving_vitals_min"))
    return True if until - reading.measured_at <= fresh else None
