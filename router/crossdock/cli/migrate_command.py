"""`crossdock migrate`."""

from __future__ import annotations

import click

from crossdock.cli.session import journal


@click.command("migrate")
@click.pass_context
def command(context: click.Context) -> None:
    """Bring the journal's schema up to date (`up`, `worker` and `gateway` do it by themselves).

    \b
    Example:
      crossdock -e production migrate
    """
    with journal(context) as opened:
        click.echo(opened.journal.check())
