"""A password hasher that does not take a quarter of a second."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import hashers
from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2 at its least cost: what signs in a test guards nothing."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1


def hash_quickly() -> None:
    """Passwords at little cost, and no list of static files for every client of the API."""
    settings.PASSWORD_HASHERS = ["tests.hashers.QuickArgon2PasswordHasher", *settings.PASSWORD_HASHERS[1:]]
    settings.WHITENOISE_USE_FINDERS = False
    hashers.get_hashers.cache_clear()
    hashers.get_hashers_by_algorithm.cache_clear()
