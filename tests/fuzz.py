"""`python -m tests.fuzz [SECONDS] [SEED]`: damaged documents of both dialects against the codecs, with a cap on memory.

Samples are cut, repeated, spliced and overwritten at random. A document may be accepted, or refused with its reasons; anything
else (a crash, a hang, more memory than the cap) ends the run with the seed and the document that did it.
"""

from __future__ import annotations

import random
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from crossdock.core.errors import Rejected
from crossdock_transformers.edifact import decode_interchange as decode_edifact
from crossdock_transformers.x12 import decode_interchange as decode_x12

SAMPLES = Path(__file__).parent / "transformers"
MEMORY = 1024**3
LONGEST = 20
"""Seconds that one document may take: a thousand times what the slowest does."""
MARKS = b"~*>^'+:?\n\r\x00\xff 0A"
Decode = Callable[[bytes], Iterator[Any]]


def damaged(chance: random.Random, data: bytes) -> bytes:
    """Return a document with one to six things done to it."""
    for _ in range(chance.randint(1, 6)):
        at, to = sorted((chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)))
        to = min(to, at + chance.choice((1, 3, 30, 300)))
        done = (
            data[:at] + data[to:],
            data[:to] + data[at:to] * chance.choice((1, 2, 50)) + data[to:],
            data[:at] + bytes(chance.choices(MARKS, k=chance.choice((1, 1, 5, 400)))) + data[to:],
            data[:at] + chance.randbytes(to - at) + data[to:],
            data.replace(chance.choice(MARKS).to_bytes(1), chance.choice(MARKS).to_bytes(1), chance.choice((1, 1000))),
        )
        data = chance.choice(done)[:400_000] or b"ISA"
    return data


def verdict(decode: Decode, data: bytes) -> str:
    """Return what the codec says of a document."""
    try:
        found = [one.error is None for one in decode(data)]
    except Rejected as error:
        return f"refused: {error.code}"
    return "accepted" if all(found) else "some refused"


def samples() -> list[tuple[Decode, bytes]]:
    """Return all samples with their codecs."""
    x12 = [(decode_x12, path.read_bytes()) for path in sorted((SAMPLES / "x12/samples").glob("*.edi"))]
    return [*x12, *((decode_edifact, path.read_bytes()) for path in sorted((SAMPLES / "edifact/samples").rglob("*.edi")))]


def fuzz(seconds: float, seed: int) -> Counter[str]:
    """Damage documents for so long; return how often which verdict was given."""
    told: Counter[str] = Counter()
    every, ends = samples(), time.monotonic() + seconds
    while time.monotonic() < ends:
        chance = random.Random(seed + told.total())
        decode, data = chance.choice(every)
        document = damaged(chance, data)
        signal.alarm(LONGEST)
        try:
            told[verdict(decode, document)] += 1
        except BaseException:
            print(f"seed {seed + told.total()}, {decode.__module__}: {document[:2000]!r}", file=sys.stderr)
            raise
        finally:
            signal.alarm(0)
    return told


def _hung(*_: object) -> None:
    raise TimeoutError(f"a document took more than {LONGEST} s")


def main(arguments: list[str]) -> int:
    """Run, and print the verdicts."""
    seconds = float(arguments[0]) if arguments else 60.0
    seed = int(arguments[1]) if len(arguments) > 1 else int(time.time())
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, _hung)
    told = fuzz(seconds, seed)
    print(f"{told.total()} documents from seed {seed}, at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
    for name, times in told.most_common(20):
        print(f"{times:8}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
