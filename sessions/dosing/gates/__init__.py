"""Readiness: the facts of a session, the conditions over them, the table of gates, and how it is judged."""
