"""ASGI entry point."""

import os

from django.core.asgi import get_asgi_application

from kapclinic.core.shipped import refuse_broken

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kapclinic.settings")

application = get_asgi_application()
refuse_broken()
