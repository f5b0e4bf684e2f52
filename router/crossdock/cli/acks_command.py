"""`crossdock acks`: documents sent, whether their partners have acknowledged them, and documents that should have followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from crossdock.cli.output import as_json, console, keys, moment, say_json, table
from crossdock.cli.session import named, office

if TYPE_CHECKING:
    from crossdock.core.exchange import Row

STATES = (
    "open", "waiting", "overdue", "rejected", "acknowledged", "acknowledged_with_errors", "sent", "received", "refused", "closed",
    "all",
)  # fmt: skip


@click.group("acks", invoke_without_command=True)
@click.option("--partner", default="", help="Only this partner's.")
@click.option("--state", type=click.Choice(STATES), default="open", help="Only this state; `open` is all that needs an answer.")
@click.option("--document", default="", help="Only this kind of document, such as 810.")
@click.option("--missing", is_flag=True, help="Documents that should have followed others, and have not.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many.")
@as_json
@click.pass_context
def command(context: click.Context, /, missing: bool, machine: bool, **asked: Any) -> None:
    """List documents exchanged with partners: which wait for an acknowledgement, are overdue, or were rejected.

    \b
    Examples:
      crossdock acks
      crossdock acks --partner acme --state overdue
      crossdock acks --missing
      crossdock acks show 01k8zq3v9d6w.1/1
    """
    if context.invoked_subcommand is None:
        if missing:
            _missing(context, asked["partner"], asked["limit"], machine)
        else:
            _list(context, asked, machine)


@command.command("show")
@click.argument("item")
@as_json
@click.pass_context
def show(context: click.Context, item: str, machine: bool) -> None:
    """Show one document: its control numbers, what the partner said of it and why, and what must follow it.

    \b
    Example:
      crossdock acks show 01k8zq3v9d6w.1/1
    """
    with office(context) as desk, named(_nothing(item)):
        row = desk.ack(item)
    if machine:
        say_json(row)
        return
    _print(row)


@command.command("close")
@click.argument("items", nargs=-1, required=True)
@click.option("--reason", required=True, help="Why nothing more is awaited; it is kept.")
@click.pass_context
def close(context: click.Context, items: tuple[str, ...], reason: str) -> None:
    """Settle documents by your word: the partner confirmed by telephone, or what should follow will not come.

    \b
    Example:
      crossdock acks close 01k8zq3v9d6w.1/1 --reason "ACME confirmed it by mail"
    """
    with office(context) as desk:
        for item in items:
            with named(_nothing(item)):
                desk.close_ack(item, reason)
            click.echo(f"{item} is closed")


def _nothing(item: str) -> str:
    return f"there is no exchanged document '{item}'; `crossdock acks --state all` says what there is"


def _list(context: click.Context, asked: dict[str, Any], machine: bool) -> None:
    from crossdock.core.exchange import Asked

    asked["state"] = "" if asked["state"] == "all" else asked["state"]
    with office(context) as desk:
        rows = desk.acks(Asked(**asked))
    if machine:
        say_json(rows)
        return
    columns = ("at", "id", "partner", "document", "numbers", "keys", "state", "due", "why")
    table(columns, (_cells(row) for row in rows), "nothing is open")


def _cells(row: Row) -> tuple[object, ...]:
    arrow = "to" if row["direction"] == "out" else "from"
    document = f"{row['document']} {arrow}"
    return (
        moment(row["sent_at"] or row["at"]),
        row["id"],
        row["partner"],
        document,
        _numbers(row),
        keys(row["keys"]),
        row["state"],
        moment(row["due_at"]),
        (row["error"] or {}).get("message", ""),
    )


def _numbers(row: Row) -> str:
    return "/".join(filter(None, (row["interchange"], row["transaction"])))


def _missing(context: click.Context, partner: str, limit: int, machine: bool) -> None:
    with office(context) as desk:
        rows = desk.missing(partner, limit)
    if machine:
        say_json(rows)
        return
    listed = (
        (moment(row["due_at"]), row["partner"], row["document"], row["after"], f"{row['name']}={row['value']}", row["exchange"])
        for row in rows
    )
    table(("due", "partner", "missing", "after", "key", "id"), listed, "nothing is missing")


def _print(row: Row) -> None:
    from rich.markup import escape

    out = console()
    way = f"to {row['partner']}" if row["direction"] == "out" else f"from {row['partner']}"
    out.print(
        f"[bold]{row['document']}[/bold] {escape(way)} {escape(_numbers(row))}  {row['state']}  {escape(keys(row['keys']))}"
    )
    for name, value in (("sent", row["sent_at"]), ("due", row["due_at"]), ("arrived", row["arrived_at"])):
        if value:
            out.print(f"  {name} {moment(value)}")
    if row["ack"]:
        out.print(f"  {row['ack']} {moment(row['answered_at'])} in message {row['ack_message']}")
    error = row["error"] or {}
    if error:
        out.print(f"[red]{escape(error['message'])}[/red]")
    for finding in error.get("findings", ()):
        out.print(f"  {escape(finding['where'])}: {escape(finding['message'])}")
    for one in row["expects"]:
        out.print(f"  expects {one['document']} by {moment(one['due_at'])}: {one['state']} {escape(one['met_by'])}")
    for event in row["events"]:
        out.print(f"  [dim]{moment(event['at'])}[/dim] {event['kind']} {escape(event['note'])} {escape(event.get('by', ''))}")
