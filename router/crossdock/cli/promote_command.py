"""`crossdock promote`."""

from __future__ import annotations

from typing import Any

import click

from crossdock import boot
from crossdock.cli.deploying import say_made, say_remote
from crossdock.cli.output import as_json
from crossdock.cli.session import guard, office


@click.command("promote")
@click.argument("source")
@click.argument("target")
@click.option("-m", "--message", default="", help="Why, for `crossdock releases` and the audit log.")
@click.option("--allow-delete", is_flag=True, help="Let routes go that the release doesn't have any more.")
@as_json
@click.pass_context
def command(context: click.Context, source: str, target: str, message: str, allow_delete: bool, machine: bool) -> None:
    """Deploy exactly what runs in one environment into another, under the same release id.

    With --server, that is a server of the target, from which the other environment's journal can be reached.

    \b
    Example:
      crossdock promote test production -m "tested with ACME on Monday"
    """
    from crossdock.boot import deployments

    if source == target:
        raise click.UsageError("name two environments: from where, and to where")
    if context.obj.get("server"):
        _asked_of_a_server(context, source, target, {"note": message, "allow_delete": allow_delete}, machine=machine)
        return
    root = context.obj["root"]
    opened = boot.journal(root, target)
    try:
        by = guard(context, opened, target)
        asked = deployments.Order(by.allow("promote"), message, allow_delete=allow_delete, guard=by)
        made = deployments.promote(opened, root, source, target, asked)
        say_made(opened, made, target, machine=machine)
    finally:
        opened.close()


def _asked_of_a_server(context: click.Context, source: str, target: str, how: dict[str, Any], *, machine: bool) -> None:
    """Let a server of the target promote; it must reach the source's journal."""
    with office(context) as desk:
        here = str(desk.whoami()["environment"])
        if here != target:
            raise click.UsageError(f"this server is of '{here}': name one of '{target}' with --server")
        say_remote(desk, desk.promote(source, how), machine=machine)
