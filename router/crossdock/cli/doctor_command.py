"""`crossdock doctor`."""

from __future__ import annotations

from dataclasses import asdict

import click

from crossdock import boot
from crossdock.cli.output import as_json, say_json

SIGNS = {True: "✓", False: "✗", None: "·"}


@click.command("doctor")
@as_json
@click.pass_context
def command(context: click.Context, machine: bool) -> None:
    """Say what is configured, reachable and stale; exit code 1 where something is wrong.

    \b
    Example:
      crossdock -e production doctor
    """
    checks = boot.doctor(context.obj["root"], context.obj["environment"])
    if machine:
        say_json([asdict(check) for check in checks])
    else:
        for check in checks:
            click.echo(f"{SIGNS[check.ok]} {check.name}: {check.detail}")
            if check.advice and check.ok is not True:
                click.echo(f"    {check.advice}")
    context.exit(1 if any(check.ok is False for check in checks) else 0)
