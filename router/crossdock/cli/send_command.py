"""`crossdock send`."""

from __future__ import annotations

from pathlib import Path

import click

from crossdock import boot
from crossdock.cli.output import as_json, say_json


@click.command("send")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--partner", default="", help="The partner whose file it is.")
@click.option("--route", default="", help="The route that takes it, where several do.")
@as_json
@click.pass_context
def command(context: click.Context, file: Path, partner: str, route: str, machine: bool) -> None:
    """Hand in a file as if its partner had just dropped it; it is durable when this returns.

    \b
    Example:
      crossdock send samples/acme-850.edi --partner acme
    """
    accepted = boot.submit(context.obj["root"], context.obj["environment"], file, partner, route)
    if machine:
        say_json({"id": accepted.message_id, "duplicate": accepted.duplicate})
    else:
        click.echo(f"accepted as {accepted.message_id}; see `crossdock trace {accepted.message_id}`")
