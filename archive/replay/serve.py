"""Run the replay: until Ctrl-C, or from a thread for as long as a block lasts."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from archive.replay.server import application


def serve_forever(archive: Path, listening: list[socket.socket], **options: Any) -> None:
    """Serve until SIGINT or SIGTERM; ``options`` are those of ``server.application``."""
    _server(archive, options).run(sockets=listening)


@contextmanager
def replaying(archive: Path, *listening: socket.socket, **options: Any) -> Iterator[int]:
    """Serve from a thread while the block lasts; gives the first socket's port."""
    server = _server(archive, options)
    thread = threading.Thread(target=server.run, kwargs={"sockets": list(listening)})
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield listening[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        for one in listening:
            one.close()


def _server(archive: Path, options: dict[str, Any]) -> uvicorn.Server:
    config = uvicorn.Config(
        application(archive, **options),
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
    )
    return uvicorn.Server(config)
