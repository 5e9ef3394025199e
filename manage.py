#!/usr/bin/env python
"""Every command of the product. A local installation makes its own environment on the way."""

import os
import sys

from django.core.management import execute_from_command_line

from config import bootstrap
from config.env import BadEnvironment

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        bootstrap.for_command(sys.argv)
        execute_from_command_line(sys.argv)
    except BadEnvironment as wrong:
        sys.exit(str(wrong))
