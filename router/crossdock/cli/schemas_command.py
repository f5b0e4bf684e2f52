"""`crossdock schemas`: the registry of schemas, their editions, who uses them, and what a change would break."""

from __future__ import annotations

from typing import Any

import click

from crossdock import boot
from crossdock.cli.output import as_json, moment, say_json, table
from crossdock.cli.session import NotFound, journal
from crossdock.core.words import counted, nearest


@click.group("schemas")
def command() -> None:
    """Schemas as contracts: who uses them, what was deployed of them, what a change would break. `list schemas` lists them.

    \b
    Examples:
      crossdock schemas diff order.v1
      crossdock schemas consumers order.v1
      crossdock -e production schemas history order.v1
    """


@command.command("history")
@click.argument("name", default="")
@as_json
@click.pass_context
def history(context: click.Context, name: str, machine: bool) -> None:
    """Show the editions of a schema that were deployed: since when, by whom, and what each changed for whom.

    \b
    Example:
      crossdock -e production schemas history order.v1
    """
    from crossdock.boot.registry import editions
    from crossdock_config.compatibility import breaches

    with journal(context) as opened:
        found = editions(opened, name)
    if name and not found:
        raise NotFound(f"no schema '{name}' was deployed here")
    rows: list[dict[str, Any]] = []
    last: dict[str, Any] = {}
    for one in found:
        told = [str(breach) for breach in breaches(last[one.name], one.schema, "full")] if one.name in last else []
        last[one.name] = one.schema
        edition = {"schema": one.name, "deployment": one.number, "at": one.at, "by": one.by, "edition": one.fingerprint}
        rows.append({**edition, "told": told})
    if machine:
        say_json(rows)
        return
    names = ("schema", "deployment", "at", "by", "edition", "told")
    listed = ([*map(row.get, names[:2]), moment(row["at"]), row["by"], row["edition"], "\n".join(row["told"])] for row in rows)
    table(("schema", "deployment", "since", "by", "edition", "not as before"), listed, "no schema was deployed here")


@command.command("diff")
@click.argument("name")
@click.argument("other", default="")
@as_json
@click.pass_context
def diff(context: click.Context, name: str, other: str, machine: bool) -> None:
    """Compare a schema with the one that runs, or with another of the project; exit code 1 where it isn't compatible.

    \b
    Examples:
      crossdock -e production schemas diff order.v1
      crossdock schemas diff order.v2 order.v1
    """
    from crossdock_config.compatibility import breaches, mode_of
    from crossdock_config.differences import compared

    schemas = boot.check(context.obj["root"], context.obj["environment"]).meaning.schemas
    new = _named(schemas, name)
    old = _named(schemas, other) if other else _deployed(context, name)
    changes = [str(change) for change in compared(old, new)]
    found = {mode: [str(one) for one in breaches(old, new, mode)] for mode in ("backward", "forward")}
    wanted = mode_of(new)
    if machine:
        say_json({"changes": changes, "mode": wanted, **found})
    else:
        for line in [*changes, *(f"not {mode} compatible: {one}" for mode, listed in found.items() for one in listed)]:
            click.echo(line)
        if not changes:
            click.echo("no difference")
    context.exit(1 if breaches(old, new, wanted) else 0)


@command.command("consumers")
@click.argument("name")
@as_json
@click.pass_context
def consumers(context: click.Context, name: str, machine: bool) -> None:
    """Show where a schema is used, and by which routes.

    \b
    Example:
      crossdock schemas consumers order.v1
    """
    meaning = boot.check(context.obj["root"], context.obj["environment"]).meaning
    _named(meaning.schemas, name)
    places, routes = meaning.users.get(("schema", name), ()), meaning.routes_of(("schema", name))
    if machine:
        say_json({"places": [str(place) for place in places], "routes": list(routes)})
        return
    for place in places:
        click.echo(str(place))
    click.echo(f"{counted(len(routes), 'route')}: {', '.join(routes)}" if routes else "no route uses it")


def _named(schemas: Any, name: str) -> Any:
    if name not in schemas:
        raise NotFound(f"there is no schema '{name}'{nearest(name, list(schemas))}")
    return schemas[name]


def _deployed(context: click.Context, name: str) -> Any:
    from crossdock.boot.registry import editions

    with journal(context) as opened:
        found = editions(opened, name)
    if not found:
        raise NotFound(f"no schema '{name}' was deployed in '{context.obj['environment']}': there is nothing to compare it with")
    return found[-1].schema
