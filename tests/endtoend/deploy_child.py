"""`python -m tests.endtoend.deploy_child ROOT before|after`: a deployment that kills itself around its commit."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from crossdock import boot
from crossdock.boot import deployments
from crossdock.core.access import Actor
from crossdock.testing.crash import CrashingJournal, CrashPoint


def main(root: Path, moment: str) -> None:
    """Deploy a folder and die at the commit."""
    opened: Any = boot.journal(root, "local")
    point = CrashPoint("deploy", "before" if moment == "before" else "after")
    dying: Any = replace(opened, journal=CrashingJournal(opened.journal, point))
    deployments.deploy(dying, deployments.of_folder(root, "local"), deployments.Order(Actor("ann")))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
