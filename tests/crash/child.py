"""`python -m tests.crash.child ROOT [METHOD MOMENT NTH]`: `crossdock up` that kills itself at one commit point."""

from __future__ import annotations

import sys
from pathlib import Path

from crossdock import boot
from crossdock.testing.crash import CrashingJournal, CrashPoint


def main(arguments: list[str]) -> int:
    """Run until stopped or killed."""
    root, point = Path(arguments[0]), arguments[1:]
    if not point:
        return boot.up(root, "local")
    method, moment, nth = point
    crash = CrashPoint(method, "before" if moment == "before" else "after", int(nth))
    return boot.up(root, "local", wrap=lambda journal: CrashingJournal(journal, crash))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
