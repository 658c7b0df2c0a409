"""Verbs of the packages, by noun."""
