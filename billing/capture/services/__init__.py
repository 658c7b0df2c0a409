"""Verbs of the capture: put a proposal together, post it, list what waits."""
