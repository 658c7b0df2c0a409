from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions"
    label = "clinic_sessions"
