"""Every measurement of docs/, one after the other: ``python -m benchmarks [NAME …]``."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import benchmarks

NAMES = sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name[0] != "_")


def main() -> int:
    """Run the named measurements, or all; return 1 if one failed."""
    wanted = sys.argv[1:] or NAMES
    if unknown := set(wanted) - set(NAMES):
        print(f"no such measurement: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
        return 2
    failed = False
    for name in wanted:
        print(f"\n== {name}", flush=True)
        failed |= (
            subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode
            != 0
        )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
