"""A load generator of its own process: `python -m benchmarks.load PORT PATH COUNT CONNECTIONS` posts JSON orders.

It speaks HTTP/1.1 on raw sockets, so that it costs little beside what is measured. Prints `{"seconds": s, "accepted": n}`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from itertools import count

import uvloop

LINES = 10


def order(number: int) -> bytes:
    """Return a JSON order of ten lines, about 2.4 KB, as a shop sends it."""
    lines = [
        {
            "position": str(line),
            "article": f"SKU-{line:04d}",
            "title": "HEX BOLT ZINC GRADE 8, WASHER FLAT STEEL, BOX OF ONE HUNDRED PIECES WITH NUTS AND A LABEL",
            "amount": line,
            "unit": "EA",
            "price": 10.5 + line,
            "customer_article": f"IN-{100000 + line}",
        }
        for line in range(1, LINES + 1)
    ]
    address = {"name": "ACME DC 217", "street": "4410 INDUSTRIAL BLVD", "city": "CHICAGO", "zip": "60601", "country": "US"}
    document = {
        "id": f"W-{number}",
        "customer": "C-1003",
        "date": "2026-10-15",
        "currency": "USD",
        "ship_to": address,
        "lines": lines,
    }
    return json.dumps(document).encode()


def request(path: str, number: int) -> bytes:
    """Return the whole HTTP request for an order."""
    body = order(number)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nIdempotency-Key: W-{number}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def run(port: int, path: str, total: int, connections: int) -> dict[str, float]:
    """Post `total` orders over some connections, each waiting for its answer."""
    numbers = count(1)
    accepted = 0

    async def one() -> None:
        nonlocal accepted
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (number := next(numbers)) <= total:
            writer.write(request(path, number))
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            accepted += head.startswith((b"HTTP/1.1 202", b"HTTP/1.1 200"))
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    return {"seconds": time.perf_counter() - started, "accepted": accepted}


if __name__ == "__main__":
    port, path, total, connections = sys.argv[1:5]
    print(json.dumps(uvloop.run(run(int(port), path, int(total), int(connections)))))
