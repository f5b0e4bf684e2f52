"""`crossdock health`."""

from __future__ import annotations

import click

from crossdock import boot


@click.command("health")
@click.argument("role", type=click.Choice(["gateway", "worker"]), required=False)
@click.pass_context
def command(context: click.Context, role: str | None) -> None:
    """Say whether a process of this machine (or container) lives, by what it last told the journal; exit code 1 where none does.

    It asks the journal alone, so that an ERP that is down stops no container: `crossdock doctor` looks at everything.

    \b
    Examples:
      crossdock -e production health
      crossdock -e production health worker
    """
    names = boot.living(context.obj["root"], context.obj["environment"], role or "")
    click.echo("\n".join(names) if names else f"no {role or 'process'} of this machine has been heard of lately", err=not names)
    context.exit(0 if names else 1)
