"""The addresses of the screens. None of them carries a name; a session or a client is an id."""

from __future__ import annotations

from django.urls import path

from kapclinic.ui import views
from kapclinic.ui.screens import SCREENS

urlpatterns = [
    path("", views.front_door, name="front-door"),
    path("sign-in", views.sign_in, name="sign-in"),
    path("password", views.password, name="password"),
    path("second-factors", views.second_factors, name="second-factors"),
    path("sw.js", views.service_worker, name="service-worker"),
    path("manifest.webmanifest", views.manifest, name="manifest"),
    *(path(screen.address, views.shell_of(screen), name=screen.name) for screen in SCREENS),
]
