"""Prepaid packages: what is in one, who bought it with which payment, and what each rendered session took from it."""
