"""Pure rules of the record as a whole, by noun."""
