"""Questions about dosing."""

from sessions.dosing.selectors.adverse_events import (
    events_of,
    has_severe_event,
    named_on,
    to_follow_up,
    unreviewed,
)
from sessions.dosing.selectors.attestations import latest_words, words_for
from sessions.dosing.selectors.doses import (
    CONSENT,
    doses_counted,
    doses_given,
    first_dosed_at,
    given_total_mg,
    last_dose_elsewhere,
    last_dosed_at,
    next_dose_elsewhere,
    open_draws,
    preparations_counted,
    preparations_done,
    standing_doses,
)
from sessions.dosing.selectors.orders import current_order, is_replaced, order_at
from sessions.dosing.selectors.pressures import resting_pressures
from sessions.dosing.selectors.seen import last_visit, with_seen

__all__ = [
    "CONSENT",
    "current_order",
    "doses_counted",
    "doses_given",
    "events_of",
    "first_dosed_at",
    "given_total_mg",
    "has_severe_event",
    "is_replaced",
    "last_dose_elsewhere",
    "last_dosed_at",
    "last_visit",
    "latest_words",
    "named_on",
    "next_dose_elsewhere",
    "open_draws",
    "order_at",
    "preparations_counted",
    "preparations_done",
    "resting_pressures",
    "standing_doses",
    "to_follow_up",
    "unreviewed",
    "with_seen",
    "words_for",
]
