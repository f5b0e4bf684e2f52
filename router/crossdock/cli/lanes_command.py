"""`crossdock lanes`."""

from __future__ import annotations

import click

from crossdock.cli.output import as_json, moment, say_json, table
from crossdock.cli.session import office


@click.command("lanes")
@as_json
@click.pass_context
def command(context: click.Context, machine: bool) -> None:
    """Show the backlog, lane by lane: what is ready, what waits for its time, what is being worked on.

    \b
    Example:
      crossdock lanes
    """
    with office(context) as desk:
        lanes = desk.lanes()
    if machine:
        say_json(lanes)
        return
    rows = ((lane["name"], lane["ready"], lane["later"], lane["leased"], moment(lane["oldest_at"])) for lane in lanes)
    table(("lane", "ready", "later", "leased", "oldest"), rows, "no work is waiting")
