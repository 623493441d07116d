"""The ``morestories`` command."""

import sys

try:
    from crawler.cli.main import main
except KeyboardInterrupt:  # Ctrl-C while the commands are loaded, which takes up to seconds
    sys.exit(130)

__all__ = ["main"]
