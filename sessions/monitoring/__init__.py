"""Vital signs: the checks that the protocol asks for, the readings, and the alarms that somebody must acknowledge."""
