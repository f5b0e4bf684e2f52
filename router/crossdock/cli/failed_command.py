"""`crossdock failed`: what waits for a person, and what a person can do with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from crossdock.cli.output import as_json, console, keys, moment, say_json, table
from crossdock.cli.session import named, office
from crossdock.core.journal import Query
from crossdock.core.office import Office

Row = dict[str, Any]


@click.group("failed", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """See and settle what waits for a person: rejected documents, refused deliveries, unknown effects.

    \b
    Examples:
      crossdock failed list
      crossdock failed show 01k8zq3v9d6w.2
      crossdock failed retry 01k8zq3v9d6w.2 --data repaired.edi
    """
    if context.invoked_subcommand is None:
        context.invoke(list_failed)


@command.command("list")
@click.option("--route", default="", help="Only this route's.")
@click.option("--partner", default="", help="Only this partner's.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many.")
@as_json
@click.pass_context
def list_failed(context: click.Context, route: str = "", partner: str = "", limit: int = 50, machine: bool = False) -> None:
    """List what waits for a person, newest first.

    \b
    Example:
      crossdock failed list --partner acme
    """
    with office(context) as desk:
        rows = desk.failed(Query(route=route, partner=partner, limit=limit))
    if machine:
        say_json(rows)
        return
    listed = (
        (moment(row["at"]), row["id"], _what(row), row["partner"], row["state"], keys(row["keys"]), _why(row)) for row in rows
    )
    table(("at", "id", "what", "partner", "state", "keys", "why"), listed, "nothing has failed")


@command.command("show")
@click.argument("item")
@as_json
@click.pass_context
def show(context: click.Context, item: str, machine: bool) -> None:
    """Show one failed message or delivery: every finding, and the document.

    \b
    Example:
      crossdock failed show 01k8zq3v9d6w.2
    """
    with office(context) as desk:
        row = _shown(desk, item)
    text = row["payload"].decode("utf-8", "backslashreplace")
    if machine:
        say_json({**row, "payload": text})
        return
    _print(row, text)


@command.command("retry")
@click.argument("items", nargs=-1, required=True)
@click.option("--data", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A repaired document.")
@click.option("--edit", is_flag=True, help="Repair the document in $EDITOR first.")
@click.pass_context
def retry(context: click.Context, items: tuple[str, ...], data: Path | None, edit: bool) -> None:
    """Put failed messages or deliveries back to work from where they stopped, with a repaired document if given.

    \b
    Examples:
      crossdock failed retry 01k8zq3v9d6w.2 --edit
      crossdock failed retry 01k8zq3v9d6w/1 01k8zq3v9d6x/1
    """
    if (data or edit) and len(items) > 1:
        raise click.UsageError("a repaired document goes with one item")
    with office(context) as desk:
        for item in items:
            repaired = data.read_bytes() if data else _edited(_shown(desk, item)) if edit else None
            with named(_nothing(item)):
                desk.retry(item, repaired)
            click.echo(f"{item} is back at work")


@command.command("resend")
@click.argument("delivery")
@click.pass_context
def resend(context: click.Context, delivery: str) -> None:
    """Send a delivery's document once more, as a new delivery of the same message.

    \b
    Example:
      crossdock failed resend 01k8zq3v9d6w.1/2
    """
    with office(context) as desk, named(_nothing(delivery)):
        click.echo(f"sent again as {desk.resend(delivery)}")


@command.command("admit")
@click.argument("messages", nargs=-1, required=True)
@click.pass_context
def admit(context: click.Context, messages: tuple[str, ...]) -> None:
    """Let duplicates in after all: a partner that sends an interchange again on purpose. The trace says who did.

    \b
    Examples:
      crossdock messages --state duplicate
      crossdock failed admit 01k8zq3v9d6w
    """
    with office(context) as desk:
        for message in messages:
            with named(f"there is no message '{message}'; `crossdock messages --state duplicate` lists duplicates"):
                desk.admit(message)
            click.echo(f"{message} is let in")


@command.command("discard")
@click.argument("items", nargs=-1, required=True)
@click.option("--reason", required=True, help="Why nothing more is to be done; it is kept.")
@click.pass_context
def discard(context: click.Context, items: tuple[str, ...], reason: str) -> None:
    """Take items off the list for good; they and the reason are kept.

    \b
    Example:
      crossdock failed discard 01k8zq3v9d6w.2 --reason "ACME sent it again corrected"
    """
    with office(context) as desk:
        for item in items:
            with named(_nothing(item)):
                desk.discard(item, reason)
            click.echo(f"{item} is discarded")


def _shown(desk: Office, item: str) -> Row:
    with named(_nothing(item)):
        return desk.view(item)


def _nothing(item: str) -> str:
    return f"there is no message or delivery '{item}'; `crossdock failed list` says what there is"


def _edited(row: Row) -> bytes | None:
    text = click.edit(row["payload"].decode("utf-8", "surrogateescape"))
    if text is None:
        raise click.ClickException("the document was left as it is; nothing is retried")
    return str(text).encode("utf-8", "surrogateescape")


def _what(row: Row) -> str:
    return str(row.get("route") or row.get("endpoint") or "")


def _why(row: Row) -> str:
    return str((row["error"] or {}).get("message", ""))


def _print(row: Row, text: str) -> None:
    from rich.markup import escape

    error = row["error"] or {}
    out = console()
    out.print(f"[bold]{row['kind']} {row['id']}[/bold] {row['state']}  {keys(row.get('keys'))}")
    out.print(f"[red]{escape(error.get('message', ''))}[/red] [dim]{escape(error.get('where', ''))}[/dim]")
    for finding in error.get("findings", ()):
        out.print(f"  {escape(finding['where'])}: {escape(finding['message'])}")
    if error.get("advice"):
        out.print(f"  [dim]{escape(error['advice'])}[/dim]")
    out.print()
    out.out(text, highlight=False)
