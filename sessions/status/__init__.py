"""How the machine stands: steps, checks, alarms, queues, messages and connections, for whoever keeps it running."""
