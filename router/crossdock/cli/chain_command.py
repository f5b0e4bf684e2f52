"""`crossdock chain`: an order's documents, line by line, and what disagrees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from crossdock.cli.output import as_json, console, moment, say_json, table
from crossdock.cli.session import NotFound, office

if TYPE_CHECKING:
    from crossdock.core.chain import Chain, Link


@click.command("chain")
@click.argument("order")
@click.option("--partner", default="", help="Only the order that this partner has documents of (a warehouse's too).")
@as_json
@click.pass_context
def command(context: click.Context, order: str, partner: str, machine: bool) -> None:
    """Show an order from 850 to 820 (ORDERS to REMADV), line by line: quantity, unit, price and date, and what disagrees.

    \b
    Examples:
      crossdock chain 4500012345
      crossdock chain 4500012345 --partner acme --json
    """
    from crossdock.core.chain import Link, chains_of

    with office(context) as desk:
        told = desk.chain(order)
    found, hint = [Link(**link) for link in told["links"]], told["hint"]
    chains = [chain for chain in chains_of(found) if partner in ("", chain.partner, *(one.partner for one in chain.documents))]
    if not chains:
        raise NotFound(_nothing(order, partner, sorted({link.partner for link in found}), hint))
    if machine:
        say_json([_record(chain) for chain in chains])
        return
    for chain in chains:
        _show(chain)


def _nothing(order: str, partner: str, known: list[str], hint: str) -> str:
    if known:
        return f"{partner} has no document of order '{order}'; {', '.join(known)} has"
    return f"no document of order '{order}' has passed here{hint or '; `crossdock messages` lists what there is'}"


def _record(chain: Chain) -> dict[str, Any]:
    documents = [
        {"set": one.set, "stage": one.stage, "direction": one.direction, "partner": one.partner, "number": one.number,
         "date": one.date, "purpose": one.purpose, "total": one.total, "control": one.control, "ref": one.ref, "at": one.at}
        for one in chain.documents
    ]  # fmt: skip
    lines = [
        {"number": line.number, "items": line.items, "extra": line.extra}
        | {stage: position.record() for stage, position in line.stages.items()}
        for line in chain.lines
    ]
    return {
        "order": chain.reference,
        "partner": chain.partner,
        "documents": documents,
        "lines": lines,
        "disagreements": list(chain.disagreements),
        "pending": list(chain.pending),
    }


def _show(chain: Chain) -> None:
    from rich.markup import escape

    out = console()
    out.print(f"order [bold]{escape(chain.reference)}[/bold] with [bold]{escape(chain.partner)}[/bold]")
    columns = ("at", "", "document", "partner", "number", "dated", "control", "message")
    table(columns, (_document(link) for link in chain.documents), "no documents")
    _show_lines(chain)
    for text in chain.disagreements:
        out.print(f"[red]disagrees[/red]  {escape(text)}")
    for text in chain.pending:
        out.print(f"[yellow]pending[/yellow]    {escape(text)}")
    if not chain.disagreements:
        out.print("[green]all documents agree[/green]")


def _document(link: Link) -> tuple[object, ...]:
    way = "in" if link.direction == "in" else "out"
    purpose = "" if link.purpose == "original" else f" ({link.purpose})"
    return moment(link.at), way, f"{link.set} {link.stage}{purpose}", link.partner, link.number, link.date, link.control, link.ref


def _show_lines(chain: Chain) -> None:
    from crossdock.core.chain import STAGES

    stages = [stage for stage in STAGES if any(stage in line.stages for line in chain.lines)]
    rows = []
    for line in chain.lines:
        positions = (line.stages.get(stage) for stage in stages)
        items = "\n".join(f"{kind} {value}" for kind, value in line.items.items())
        rows.append((line.number, items, *(_position(position) if position else "" for position in positions)))
    table(("line", "article", *stages), rows, "no lines")


def _position(position: Any) -> str:
    """Return what a stage says of a line: quantity and unit, price, date, each on a line of its own."""
    record = position.record()
    quantity = f"{record['quantity']:f} {record.get('unit', '')}".strip() if "quantity" in record else ""
    price = f"at {record['price']:f}" if "price" in record else ""
    return "\n".join(filter(None, (quantity, price, record.get("date", ""))))
