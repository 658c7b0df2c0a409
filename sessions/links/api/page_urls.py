"""The address behind a link, outside the API: it holds the secret, so no log may show it (deploy/gunicorn.conf.py)."""

from django.urls import path

from sessions.links.api import pages

urlpatterns = [
    path("l/<str:token>", pages.page, name="client-link"),
    path("l/<str:token>/", pages.page),  # as some letters end an address
]
