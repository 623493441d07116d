"""A file or folder that appears under its name only when it is whole."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """Give a path of a new name beside ``target``, and rename what was made there at the end.

    What went wrong leaves nothing behind. Raises ``OSError`` where ``target`` cannot be made.
    """
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        made = folder / target.name
        yield made
        made.chmod(0o755 if made.is_dir() else 0o644)
        made.replace(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
