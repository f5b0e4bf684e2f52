"""EDIFACT decoding in MB/s, fully validated, beside a bare split of the same bytes."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.codec import WORDS
from benchmarks.figures import Row, median_seconds

ORDERS, LINES = 10_000, 10
END = "'"


def interchange(orders: int, lines: int, seed: int = 96) -> bytes:
    """Return a realistic D.96A interchange of ORDERS with released characters in it, the same for the same numbers."""
    noise = random.Random(seed)
    segments = ["UNB+UNOC:3+5412345000013:14+4012345000009:14+261015:0930+4711++ORDERS"]
    for number in range(1, orders + 1):
        segments += _order(noise, number, lines)
    segments.append(f"UNZ+{orders}+4711")
    return ("UNA:+.? '" + "".join(segment + END for segment in segments)).encode("latin-1")


def _order(noise: random.Random, number: int, lines: int) -> list[str]:
    segments = [
        f"UNH+{number}+ORDERS:D:96A:UN:EAN008",
        f"BGM+220+45{number:08d}+9",
        "DTM+137:20261015:102",
        f"DTM+2:202611{noise.randrange(1, 29):02d}:102",
        f"FTX+ZZZ+++DELIVER TO DOCK {noise.randrange(1, 60)}?: CALL FIRST",
        f"RFF+CT:C{noise.randrange(10000, 99999)}",
        "NAD+BY+5412345000013::9++BETA RETAIL NV",
        "CTA+OC+:JAN KOPER",
        "COM+3225550100:TE",
        "NAD+SU+4012345000009::9",
        f"NAD+DP+541234500{noise.randrange(1000, 9999)}::9++BETA DC {noise.randrange(1, 400)}+{noise.randrange(1, 999)} DOKWEG",
        "CUX+2:EUR:9",
    ]
    for line in range(1, lines + 1):
        segments += [
            f"LIN+{line}++{noise.randrange(10**12, 10**13)}:EN",
            f"PIA+1+SKU-{noise.randrange(10000, 99999)}:SA",
            f"IMD+F++:::{' '.join(noise.choices(WORDS, k=4))[:35]}",
            f"QTY+21:{noise.randrange(1, 500)}:PCE",
            f"PRI+AAA:{noise.randrange(50, 99999) / 100:.2f}",
        ]
    segments += ["UNS+S", f"CNT+2:{lines}"]
    return [*segments, f"UNT+{len(segments) + 1}+{number}"]


def rows() -> Iterator[Row]:
    """Measure decoding and splitting."""
    from crossdock_transformers.edifact import decode_interchange

    data = interchange(ORDERS, LINES)
    text = data.decode("latin-1")

    def split() -> None:
        for segment in text.split(END):
            for element in segment.split("+"):
                element.split(":")

    def decode() -> None:
        for part in decode_interchange(data):
            if part.error:
                raise part.error

    bare = len(data) / 1e6 / median_seconds(split)
    ours = len(data) / 1e6 / median_seconds(decode)
    what, yardstick = "EDIFACT ORDERS decoded and fully validated", f"bare str.split: {bare:.0f} MB/s"
    yield Row(what, ours, "MB/s", yardstick, ours / bare, "4 MB/s", "10,000 orders, released characters in each")
