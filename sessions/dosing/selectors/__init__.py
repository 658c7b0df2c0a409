"""Questions about dosing."""

from sessions.dosing.selectors.adverse_events import (
    events_of,
    named_on,
    to_follow_up,
    unreviewed,
)
from sessions.dosing.selectors.asked import (
    Opened,
    Record,
    asked_of,
    asks_record,
    for_a_dose,
    opened,
    opened_with_records,
    record,
)
from sessions.dosing.selectors.attestations import latest_words, words_for
from sessions.dosing.selectors.doses import (
    CONSENT,
    doses_counted,
    doses_given,
    doses_with_ends,
    first_dosed_at,
    for_a_reading,
    is_to_be_put_right,
    last_dosed_at,
    open_draws,
    preparations_completed,
    preparations_counted,
    preparations_done,
    standing_doses,
    stayed_until,
    total_mg,
)
from sessions.dosing.selectors.marks import GATE_MARK
from sessions.dosing.selectors.orders import (
    complete_at,
    current_order,
    order_among,
    order_at,
    orders_that_wait,
)
from sessions.dosing.selectors.pressures import resting_pressures
from sessions.dosing.selectors.seen import with_seen

__all__ = [
    "CONSENT",
    "GATE_MARK",
    "Opened",
    "Record",
    "asked_of",
    "asks_record",
    "complete_at",
    "current_order",
    "doses_counted",
    "doses_given",
    "doses_with_ends",
    "events_of",
    "first_dosed_at",
    "for_a_dose",
    "for_a_reading",
    "is_to_be_put_right",
    "last_dosed_at",
    "latest_words",
    "named_on",
    "open_draws",
    "opened",
    "opened_with_records",
    "order_among",
    "order_at",
    "orders_that_wait",
    "preparations_completed",
    "preparations_counted",
    "preparations_done",
    "record",
    "resting_pressures",
    "standing_doses",
    "stayed_until",
    "to_follow_up",
    "total_mg",
    "unreviewed",
    "with_seen",
    "words_for",
]
