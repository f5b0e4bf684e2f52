"""`crossdock gateway`."""

from __future__ import annotations

import click

from crossdock import boot


@click.command("gateway")
@click.pass_context
def command(context: click.Context) -> None:
    """Run a production gateway (SFTP server, webhooks, polling) until SIGTERM.

    \b
    Example:
      crossdock -e production gateway
    """
    context.exit(boot.gateway(context.obj["root"], context.obj["environment"]))
