"""A short run of the fuzzer in a process of its own, with its cap on memory; `make fuzz` is the long one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_damaged_documents_are_accepted_or_refused_and_nothing_else() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "5", "20261123"]
    done = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "documents from seed 20261123" in done.stdout
    assert "accepted" in done.stdout
    assert "refused" in done.stdout
