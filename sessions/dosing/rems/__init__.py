"""What the Spravato REMS wants to know of every esketamine session, within seven days: one record per session."""
