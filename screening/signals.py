"""Facts that this app announces, inside the transaction that makes them. Receivers stand above and only enqueue."""

from django.dispatch import Signal

clearance_decided = Signal()  # program_id, clearance_id, decision: a prescriber decided on a screening
clearance_suspended = Signal()  # program_id, clearance_id: something came after the decision
clearance_upheld = Signal()  # program_id, clearance_id: a prescriber answered all that suspended it
clearance_voided = Signal()  # program_id, clearance_id: the decision no longer stands
safety_alert_raised = Signal()  # program_id, alert_id: a named clinician must acknowledge
