"""`crossdock releases`."""

from __future__ import annotations

import click

from crossdock.cli.output import as_json, moment, say_json, table
from crossdock.cli.session import office
from crossdock.core.deployment import Deployment, percent


@click.command("releases")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most so many.")
@as_json
@click.pass_context
def command(context: click.Context, limit: int, machine: bool) -> None:
    """List deployments, newest first: what ran since when, by whom, and why.

    \b
    Example:
      crossdock -e production releases
    """
    with office(context) as desk:
        rows = desk.deployments(limit)
    if machine:
        say_json(rows)
        return
    found = [Deployment(**row) for row in rows]
    columns = ("nr", "since", "what", "release", "beside", "by", "why")
    table(columns, (_row(one) for one in found), f"nothing is deployed in '{context.obj['environment']}' yet")


def _row(one: Deployment) -> tuple[object, ...]:
    beside = f"{one.candidate[:12]} for {percent(one.share)}" if one.candidate else ""
    by = f"{one.actor}, approved by {one.approved}" if one.approved else one.actor
    return one.number, moment(one.at), one.act, one.release[:12], beside, by, one.note
