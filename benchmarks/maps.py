"""One map of an order: compiled, by hand, in jq and in jsonata-python; and one validation, beside jsonschema.

All start from the decoded document and end with one; jq and its Python binding hand it over as JSON text, which is counted.
Peers that are not installed (`pip install jq jsonata-python`) are left out with a note.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from benchmarks.figures import Row, alternating
from benchmarks.stage import SHOP_MAP

LINES, TIMES = 10, 5_000
JQ = """
{order_number: .id, customer: .customer, ordered_on: .date, currency: .currency,
 ship_to: (.ship_to | {name: .name, street: .street, city: .city, postal_code: .zip, country: .country}),
 lines: [.lines[] | {number: .position, sku: .article, quantity: .amount, unit: .unit, unit_price: .price,
                     buyer_item: .customer_article, description: .title}],
 total: ([.lines[] | .amount * .price] | add)}
"""
JSONATA = """
{"order_number": id, "customer": customer, "ordered_on": date, "currency": currency,
 "ship_to": ship_to.{"name": name, "street": street, "city": city, "postal_code": zip, "country": country},
 "lines": [lines.{"number": position, "sku": article, "quantity": amount, "unit": unit, "unit_price": price,
                  "buyer_item": customer_article, "description": title}],
 "total": $sum(lines.(amount * price))}
"""
TEXT = {"type": "string"}
NUMBER = {"type": "number"}


def order(numbers: Callable[[str], Any] = Decimal) -> dict[str, Any]:
    """Return a shop's order with ten lines."""
    place = {"name": "DC 217", "street": "4410 Industrial Blvd", "city": "Chicago", "zip": "60601", "country": "US"}
    lines = [
        {
            "position": str(at), "article": f"SKU-{at}", "amount": numbers(str(at + 1)), "unit": "EA", "price": numbers("12.50"),
            "customer_article": f"77-{at}", "title": "HEX BOLT ZINC M8",
        }
        for at in range(1, LINES + 1)
    ]  # fmt: skip
    return {"id": "4711", "customer": "C-1", "date": "2026-10-15", "currency": "USD", "ship_to": place, "lines": lines}


def by_hand(body: dict[str, Any]) -> dict[str, Any]:
    """The map as somebody would write it in Python."""
    to = body["ship_to"]
    return {
        "order_number": body["id"],
        "customer": body["customer"],
        "ordered_on": body["date"],
        "currency": body["currency"],
        "ship_to": {
            "name": to["name"],
            "street": to["street"],
            "city": to["city"],
            "postal_code": to["zip"],
            "country": to["country"],
        },
        "lines": [
            {
                "number": line["position"],
                "sku": line["article"],
                "quantity": line["amount"],
                "unit": line["unit"],
                "unit_price": line["price"],
                "buyer_item": line["customer_article"],
                "description": line["title"],
            }
            for line in body["lines"]
        ],
        "total": sum(line["amount"] * line["price"] for line in body["lines"]),
    }


def shape() -> dict[str, Any]:
    """Return the order's JSON Schema, as a route that decodes with it knows it."""
    body = order(float)
    return {**_object(body), "properties": _properties(body)}


def _object(data: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": list(data), "properties": _properties(data)}


def _properties(data: dict[str, Any]) -> dict[str, Any]:
    return {name: _schema(value) for name, value in data.items()}


def _schema(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        return {"type": "array", "items": _schema(value[0])}
    return _object(value) if isinstance(value, dict) else TEXT if isinstance(value, str) else NUMBER


def rows() -> Iterator[Row]:
    """Measure the map, then the validation."""
    ours = _compiled()
    body = order()
    assert ours(body) == by_hand(body)
    rate, hand = _rates(lambda: ours(body), lambda: by_hand(body))
    note = f"an order of {LINES} lines, decimals for money"
    yield Row("map, compiled", rate, "maps/s", f"by hand in Python {hand:,.0f}", rate / hand, "0.5", note)
    yield _peer("jq", lambda: ours(body), _jq, "20")
    yield _peer("jsonata-python", lambda: ours(body), _jsonata, "")
    yield _validation()


def _compiled() -> Callable[[dict[str, Any]], Any]:
    import yaml

    from crossdock.core.errors import Place
    from crossdock.core.spec import Resource
    from crossdock_transformers.map.program import compiled

    data = {name: value for name, value in yaml.safe_load(SHOP_MAP).items() if name != "target"}
    made = compiled(Resource("map", "shop", "shop.map.yaml", data, {(): Place("shop.map.yaml")}), shape(), None, "").run
    return lambda body: made({"body": body})


def _rates(ours: Callable[[], object], theirs: Callable[[], object], slower: int = 1) -> tuple[float, float]:
    """Return how often a second each is done, in turns; theirs is so many times slower."""
    seconds, their_seconds = alternating(_repeated(ours, TIMES), _repeated(theirs, TIMES // slower))
    return TIMES / seconds, TIMES // slower / their_seconds


def _repeated(work: Callable[[], object], times: int) -> Callable[[], None]:
    def many() -> None:
        for _ in range(times):
            work()

    return many


def _peer(name: str, work: Callable[[], object], make: Callable[[], Callable[[], object]], aim: str) -> Row:
    try:
        peer = make()
    except ImportError:
        return Row(f"map, beside {name}", 0, "maps/s", f"{name} isn't installed", None, aim, f"pip install {name}")
    ours, theirs = _rates(work, peer, slower=20)
    note = "floats; jq is handed JSON text" if name == "jq" else "floats"
    return Row(f"map, beside {name}", ours, "maps/s", f"{name} {theirs:,.0f}", ours / theirs, aim, note)


def _jq() -> Callable[[], object]:
    import jq

    program, body = jq.compile(JQ), order(float)
    _same(program.input_value(body).first())
    return lambda: program.input_value(body).first()


def _jsonata() -> Callable[[], object]:
    from jsonata import Jsonata

    program, body = Jsonata(JSONATA), order(float)
    _same(program.evaluate(body))
    return lambda: program.evaluate(body)


def _same(made: Any) -> None:
    """A peer that makes another document would be measured on another map."""
    if json.loads(json.dumps(made)) != by_hand(order(float)):
        raise ValueError(f"this is not the same map: {made}")


def _validation() -> Row:
    import jsonschema

    from crossdock.core.errors import Place
    from crossdock.core.spec import Resource
    from crossdock_transformers.validate import Validator

    schema, body = shape(), order()
    ours = Validator(Resource("schema", "shop", "shop.schema.json", schema, {(): Place("shop.schema.json")}))
    theirs, floats = jsonschema.Draft202012Validator(schema), order(float)
    rate, slow = _rates(lambda: ours.check(body), lambda: theirs.validate(floats), slower=20)
    return Row("validate", rate, "documents/s", f"jsonschema {slow:,.0f}", rate / slow, "", "the same schema and order")
