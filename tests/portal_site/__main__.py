"""Run the demo portal for a person to look at: ``python -m tests.portal_site --port 8000``."""

from __future__ import annotations

import argparse
import contextlib
import threading

from tests.portal_site.server import PortalSite


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m tests.portal_site", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=0, help="port on 127.0.0.1; a free one if not given"
    )
    parser.add_argument("--articles", type=int, default=320, help="how many stories (320)")
    parser.add_argument(
        "--soft-404", action="store_true", help="answer any unknown path with the home page"
    )
    options = parser.parse_args()
    with PortalSite(options.articles, port=options.port, soft_404=options.soft_404) as site:
        print(f"{options.articles} stories at {site.url} (Ctrl-C ends it)", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
