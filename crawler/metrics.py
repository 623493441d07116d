"""Prometheus figures on loopback, read from the ledger when they are asked for."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from archive.errors import BadSetting
from archive.ledger import Ledger

HOST = "127.0.0.1"


class LedgerFigures(Collector):
    """What the ledger of an archive says, as Prometheus names it."""

    def __init__(self, archive: Path, ledger: Ledger) -> None:
        self._archive, self._ledger = archive, ledger

    def collect(self) -> Iterable[Metric]:
        """Yield the figures as they are now."""
        runs = CounterMetricFamily(
            "morestories_runs", "Crawls that ended, by cause.", labels=["portal", "exit"]
        )
        for (portal, cause), count in self._ledger.count().items():
            runs.add_metric([portal, cause], count)
        yield runs
        running = GaugeMetricFamily(
            "morestories_running_since_seconds", "When a crawl that runs began.", labels=["portal"]
        )
        for run in self._ledger.running():
            running.add_metric([run.portal], run.started.timestamp())
        yield running
        yield from self._last_runs()
        free = shutil.disk_usage(self._archive).free
        yield GaugeMetricFamily("morestories_disk_free_bytes", "Room on the disk.", value=free)

    def _last_runs(self) -> Iterable[Metric]:
        told = {
            "ended_seconds": "When the last crawl ended.",
            "pages": "Requests of the last crawl.",
            "bytes": "Bytes that the last crawl kept.",
            "new_stories": "Stories that the last crawl found.",
            "failures": "Fetches of the last crawl that failed.",
        }
        gauges = {
            name: GaugeMetricFamily(f"morestories_last_run_{name}", doc, labels=["portal"])
            for name, doc in told.items()
        }
        for run in self._ledger.last_ended():
            figures = run.figures
            assert run.ended is not None
            values = {
                "ended_seconds": run.ended.timestamp(),
                "pages": figures.get("pages", 0),
                "bytes": figures.get("bytes", 0),
                "new_stories": figures.get("articles", {}).get("new", 0),
                "failures": sum(figures.get("failures", {}).values()),
            }
            for name, value in values.items():
                gauges[name].add_metric([run.portal], value)
        yield from gauges.values()


@contextmanager
def serve(archive: Path, ledger: Ledger, port: int) -> Iterator[None]:
    """Serve the figures at ``http://127.0.0.1:PORT/metrics`` meanwhile; port 0 serves nothing.

    Raises ``BadSetting`` if the port is taken.
    """
    if not port:
        yield
        return
    registry = CollectorRegistry()
    registry.register(LedgerFigures(archive, ledger))
    try:
        server, thread = start_http_server(port, addr=HOST, registry=registry)
    except OSError as error:
        raise BadSetting(
            f"port {port} of {HOST} is taken ({error.strerror}): name another with "
            "--metrics-port N, or none with --metrics-port 0"
        ) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
