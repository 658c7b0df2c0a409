#!/usr/bin/env python
"""Django's command line, and ours."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kapclinic.settings")
    try:
        from kapclinic.local.lending import borrow
    except ModuleNotFoundError:  # production: the environment is all there is
        pass
    else:
        using = borrow(sys.argv)  # a name, so that it stays open
    execute_from_command_line(sys.argv)
