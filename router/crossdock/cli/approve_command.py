"""`crossdock approve`: the second person's word."""

from __future__ import annotations

from typing import Any

import click

from crossdock.cli.output import as_json, moment, say_json, table
from crossdock.cli.session import named, office

Row = dict[str, Any]


@click.command("approve")
@click.argument("request", required=False)
@click.option("--reject", is_flag=True, help="Turn it down instead.")
@click.option("--reason", default="", help="Why it is turned down; it is kept.")
@as_json
@click.pass_context
def command(context: click.Context, request: str | None, reject: bool, reason: str, machine: bool) -> None:
    """Approve a release that somebody else wants to deploy to a protected environment; without a request, list them.

    \b
    Examples:
      crossdock -e production approve
      crossdock -e production approve 3f9a01c2
      crossdock -e production approve 3f9a01c2 --reject --reason "not before the stocktaking"
    """
    with office(context) as desk:
        if request is None:
            _list(desk.approvals("", 50), machine)
            return
        with named(f"there is no request '{request}'; `crossdock approve` lists them"):
            row = desk.reject(request, reason) if reject else desk.approve(request)
    if machine:
        say_json(row)
        return
    click.echo(f"release {row['release'][:12]} is {row['state']}{_good_until(row)}")


def _good_until(row: Row) -> str:
    return f"; it may be deployed until {moment(row['expires_at'])}" if row["state"] == "approved" else ""


def _list(rows: list[Row], machine: bool) -> None:
    if machine:
        say_json(rows)
        return
    columns = ("request", "release", "asked by", "at", "expires", "state", "by", "note")
    table(columns, (_cells(row) for row in rows), "nobody has asked for approval")


def _cells(row: Row) -> tuple[object, ...]:
    times = (moment(row["requested_at"]), moment(row["expires_at"]))
    return row["id"], row["release"][:12], row["requester"], *times, row["standing"], row["decider"], row["reason"] or row["note"]
