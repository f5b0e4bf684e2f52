"""X12 in MB/s: splitting at any size, decoding fully validated, encoding, and what the 997 adds; peers in the same run."""

from __future__ import annotations

import io
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.figures import Row, median_seconds

WORDS = (
    "HEX",
    "BOLT",
    "ZINC",
    "WASHER",
    "FLAT",
    "STEEL",
    "COUPLING",
    "BRASS",
    "VALVE",
    "PVC",
    "PIPE",
    "GASKET",
    "CABLE",
    "LAMP",
    "SCREW",
    "TAPE",
    "GLOVE",
    "FILTER",
    "PUMP",
    "SEAL",
)
ORDERS, LINES = 2_000, 10
SPLIT_MEGABYTES = 500
ACKNOWLEDGED = 10_000


def interchange(orders: int, lines: int, first: int = 1) -> bytes:
    """Return a realistic X12 004010 interchange of 850s, the same for the same numbers."""
    noise = random.Random(first)
    segments = [
        f"ISA*00*          *00*          *ZZ*ACMERETAIL     *01*080192334      *261015*0930*U*00401*{first:09d}*0*P*>",
        f"GS*PO*ACMERETAIL*080192334*20261015*0930*{first}*X*004010",
    ]
    for number in range(1, orders + 1):
        segments += _order(noise, number, first + number - 1, lines)
    segments += [f"GE*{orders}*{first}", f"IEA*1*{first:09d}"]
    return ("~".join(segments) + "~").encode()


def _order(noise: random.Random, number: int, order: int, lines: int) -> list[str]:
    segments = [
        f"ST*850*{number:04d}",
        f"BEG*00*SA*45{order:08d}**20261015",
        "CUR*BY*USD",
        f"REF*DP*{noise.randrange(100, 999)}",
        "PER*BD*JANE BUYER*TE*2145550100",
        "FOB*CC",
        "ITD*01*3*2**30**31",
        f"DTM*002*202611{noise.randrange(1, 29):02d}",
        "TD5**2*UPSN*M*UPS GROUND",
        "N1*BT*ACME RETAIL CORP*92*0001",
        "N3*1200 COMMERCE ST",
        "N4*DALLAS*TX*75202*US",
        f"N1*ST*ACME DC {noise.randrange(1, 400)}*92*{noise.randrange(1, 400):04d}",
        f"N3*{noise.randrange(1, 9999)} INDUSTRIAL BLVD*DOCK {noise.randrange(1, 60)}",
        "N4*CHICAGO*IL*60601*US",
    ]
    total = 0
    for line in range(1, lines + 1):
        quantity = noise.randrange(1, 500)
        total += quantity
        price = noise.randrange(50, 99999) / 100
        ids = f"UP*{noise.randrange(10**11, 10**12)}*VN*SKU-{noise.randrange(10000, 99999)}*IN*{noise.randrange(100000, 999999)}"
        segments.append(f"PO1*{line}*{quantity}*EA*{price:.2f}**{ids}")
        segments.append(f"PID*F****{' '.join(noise.choices(WORDS, k=4))}")
        segments.append(f"PO4*{noise.choice((6, 12, 24))}")
    segments.append(f"CTT*{lines}*{total}")
    segments.append(f"SE*{len(segments) + 1}*{number:04d}")
    return segments


def rows() -> Iterator[Row]:
    """Measure splitting, decoding, encoding and acknowledging."""
    data = interchange(ORDERS, LINES)
    yield from _splitting(data)
    yield _decoding(data)
    yield _encoding(data)
    yield _acknowledging()


def _splitting(data: bytes) -> Iterator[Row]:
    """A file of 500 MB, as a process of its own."""
    copies = SPLIT_MEGABYTES * 1_000_000 // len(data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.edi"
        with path.open("wb") as file:
            for number in range(1, copies + 1):
                file.write(
                    data.replace(b"*000000001*0*P*", b"*%09d*0*P*" % number).replace(b"IEA*1*000000001", b"IEA*1*%09d" % number)
                )
        found = [_split(path) for _ in range(3)]
        size = path.stat().st_size / 1e6
    rate = size / statistics.median(one["seconds"] for one in found)
    peer = _pyx12(data)
    told = f"pyx12's reader: {peer:.1f} MB/s" if peer else "pyx12 is not installed"
    yield Row(
        "X12 split into transactions, envelopes checked",
        rate,
        "MB/s",
        told,
        rate / peer if peer else None,
        "40 MB/s",
        "memory's bandwidth",
    )
    peak = max(one["peak"] for one in found)
    yield Row("memory while it is split", peak, "MB", f"the file: {size:.0f} MB", None, "< 64 MB", "Python and its imports")


def _split(path: Path) -> Any:
    command = [sys.executable, "-m", "benchmarks.splitting", str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _pyx12(data: bytes) -> float:
    """Return the peer's MB/s, 0 where it is not installed: it reads segments and counts envelopes."""
    try:
        from pyx12.x12file import X12Reader
    except ImportError:
        return 0.0

    def read() -> None:
        for _ in X12Reader(io.StringIO(data.decode())):
            pass

    return len(data) / 1e6 / median_seconds(read)


def _decoding(data: bytes) -> Row:
    from crossdock_transformers.x12 import decode_interchange

    text = data.decode()

    def split() -> None:
        for segment in text.split("~"):
            segment.split("*")

    def decode() -> None:
        for part in decode_interchange(data):
            if part.error:
                raise part.error

    bare = len(data) / 1e6 / median_seconds(split)
    ours = len(data) / 1e6 / median_seconds(decode)
    told = f"bare str.split: {bare:.0f} MB/s"
    return Row("X12 850 decoded to dicts and fully validated", ours, "MB/s", told, ours / bare, "6 MB/s", "a regex a segment")


def _encoding(data: bytes) -> Row:
    from crossdock_transformers.edi.load import standard
    from crossdock_transformers.edi.values import Delimiters
    from crossdock_transformers.x12 import decode_interchange, encode_transaction

    bodies = [part.body for part in decode_interchange(data)]
    grammar, delimiters = standard().get("850", "004010"), Delimiters()

    def encode() -> None:
        for body in bodies:
            encode_transaction(body, grammar, delimiters)

    rate = len(data) / 1e6 / median_seconds(encode)
    return Row("X12 850 encoded, and examined before it is sent", rate, "MB/s", note="the examination, then a call an element")


def _acknowledging() -> Row:
    """What the 997 adds to reading the transactions that it answers."""
    from tests.transformers.x12 import x12_kit as kit

    data = interchange(ACKNOWLEDGED, 3)
    shares, seconds = [], []
    for _ in range(3):
        stream = kit.decoded(data)
        started = time.perf_counter()
        for _ in stream.parts():
            pass
        read = time.perf_counter()
        for delivery in stream.finish().deliveries:
            delivery.body.render(1)
        seconds.append(read - started)
        shares.append(100 * (time.perf_counter() - read) / (read - started))
    told = f"reading them: {statistics.median(seconds):.2f} s"
    what = f"added by the 997 for {ACKNOWLEDGED:,} transactions"
    return Row(what, statistics.median(shares), "%", told, None, "< 10 %", "its segments as lists")
