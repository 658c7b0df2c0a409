"""How the clinic stands: integration, notes, alarms and outcomes of a period, each figure with the rows behind it."""
