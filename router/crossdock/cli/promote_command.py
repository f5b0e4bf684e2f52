"""`crossdock promote`."""

from __future__ import annotations

import click

from crossdock import boot
from crossdock.cli.deploying import say_made
from crossdock.cli.output import as_json
from crossdock.cli.session import deployer


@click.command("promote")
@click.argument("source")
@click.argument("target")
@click.option("-m", "--message", default="", help="Why, for `crossdock releases` and the audit log.")
@click.option("--allow-delete", is_flag=True, help="Let routes go that the release doesn't have any more.")
@as_json
@click.pass_context
def command(context: click.Context, source: str, target: str, message: str, allow_delete: bool, machine: bool) -> None:
    """Deploy exactly what runs in one environment into another, under the same release id.

    \b
    Example:
      crossdock promote test production -m "tested with ACME on Monday"
    """
    from crossdock.boot import deployments

    if source == target:
        raise click.UsageError("name two environments: from where, and to where")
    root = context.obj["root"]
    opened = boot.journal(root, target)
    try:
        asked = deployments.Order(deployer(context, opened, "promote", target), message, allow_delete=allow_delete)
        made = deployments.promote(root, source, target, asked)
        say_made(opened, made, target, machine=machine)
    finally:
        opened.close()
