"""`crossdock chain --partner`: whoever has documents of an order finds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from click.testing import CliRunner, Result

from crossdock.cli import chain_command
from crossdock.cli.main import cli
from crossdock.core.chain import Link

LINKS = [
    Link("acme", "in", "850", "ordered", "45", "45", lines=[["1", "2", "EA", None, None, None, {"VN": "A"}]], at=1),
    Link("westdock", "in", "945", "picked", "45", "S1", lines=[["1", "2", "EA", None, None, None, {"VN": "A"}]], at=2),
]


class Desk:
    """A journal with an order that a warehouse has picked."""

    def chain(self, _order: str) -> dict[str, Any]:
        return {"links": [link._asdict() for link in LINKS], "hint": ""}


@pytest.fixture(autouse=True)
def journal(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def office(_context: Any) -> Iterator[Desk]:
        yield Desk()

    monkeypatch.setattr(chain_command, "office", office)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["chain", "45", *arguments])


@pytest.mark.parametrize("partner", ["acme", "westdock"])
def test_an_order_is_found_by_the_warehouse_as_by_the_customer(partner: str) -> None:
    """The warehouse's documents are part of the customer's order."""
    done = run("--partner", partner)
    assert done.exit_code == 0
    assert "order 45 with acme" in done.output
    assert "945 picked" in done.output


def test_a_partner_without_documents_is_told_who_has_them() -> None:
    done = run("--partner", "beta")
    assert done.exception is not None
    assert "beta has no document of order '45'; acme, westdock has" in str(done.exception) + done.output
