"""Django's PostgreSQL backend, but for how it learns that a kept connection has ended (`ENGINE` of the settings)."""
