"""Splits a file as a program of its own, and says how long it took and how much memory: `python -m benchmarks.splitting FILE`."""

from __future__ import annotations

import json
import os
import sys
import time

from benchmarks.figures import peak_megabytes
from crossdock.core.blob import Blob
from crossdock_transformers.x12 import split_transactions


def main(path: str) -> None:
    """Print seconds, transactions and the largest resident set in MB as JSON."""
    with open(path, "rb") as file:  # noqa: PTH123 - as any program would
        document = Blob(file)
    started = time.perf_counter()
    count = sum(1 for piece in split_transactions(document) if not piece.fault)
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "transactions": count, "peak": peak_megabytes(os.getpid())}))


if __name__ == "__main__":
    main(sys.argv[1])
