"""`crossdock whoami`."""

from __future__ import annotations

import click

from crossdock.cli.output import as_json, say_json
from crossdock.cli.session import office


@click.command("whoami")
@as_json
@click.pass_context
def command(context: click.Context, machine: bool) -> None:
    """Say who you are here, how you are known, and what you may do.

    \b
    Example:
      crossdock -e production whoami
    """
    with office(context) as desk:
        told = desk.whoami()
    if machine:
        say_json(told)
        return
    click.echo(f"{told['name']} in {told['environment']}, known by: {', '.join(told['marks']) or told['via']}")
    for role in told["roles"]:
        click.echo(f"  {role['role']} for {', '.join('all domains' if one == '*' else one for one in role['domains'])}")
    if not told["protected"]:
        click.echo("  there are no rules of access: whoever reaches the journal may do everything (config/access.yaml)")
    elif not told["roles"]:
        click.echo("  no role here: nothing is allowed")
