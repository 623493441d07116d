"""``python -m crawler.cli``: the ``morestories`` command where no script is installed."""

from crawler.cli import main

main()
