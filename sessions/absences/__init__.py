"""Somebody will be away: what that breaks, what could be done instead, and the time off kept with every move."""
