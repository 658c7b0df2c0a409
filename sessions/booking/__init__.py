"""Sessions and what they hold: room, staff and client, guarded by one exclusion constraint."""
