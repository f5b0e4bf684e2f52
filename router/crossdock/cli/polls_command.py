"""`crossdock polls`: what is asked again and again, how far it has come, and what is wrong."""

from __future__ import annotations

import click

from crossdock.cli.output import as_json, console, moment, say_json, table
from crossdock.cli.session import NotFound, office


@click.group("polls", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """See what is asked again and again (`http` under `from`), and let it begin anew.

    \b
    Examples:
      crossdock polls
      crossdock polls restart "marketplace-orders at marketplace.example"
    """
    if context.invoked_subcommand is None:
        context.invoke(list_polls)


@command.command("list")
@as_json
@click.pass_context
def list_polls(context: click.Context, machine: bool = False) -> None:
    """List polls: when each looked last and looks again, how far it has come, what was wrong.

    \b
    Example:
      crossdock polls list --json
    """
    with office(context) as desk:
        polls = desk.polls()
    if machine:
        say_json(polls)
        return
    rows = (
        (one["name"], moment(one["looked_at"]), moment(one["due_at"]), one["trouble"] or "none", one["state"]) for one in polls
    )
    table(("name", "looked", "again", "trouble", "reached"), rows, "nothing is polled")


@command.command("restart")
@click.argument("name")
@click.pass_context
def restart(context: click.Context, name: str) -> None:
    """Forget how far a poll has come: it begins anew, now. What it took before is known by its key and not taken again.

    \b
    Example:
      crossdock polls restart "marketplace-orders at marketplace.example"
    """
    with office(context) as desk:
        if name not in [one["name"] for one in desk.polls()]:
            raise NotFound(f"there is no poll '{name}': see `crossdock polls`")
        desk.restart_poll(name)
    console().print(f"{name} begins anew")
