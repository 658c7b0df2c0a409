"""What happened and what is still to be done: audit events, idempotency records, outbox, heartbeat, worklist tasks.

Remember: this app stands below the people, so it knows actors, clients and locations by plain UUID.
AuditEvent and AuditSeal are append-only for everybody; sealing chains events in order, outside the requests.
"""
