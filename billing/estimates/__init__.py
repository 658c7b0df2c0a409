"""Good Faith Estimates: what services will cost, told in time on a numbered paper, and what goes beyond it."""
