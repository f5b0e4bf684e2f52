"""`crossdock login`."""

from __future__ import annotations

import click

from crossdock import boot


@click.command("login")
@click.pass_context
def command(context: click.Context) -> None:
    """Sign on at the company's issuer: open the address that is printed, on any device, and enter the code.

    The token is kept where only you can read it, and renewed by itself. With --server it is for that server, otherwise for the
    environment's issuer.

    \b
    Examples:
      crossdock -e production login
      crossdock --server https://crossdock.example.com:9465 login
    """
    settings = context.obj
    issuer = boot.login(settings["root"], settings["environment"], settings["server"], _say)
    click.echo(f"signed on at {issuer}; `crossdock whoami` says what you may do")


def _say(address: str, code: str) -> None:
    click.echo(f"open {address}")
    if code:
        click.echo(f"and enter the code {code}")
