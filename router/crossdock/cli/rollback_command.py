"""`crossdock rollback`."""

from __future__ import annotations

import click

from crossdock.cli.deploying import say_made, say_remote
from crossdock.cli.output import as_json
from crossdock.cli.session import guard, journal, office


@click.command("rollback")
@click.argument("to", default="")
@click.option("-m", "--message", default="", help="Why, for `crossdock releases` and the audit log.")
@as_json
@click.pass_context
def command(context: click.Context, to: str, message: str, machine: bool) -> None:
    """Go back to the release that ran before, or to one by its id or its deployment's number. A canary is taken back.

    \b
    Examples:
      crossdock -e production rollback -m "ACME's units are wrong"
      crossdock -e production rollback 12
    """
    from crossdock.boot import deployments

    if context.obj.get("server"):
        with office(context) as desk:
            say_remote(desk, desk.rollback(to, message), machine=machine)
        return
    with journal(context) as opened:
        by = guard(context, opened)
        asked = deployments.Order(by.allow("rollback"), message, guard=by)
        made = deployments.rollback(opened, context.obj["root"], context.obj["environment"], asked, to)
        say_made(opened, made, context.obj["environment"], machine=machine)
