"""`crossdock logout`."""

from __future__ import annotations

import click

from crossdock import boot


@click.command("logout")
@click.pass_context
def command(context: click.Context) -> None:  # noqa: ARG001 - click's signature
    """Forget all sign-ons of this user on this machine.

    \b
    Example:
      crossdock logout
    """
    issuers = boot.logout()
    for issuer in issuers:
        click.echo(f"signed off from {issuer}")
    if not issuers:
        click.echo("nobody is signed on")
