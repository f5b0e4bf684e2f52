"""`crossdock lanes`."""

from __future__ import annotations

from dataclasses import asdict

import click

from crossdock.cli.output import as_json, moment, say_json, table
from crossdock.cli.session import journal


@click.command("lanes")
@as_json
@click.pass_context
def command(context: click.Context, machine: bool) -> None:
    """Show the backlog, lane by lane: what is ready, what waits for its time, what is being worked on.

    \b
    Example:
      crossdock lanes
    """
    with journal(context) as opened:
        lanes = opened.journal.lanes()
    if machine:
        say_json([asdict(lane) for lane in lanes])
        return
    rows = ((lane.name, lane.ready, lane.later, lane.leased, moment(lane.oldest_at)) for lane in lanes)
    table(("lane", "ready", "later", "leased", "oldest"), rows, "no work is waiting")
