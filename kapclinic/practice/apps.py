from django.apps import AppConfig


class PracticeConfig(AppConfig):
    name = "kapclinic.practice"
    label = "practice"
