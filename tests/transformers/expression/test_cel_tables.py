"""`lookup`, `xref` and `convert` ask the project's tables; `now`, `uuid` and the dates ask the message and the calendar."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from crossdock.core.errors import Refusal, Refusals, Rejected
from crossdock_transformers.expression.language import Cel
from tests.transformers.expression.expression_kit import PLACE, value
from tests.transformers.map.map_kit import Project, resource

UOM = 'table: uom\nentries: { EA: EA, CA: CASE, "10": TEN }\n'
ACME = "columns: [buyer_item, sku, gtin]\nrows:\n  - [B-1, A-100, '04']\n  - [B-2, A-200, '05']\n  - [B-9, A-200, '06']\n"
UNITS = "columns: [item, from, to, factor]\nrows:\n  - ['', DZ, EA, 12]\n  - [A-100, CA, EA, 24]\n  - [A-100, PL, CA, '40']\n"
FILES = Project([
    resource("table", "uom", UOM),
    resource("table", "acme.item", ACME),
    resource("table", "units", UNITS),
])  # fmt: skip
KNOWN = dict.fromkeys(("body", "partner", "received_at"))
BODY = {"unit": "CA", "other": "CX", "item": "B-1", "none": None}


def asked(text: str, partner: str = "acme") -> Any:
    """Return what an expression gives in a project with tables."""
    seen = {"body": BODY, "partner": partner, "received_at": 1_760_000_000_000}
    return Cel(FILES).compile(text, PLACE, KNOWN).evaluate(seen)


def problems(text: str) -> list[str]:
    """Return why an expression does not compile in that project."""
    try:
        Cel(FILES).compile(text, PLACE, KNOWN)
    except Refusal as refusal:
        return [refusal.message]
    except Refusals as refusals:
        return [refusal.message for refusal in refusals.refusals]
    return []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lookup('uom', body.unit)", "CASE"),
        ("lookup('uom', '10')", "TEN"),
        ("lookup('uom', body.other, 'EA')", "EA"),
        ("lookup('uom', body.?missing, 'EA')", "EA"),
        ("lookup('uom', body.none, 'EA')", "EA"),
        ("lookup('uom:value->key', 'CASE')", "CA"),
        ("xref('item', body.item).sku", "A-100"),
        ("xref('item:buyer_item->gtin', body.item)", "04"),
        ("xref('item:gtin->sku', '05')", "A-200"),
        ("xref('item:sku->gtin', 'A-300', 'none')", "none"),
        ("convert(3, 'DZ', 'EA')", Decimal(36)),
        ("convert(48, 'EA', 'CA', 'A-100')", Decimal(2)),
        ("convert(2, 'PL', 'EA', 'A-100')", Decimal(1920)),
        ("convert(2.5, 'EA', 'EA')", Decimal("2.5")),
        ("now()", datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)),
        ("format_date(now(), '%d.%m.%Y %H:%M', 'Europe/Berlin')", "09.10.2025 10:53"),
        ("parse_time('202510091053', '%Y%m%d%H%M', 'Europe/Berlin')", datetime(2025, 10, 9, 8, 53, tzinfo=UTC)),
        ("uuid('order 1') == uuid('order 1') && uuid('order 1') != uuid('order 2')", True),
        ("uuid('www.example.com', '6ba7b810-9dad-11d1-80b4-00c04fd430c8')", "2ed6657d-e927-568b-95e1-2665a8aea6a2"),
    ],
)
def test_a_table_answers(text, expected):
    assert asked(text) == expected


@pytest.mark.parametrize(
    ("text", "partner", "message", "advice"),
    [
        (
            "lookup('uom', body.other)", "acme",
            "lookup('uom', body.other): table 'uom' has no entry 'CX'; there is 10, CA, EA",
            "add it to uom.table.yaml, or give a default",
        ),
        (
            "xref('item', 'B-3').sku", "acme",
            "xref('item', 'B-3'): table 'acme.item' has no entry 'B-3'; did you mean 'B-9'?",
            "add it to acme.item.table.yaml, or give a default",
        ),
        (
            "xref('item:sku->gtin', 'A-200')", "acme",
            "xref('item:sku->gtin', 'A-200'): table 'acme.item' has several entries for 'A-200'",
            "ask by a column that is unique",
        ),
        (
            "xref('item', 'B-1').sku", "globex",
            "xref('item', 'B-1'): partner 'globex' has no table 'item'",
            "write config/partners/globex.item.table.yaml",
        ),
        (
            "convert(1, 'CX', 'EA', 'A-100')", "acme",
            "convert(1, 'CX', 'EA', 'A-100'): table 'units' has no way from 'CX' to 'EA' for item 'A-100'; "
            "there is CA, DZ, EA, PL",
            "add a row to units.table.yaml",
        ),
    ],
)  # fmt: skip
def test_what_a_table_lacks_names_table_key_and_the_nearest(text, partner, message, advice):
    with pytest.raises(Rejected) as caught:
        asked(text, partner)
    assert (caught.value.message, caught.value.advice) == (message, advice)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lookup('uon', body.unit)", "unknown table 'uon'; did you mean 'uom'?"),
        ("lookup('uom:key->valeu', body.unit)", "table 'uom' has no column 'valeu'; did you mean 'value'?"),
        ("lookup('a b c', body.unit)", "'a b c' is not a table's name; write 'uom', or 'item:gtin->sku' for other columns"),
        ("lookup(body.unit, body.unit)", "lookup is written lookup('table', key) or lookup('table', key, default)"),
        ("lookup('uom', 5)", "a string is needed here, but 5 is an int"),
        ("lookup('uom', body.unit) == 'CARTON'", "lookup('uom', body.unit) is never 'CARTON'"),
        ("xref('itm', body.item)", "no partner has a table 'itm'; did you mean 'item'?; write config/partners/"),
        ("convert(1, 'CA')", "convert is written convert(quantity, 'CA', 'EA') or convert(quantity, 'CA', 'EA', item)"),
        ("now(1)", "now is written now(), where there is a message"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_when_it_is_compiled(text, message):
    assert problems(text)[0].startswith(message)


def test_without_a_project_there_are_no_tables():
    with pytest.raises(Refusal, match="there is no table 'uom': this expression stands in no project"):
        value("lookup('uom', 'CA')")
