"""`crossdock parked`: messages that wait for a person or for a key to be released."""

from __future__ import annotations

import click

from crossdock.cli.output import as_json, console, moment, say_json, table
from crossdock.cli.session import NotFound, office
from crossdock.core.words import counted


@click.group("parked", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """See what is parked, and let it go on.

    \b
    Examples:
      crossdock parked list
      crossdock parked release "item SKU-0099"
    """
    if context.invoked_subcommand is None:
        context.invoke(list_parked)


@command.command("list")
@click.option("--route", default="", help="Only this route's.")
@click.option("--key", default="", help="Only what waits for this key.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many.")
@as_json
@click.pass_context
def list_parked(context: click.Context, route: str = "", key: str = "", limit: int = 100, machine: bool = False) -> None:
    """List parked messages, the longest waiting first.

    \b
    Example:
      crossdock parked list --route orders
    """
    with office(context) as desk:
        rows = desk.parked(route, key, limit)
    if machine:
        say_json(rows)
        return
    listed = ((moment(row["at"]), row["id"], row["route"], row["partner"], row["key"], row["note"]) for row in rows)
    table(("since", "id", "route", "partner", "key", "waits for"), listed, "nothing is parked")


@command.command("release")
@click.argument("key")
@click.pass_context
def release(context: click.Context, key: str) -> None:
    """Let all messages that are parked by a key go on.

    \b
    Example:
      crossdock parked release "item SKU-0099"
    """
    with office(context) as desk:
        count = desk.unpark(key)
    if not count:
        raise NotFound(f"nothing is parked by '{key}': see `crossdock parked list`")
    console().print(f"{counted(count, 'message')} released")
