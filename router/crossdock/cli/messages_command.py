"""`crossdock messages`."""

from __future__ import annotations

from typing import Any

import click

from crossdock.cli.output import as_json, keys, moment, say_json, table
from crossdock.cli.session import office
from crossdock.core.journal import Query


@click.command("messages")
@click.option("--route", default="", help="Only this route's.")
@click.option("--partner", default="", help="Only this partner's.")
@click.option("--state", default="", help="Only in this state: received, done, split, filtered, duplicate, failed, discarded.")
@click.option("--key", default="", help="Only with this business key's value.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many.")
@as_json
@click.pass_context
def command(context: click.Context, /, machine: bool, **asked: Any) -> None:
    """List messages, newest first.

    \b
    Examples:
      crossdock messages --partner acme --state failed
      crossdock messages --json --limit 1000 | jq .
    """
    with office(context) as desk:
        rows = desk.messages(Query(**asked))
    if machine:
        say_json(rows)
        return
    columns = ("received", "id", "route", "partner", "state", "keys")
    listed = (
        (moment(row["received_at"]), row["id"], row["route"], row["partner"], row["state"], keys(row["keys"])) for row in rows
    )
    table(columns, listed, "no messages; drop a file, or `crossdock send FILE --partner NAME`")
