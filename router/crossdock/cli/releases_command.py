"""`crossdock releases`."""

from __future__ import annotations

from typing import Any

import click

from crossdock.cli.output import as_json, moment, say_json, table
from crossdock.cli.session import office
from crossdock.core.deployment import Deployment, percent


@click.command("releases")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most so many.")
@as_json
@click.pass_context
def command(context: click.Context, limit: int, machine: bool) -> None:
    """List deployments, newest first: what ran since when, by whom, and why; and how large the release is.

    Of a purged release (`crossdock purge`) only the deployment is left: it can't be gone back to.

    \b
    Example:
      crossdock -e production releases
    """
    with office(context) as desk:
        rows = desk.deployments(limit)
    if machine:
        say_json(rows)
        return
    columns = ("nr", "since", "what", "release", "size", "beside", "by", "why")
    table(columns, (_row(**row) for row in rows), f"nothing is deployed in '{context.obj['environment']}' yet")


def _row(size: int, **row: Any) -> tuple[object, ...]:
    one = Deployment(**row)
    beside = f"{one.candidate[:12]} for {percent(one.share)}" if one.candidate else ""
    by = f"{one.actor}, approved by {one.approved}" if one.approved else one.actor
    return one.number, moment(one.at), one.act, one.release[:12], _size(size), beside, by, one.note


def _size(size: int) -> str:
    return f"{size / 1000:,.1f} kB" if size else "purged"
