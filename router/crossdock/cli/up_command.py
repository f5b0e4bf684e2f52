"""`crossdock up`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from crossdock import boot


@click.command("up")
@click.pass_context
def command(context: click.Context) -> None:
    """Run everything in one place, with no services, until Ctrl-C. Killed at any moment, it goes on where it was.

    \b
    Examples:
      crossdock up
      CROSSDOCK_ENV=test crossdock up
    """

    def ready(status: Mapping[str, Any]) -> None:
        click.echo(f"crossdock is up: release {status['release'][:12]}, environment {status['environment']}; stop it with Ctrl-C")

    context.exit(boot.up(context.obj["root"], context.obj["environment"], ready=ready))
