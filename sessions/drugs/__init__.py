"""Controlled-substance stock: lots per location, and the append-only, hash-chained ledger with its running balance."""
