"""X12 decoding in MB/s, fully validated, beside a bare split of the same bytes."""

from __future__ import annotations

import random
from collections.abc import Iterator

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
    """Measure decoding and splitting."""
    from crossdock_transformers.x12 import decode_interchange

    data = interchange(ORDERS, LINES)
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
    yield Row(
        "X12 850 decoded and fully validated",
        ours,
        "MB/s",
        f"bare str.split: {bare:.0f} MB/s",
        ours / bare,
        "6 MB/s",
        "a regex a segment",
    )
