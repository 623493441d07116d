"""Replay with scripts: wabac's service worker over the raw captures, on an origin of its own.

The worker (wabac.js, AGPL-3.0-or-later) is none of our files: :func:`install` takes it out of
pywb's wheel and puts it into the archive's folder, as it is. Where it is missing, there is static
replay only. Captured scripts run on the player's origin; our own pages are on another port.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from archive.errors import ArchiveError, BadSetting
from archive.replay.asked import ascii_url
from archive.replay.links import replay_path
from archive.replay.views import rendered

WORKER: Final = "player/sw.js"
# The wheel and the file in it, by SHA-256: nothing else is ever served.
_WHEEL: Final = (
    "pywb==2.10.0 --hash=sha256:885767217656f6e9833eb4c58180ec6b2a4757d8ff30b9ee6d8e743dcb47660d"
)
_INSIDE: Final = "pywb/static/wabacSW.js"
_SHA256: Final = "aa98839ba450dbbd802a8435e2c3bf6c5655299fa2c6f5dab8b3b811f277b673"

_SHELL: Final = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; "
    "worker-src 'self'; frame-src 'self'; form-action 'none'; base-uri 'none'"
)
_RAW: Final = re.compile(r"/web/\d{1,14}ir_/")
_WORKER_POLICY: Final = "default-src 'none'; connect-src 'self'"


def installed(archive: Path) -> bool:
    """Tell whether the archive has the worker."""
    return (archive / WORKER).is_file()


def install(archive: Path) -> Path:
    """Fetch the worker with pip and put it into the archive's folder; return where.

    Raises ``BadSetting`` where pip is missing or cannot fetch it.
    """
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(_WHEEL + "\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary"]
        command += [":all:", "--require-hashes", "-r", str(wanted), "-d", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            raise BadSetting(
                f"pip could not fetch pywb's wheel, which has the player "
                f"({done.stderr.strip().splitlines()[-1:] or 'no pip'}): "
                "pages are replayed without scripts until it can"
            )
        with zipfile.ZipFile(wheels[0]) as wheel:
            script = wheel.read(_INSIDE)
    if hashlib.sha256(script).hexdigest() != _SHA256:
        raise ArchiveError(
            "the player in pywb's wheel is not the one that was tried: not installed"
        )
    target = archive / WORKER
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(script)
    return target


def application(web: Callable[[Request], Response], archive: Path) -> ASGIApp:
    """Return the player's origin. ``web`` answers for the captures below ``/web/``."""

    def play(request: Request) -> Response:
        told = request.query_params
        page = replay_path(ascii_url(told.get("url", "")), told.get("timestamp", ""), "mp_")
        text = rendered("play.html", page=page)
        # Another port is another origin, so this cannot say 'self': any page of this host may.
        policy = f"{_SHELL}; frame-ancestors http://{request.url.hostname}:*"
        return Response(text, headers=_headers(policy), media_type="text/html; charset=utf-8")

    def worker(_: Request) -> Response:
        body = (archive / WORKER).read_bytes()
        return Response(body, headers=_headers(_WORKER_POLICY), media_type="text/javascript")

    def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in ("play.js", "no-way-out.js"):
            return PlainTextResponse("no such file\n", 404)
        text = (files("archive.replay") / "templates" / name).read_text(encoding="utf-8")
        return Response(text, headers=_headers("default-src 'none'"), media_type="text/javascript")

    def raw(request: Request) -> Response:
        """Give the worker a capture; a browser that navigates here past it gets nothing to run."""
        is_fetch = request.headers.get("sec-fetch-dest") == "empty"
        if not is_fetch or not _RAW.match(request.url.path):
            return PlainTextResponse("this address is shown by the player alone\n", 403)
        answer = web(request)
        if "content-security-policy" in answer.headers:  # the worker sets that of the page
            del answer.headers["content-security-policy"]
        return answer

    return Starlette(
        routes=[
            Route("/play", play),
            Route("/sw.js", worker),
            Route("/static/{name}", static),
            Route("/web/{rest:path}", raw),
        ]
    )


def _headers(policy: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
