"""How a copy of a record leaves the house."""
