"""Verbs of the drug ledger, by noun; this file gathers what interfaces and the rooms above call."""

from sessions.drugs.services.counts import record_count, sweep_counts
from sessions.drugs.services.discrepancies import (
    close_discrepancy,
    explain_discrepancy,
    file_discrepancy,
    notify_discrepancy,
    sweep_discrepancies,
)
from sessions.drugs.services.entries import record_entry
from sessions.drugs.services.ledger import (
    InsufficientStock,
    NoOpenDraw,
    asks_draw,
    draw,
    receive_lot,
    settle_draw,
)
from sessions.drugs.services.lots import LotInUse, void_lot
from sessions.drugs.services.witness import WitnessInvalid, ask_passkey, forget_prints, verify_witness

__all__ = [
    "InsufficientStock",
    "LotInUse",
    "NoOpenDraw",
    "WitnessInvalid",
    "ask_passkey",
    "asks_draw",
    "close_discrepancy",
    "draw",
    "explain_discrepancy",
    "file_discrepancy",
    "forget_prints",
    "notify_discrepancy",
    "receive_lot",
    "record_count",
    "record_entry",
    "settle_draw",
    "sweep_counts",
    "sweep_discrepancies",
    "verify_witness",
    "void_lot",
]
