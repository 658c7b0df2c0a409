"""Pure rules of dosing, by noun."""
