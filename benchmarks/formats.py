"""The formats beside EDI in MB/s, fully checked, each beside what its bare parser does with the same bytes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.figures import Row, median_seconds

ROWS = 50_000
CSV = {
    "delimiter": ";",
    "columns": {
        "order_number": {"required": True},
        "ordered_on": {"type": "date", "format": "%d.%m.%Y"},
        "sku": {"required": True},
        "quantity": "decimal",
        "price": "decimal",
        "note": "text",
    },
}
GROUPED = {**CSV, "group_by": "order_number", "lines": ["sku", "quantity", "price", "note"]}
FIXED = {
    "discriminator": {"length": 3},
    "records": {
        "order": {
            "is": "ORD",
            "many": True,
            "fields": {"number": {"length": 10}, "on": {"type": "date", "length": 8}},
            "records": {
                "line": {
                    "is": "LIN",
                    "many": True,
                    "fields": {"sku": {"length": 10}, "quantity": {"type": "decimal", "length": 9, "decimals": 3}},
                }
            },
        }
    },
}
XML = {
    "record": "/Orders/Order",
    "fields": {
        "Number": {"required": True},
        "Date": "date",
        "Line": {"list": True, "fields": {"Sku": {"required": True}, "Quantity": "decimal", "Price": "decimal"}},
    },
}


def rows() -> Iterator[Row]:
    """Measure each format."""
    table = _csv()
    yield _row(
        "CSV, typed rows", "csv", CSV, table, "csv.reader", lambda: sum(1 for _ in csv.reader(io.StringIO(table.decode())))
    )
    yield _row("CSV, gathered into orders", "csv", GROUPED, table, "", None)
    lines = b"".join(
        b'{"sku": "SKU-%d", "quantity": %d.5, "price": 12.50, "note": "HEX BOLT"}\n' % (at, at) for at in range(ROWS)
    )
    yield _row("NDJSON", "ndjson", {}, lines, "json.loads", lambda: [json.loads(line) for line in lines.splitlines()] and None)
    document = _xml()
    yield _row("XML records by a layout", "xml", XML, document, "lxml.fromstring", lambda: _parsed(document))
    yield _row("fixed width, nested", "fixed_width", FIXED, _fixed(), "", None)
    yield _row("IDoc ORDERS05, flat", "idoc", {"type": "ORDERS05"}, _idoc(), "", None)


def _row(what: str, name: str, options: dict[str, Any], data: bytes, bare: str, yardstick: Callable[[], object] | None) -> Row:
    step = _step("decode", name, options)
    size = len(data) / 1e6
    speed = size / median_seconds(lambda: _read(step, data))
    if yardstick is None:
        return Row(what, speed, "MB/s")
    other = size / median_seconds(yardstick)
    return Row(what, speed, "MB/s", f"{bare}: {other:,.0f} MB/s", speed / other)


def _step(direction: str, name: str, options: dict[str, Any]) -> Any:
    from crossdock.core.registry import installed
    from tests.transformers.records.records_kit import context

    spec: Any = installed().find("transformers", name)
    model = (spec.encode_options if direction == "encode" else None) or spec.options
    return getattr(spec, direction)(model.model_validate(options), context())


def _read(step: Any, data: bytes) -> None:
    from tests.transformers.map.map_kit import message

    bad = sum(part.error is not None for part in step.apply(message(data)).body.parts())
    assert not bad


def _parsed(data: bytes) -> None:
    from lxml import etree

    etree.fromstring(data)


def _csv() -> bytes:
    head = b"order_number;ordered_on;sku;quantity;price;note\n"
    return head + b"".join(
        b"45%08d;05.11.2026;SKU-%05d;%d.5;12.50;HEX BOLT ZINC M8\n" % (at // 10, at, at % 500) for at in range(ROWS)
    )


def _fixed() -> bytes:
    line = b"".join(b"LIN%-10s%09d\n" % (b"SKU-%d" % at, at * 1000) for at in range(10))
    return b"".join(b"ORD45%08d20261105\n" % at + line for at in range(ROWS // 10))


def _xml() -> bytes:
    line = b"".join(b"<Line><Sku>SKU-%d</Sku><Quantity>%d</Quantity><Price>12.50</Price></Line>" % (at, at) for at in range(10))
    one = b"".join(b"<Order><Number>45%08d</Number><Date>2026-11-05</Date>%s</Order>" % (at, line) for at in range(ROWS // 10))
    return b"<Orders>" + one + b"</Orders>"


def _idoc() -> bytes:
    from tests.transformers.map.map_kit import message

    lines = [{"POSEX": f"{at:06d}", "MENGE": at, "E1EDP19": [{"QUALF": "002", "IDTNR": f"SKU-{at}"}]} for at in range(10)]
    order = {"EDI_DC40": {"DOCNUM": "1"}, "E1EDK01": {"BELNR": "4500012345", "CURCY": "EUR"}, "E1EDP01": lines}
    body: bytes = _step("encode", "idoc", {"type": "ORDERS05"}).apply(message([order] * 500)).body
    return body
