"""A password hasher that does not take a quarter of a second."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2 at its least cost: what signs in a test guards nothing."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
