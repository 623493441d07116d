"""Ctrl-C for all that tests start; a real browser for the suites that look at pages, and a folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from archive.replay.browser import find_browser

# A shell starts what it puts into the background with SIGINT ignored, and that is handed on.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Return Debian's Chromium, installed with fonts for Devanagari if it is not there."""
    wanted = ["chromium"] if not shutil.which("chromium") else []
    if not list(Path("/usr/share/fonts").rglob("NotoSansDevanagari*")):
        wanted.append("fonts-noto-core")
    if wanted:
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *wanted]
        subprocess.run(install, check=True, stdout=subprocess.DEVNULL)
    return find_browser()


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder for pictures of pages: ``MORESTORIES_SCREENSHOTS``, else a new one."""
    named = os.environ.get("MORESTORIES_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
