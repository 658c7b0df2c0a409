"""One pass of all the periodic work, and what keeps the worklist honest."""
