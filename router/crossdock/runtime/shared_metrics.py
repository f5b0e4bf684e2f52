"""One set of metrics for all processes of an installation on one machine: whichever is asked tells what all of them counted.

prometheus-client keeps the counts in memory-mapped files, one set a process, so that they outlive a process that is killed and a
worker's children are counted too. It looks for the folder when it is first imported: call `share` before anything imports
`crossdock.runtime.metrics`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus-client's own name for the folder; who sets it beforehand chooses another."""


def share(folder: Path, *, fresh: bool) -> Path:
    """Count into files in a folder, shared with every process that names the same one; return it.

    `fresh` starts from nothing: for the process that comes first, when no other runs. Raises RuntimeError where it is too late.
    """
    if "prometheus_client" in sys.modules and VARIABLE not in os.environ:
        raise RuntimeError("metrics were imported before they were shared")
    chosen = Path(os.environ.setdefault(VARIABLE, str(folder)))
    chosen.mkdir(parents=True, exist_ok=True)
    for left in chosen.glob("*.db") if fresh else ():
        left.unlink(missing_ok=True)
    return chosen
