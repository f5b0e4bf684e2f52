"""`crossdock token`: tokens for programs that use the control API."""

from __future__ import annotations

from typing import Any

import click

from crossdock.cli.output import as_json, moment, say_json, table
from crossdock.cli.session import NotFound, office
from crossdock.cli.times import length_of
from crossdock.core.ids import now_ms

Row = dict[str, Any]


@click.group("token", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Make, list and revoke API tokens. What a token may do, config/access.yaml says by its name.

    \b
    Examples:
      crossdock -e production token new ci --expires 90d
      crossdock -e production token revoke ci
    """
    if context.invoked_subcommand is None:
        context.invoke(list_tokens)


@command.command("new")
@click.argument("name")
@click.option("--expires", callback=length_of, default="90d", show_default=True, help="How long it is good for: 12h, 90d, never.")
@as_json
@click.pass_context
def new(context: click.Context, name: str, expires: float | None, machine: bool) -> None:
    """Make a token. It is shown now and never again.

    \b
    Example:
      crossdock -e production token new ci --expires 90d
    """
    with office(context) as desk:
        token = desk.new_token(name, expires)
    if machine:
        say_json({"name": name, "token": token})
        return
    click.echo(token)
    click.echo("This is the only time that it is shown. Use it as CROSSDOCK_TOKEN.", err=True)


@command.command("list")
@as_json
@click.pass_context
def list_tokens(context: click.Context, machine: bool = False) -> None:
    """List tokens, without their secrets.

    \b
    Example:
      crossdock -e production token list
    """
    with office(context) as desk:
        rows = desk.tokens()
    if machine:
        say_json(rows)
        return
    columns = ("name", "prefix", "state", "made", "by", "expires", "last used")
    table(columns, (_cells(row) for row in rows), "there are no tokens; `crossdock token new NAME` makes one")


@command.command("revoke")
@click.argument("name")
@click.pass_context
def revoke(context: click.Context, name: str) -> None:
    """Revoke a token by its name or its prefix, at once and for good.

    \b
    Example:
      crossdock -e production token revoke ci
    """
    with office(context) as desk:
        count = desk.revoke_token(name)
    if not count:
        raise NotFound(f"there is no living token '{name}': see `crossdock token list`")
    click.echo(f"{name} is revoked")


def _cells(row: Row) -> tuple[object, ...]:
    expires = moment(row["expires_at"]) or "never"
    made = (moment(row["created_at"]), row["owner"])
    return row["name"], row["prefix"], _state(row), *made, expires, moment(row["used_at"]) or "never"


def _state(row: Row) -> str:
    if row["revoked_at"]:
        return "revoked"
    return "expired" if row["expires_at"] and row["expires_at"] <= now_ms() else "good"
