"""Verbs of the ledger, by noun."""
