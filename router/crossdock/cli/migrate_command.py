"""`crossdock migrate`."""

from __future__ import annotations

import click

from crossdock import boot
from crossdock.cli.session import journal


@click.command("migrate")
@click.option(
    "--adopt", metavar="ENVIRONMENT", help="The journal belongs to that environment; from now on it belongs to this one."
)
@click.pass_context
def command(context: click.Context, adopt: str | None) -> None:
    """Bring the journal's schema up to date (`up`, `worker` and `gateway` do it by themselves).

    A journal belongs to the environment that first opened it, and is refused to any other. A copy that was restored for another
    environment, or the journal of one that got a new name, is taken over with --adopt and the name that it has now.

    \b
    Examples:
      crossdock -e production migrate
      crossdock -e staging migrate --adopt test
    """
    if adopt:
        boot.adopt_journal(context.obj["root"], context.obj["environment"], adopt)
    with journal(context) as opened:
        click.echo(opened.journal.check())
