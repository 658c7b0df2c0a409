"""The record as a whole: what changed in a row, and a copy of all that a client may have. It reads every room below."""
