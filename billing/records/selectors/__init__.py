"""Questions to the record as a whole, by noun."""
