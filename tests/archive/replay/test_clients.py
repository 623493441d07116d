"""Real clients of the CDX API and of Memento, each in an environment of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from archive.warc.writer import WarcWriter
from tests.archive.replay.serving import Server, replaying
from tests.archive.warc.exchanges import exchange, pages

pytestmark = pytest.mark.root

TOOLKIT = """
import json, sys, cdx_toolkit
server = sys.argv[1]
cdx = cdx_toolkit.CDXFetcher(source=f"{server}/cdx", wb=f"{server}/web")
told = {
    "all": [c["url"] for c in cdx.iter("portal.test/*")],
    "some": [c["timestamp"] for c in cdx.get("portal.test/*", from_ts="20260301120002", to="20260301120003")],
    "missing": [c["url"] for c in cdx.get("portal.test/*", filter="=status:404")],
    "never": len(cdx.get("portal.test/never")),
    "estimate": cdx.get_size_estimate("portal.test/*", as_pages=True),
    "text": next(iter(cdx.get("portal.test/3"))).text,
}
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def toolkit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a Python that has cdx-toolkit."""
    home = tmp_path_factory.mktemp("toolkit")
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    install = [home / "bin/python", "-m", "pip", "install", "-q", "cdx_toolkit==0.9.39"]
    subprocess.run(install, check=True, timeout=300, stderr=subprocess.DEVNULL)
    return home / "bin/python"


def test_cdx_toolkit_reads_the_archive(toolkit: Path, tmp_path: Path) -> None:
    with WarcWriter(tmp_path / "warc", portal="demo", info={}) as writer:
        for one in pages(6):
            writer.write(one)
        writer.write(exchange("/gone", status="404 Not Found"))
    with replaying(tmp_path) as server:
        told = asked(toolkit, server)
    assert told["all"] == [f"http://portal.test/{n}" for n in range(6)] + [
        "http://portal.test/gone"
    ]
    assert told["some"] == ["20260301120002", "20260301120003"]
    assert told["missing"] == ["http://portal.test/gone"]
    assert (told["never"], told["estimate"]) == (0, 1)
    assert told["text"].startswith("<p>page 3</p>")


def asked(toolkit: Path, server: Server) -> dict[str, object]:
    script = [toolkit, "-W", "ignore", "-c", TOOLKIT, f"http://127.0.0.1:{server.port}"]
    done = subprocess.run(script, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))
