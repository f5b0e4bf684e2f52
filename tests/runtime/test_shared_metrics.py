"""Shared metrics: each process counts, and any of them tells the sum."""

from __future__ import annotations

import os
import subprocess
import sys

from crossdock.runtime.shared_metrics import VARIABLE

COUNTING = """
import os, signal, sys
from pathlib import Path
from crossdock.runtime.shared_metrics import share
share(Path(sys.argv[1]), fresh=sys.argv[2] == "fresh")
from crossdock.core.journal import Lane
from crossdock.runtime.metrics import Metrics
metrics = Metrics()
metrics.delivery_done("erp", "delivered", 0.02)
child = os.fork()
if not child:
    metrics.delivery_done("erp", "delivered", 0.02)
    os.kill(os.getpid(), signal.SIGKILL)
os.waitpid(child, 0)
metrics.backlog([Lane("to/erp", 3, 0, 0, None)])
sys.stdout.write(metrics.render().decode())
"""


def counted(folder, fresh: bool) -> str:
    """Let a process and its child count, and return what the process tells."""
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    command = [sys.executable, "-c", COUNTING, str(folder), "fresh" if fresh else "going on"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def sent(rendered: str) -> float:
    """Return how many deliveries were counted."""
    return sum(
        float(line.split()[-1]) for line in rendered.splitlines() if line.startswith("messaging_client_sent_messages_total")
    )


def test_a_killed_childs_counts_are_told_by_its_parent(tmp_path):
    assert sent(counted(tmp_path / "metrics", fresh=True)) == 2


def test_another_process_adds_to_what_was_counted(tmp_path):
    counted(tmp_path, fresh=True)
    assert sent(counted(tmp_path, fresh=False)) == 4


def test_a_fresh_start_counts_from_nothing(tmp_path):
    counted(tmp_path, fresh=True)
    assert sent(counted(tmp_path, fresh=True)) == 2


def test_the_backlog_is_told_once_by_whoever_is_asked(tmp_path):
    lines = counted(tmp_path, fresh=True).splitlines()
    assert lines.count('crossdock_backlog_messages{lane="to/erp",state="ready"} 3.0') == 1


def test_sharing_too_late_is_an_error(tmp_path):
    code = "import prometheus_client; " + COUNTING
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), "fresh"], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "imported before they were shared" in done.stderr) == (1, True)
