"""`crossdock map`: what a map makes of a file, which source values made a field, and what nobody reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crossdock.cli.output import as_json, say_json
from crossdock.cli.session import NotFound
from crossdock.core.words import counted, nearest

if TYPE_CHECKING:
    from crossdock.boot.maps import MapDesk
    from crossdock_transformers.map.trace import Origin

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_partner = click.option("--partner", default="", help="The partner that the file is from, where the file itself doesn't say.")


@click.group("map")
def command() -> None:
    """Run maps on files, explain a field, and show which source fields nobody reads.

    \b
    Examples:
      crossdock map run acme-850 order.edi
      crossdock map explain acme-850 --field lines[].sku order.edi
      crossdock map coverage acme-850
    """


@command.command("run")
@click.argument("name", metavar="MAP")
@click.argument("file", type=_FILE)
@_partner
@click.pass_context
def run(context: click.Context, name: str, file: Path, partner: str) -> None:
    """Print what a map makes of each document of a file (X12, EDIFACT or JSON), as JSON.

    \b
    Example:
      crossdock map run acme-850 order.edi --partner acme
    """
    for made in _desk(context, name).run(name, file.read_bytes(), partner):
        say_json(made)


@command.command("explain")
@click.argument("name", metavar="MAP")
@click.argument("file", type=_FILE, required=False)
@click.option("--field", "path", required=True, help="The target's field: order_number, or lines[].sku.")
@_partner
@as_json
@click.pass_context
def explain(context: click.Context, name: str, file: Path | None, path: str, partner: str, machine: bool) -> None:
    """Show which expressions make a field, each with its file:line; with a FILE, the source values of its first document.

    \b
    Example:
      crossdock map explain acme-850 --field lines[].sku order.edi
    """
    from crossdock.core.errors import Refusal

    try:
        origins = _desk(context, name).explain(name, path, file.read_bytes() if file else None, partner)
    except Refusal as refusal:
        raise NotFound(refusal.message) from None
    if machine:
        say_json([_record(origin) for origin in origins])
        return
    for origin in origins:
        _say(origin)


def _say(origin: Origin) -> None:
    where = f"[{', '.join(str(number) for number in origin.element)}] " if origin.element else ""
    value = f" = {_shown(origin.value)}" if origin.known and origin.role != "for_each" else ""
    name = f" {origin.name}" if origin.name else ""
    click.echo(f"{where}{origin.role}{name}: {origin.text}{value}  ({origin.place.short})")
    for path, found in origin.values.items():
        if path != origin.text:
            click.echo(f"    {path} = {_shown(found)}")


def _shown(value: Any) -> str:
    from crossdock.core.message import dump_json

    text = dump_json(value).decode() if not isinstance(value, bytes) else "(bytes)"
    return text if len(text) <= 100 else text[:97] + "..."


def _record(origin: Origin) -> dict[str, Any]:
    values = {"value": origin.value, "values": dict(origin.values)} if origin.known else {}
    place = {"place": str(origin.place), "element": list(origin.element)}
    return {"role": origin.role, "name": origin.name, "expression": origin.text, **place, **values}


@command.command("coverage")
@click.argument("name", metavar="[MAP]", required=False)
@click.argument("files", type=_FILE, nargs=-1)
@_partner
@as_json
@click.pass_context
def coverage(context: click.Context, name: str | None, files: tuple[Path, ...], partner: str, machine: bool) -> None:
    """Show which fields of the samples a map never reads. Without FILES, the samples/ beside the map; without MAP, of all maps.

    \b
    Example:
      crossdock map coverage acme-850
    """
    desk = _desk(context, name)
    found = [desk.coverage(one, files or desk.samples(one), partner) for one in ([name] if name else desk.names)]
    if machine:
        say_json(found)
        return
    for one in found:
        click.echo(f"{one['map']}: {one['read']} of {one['fields']} fields are read in {counted(len(one['files']), 'sample')}")
        click.echo("".join(f"  {path}\n" for path in one["ignored"]), nl=False)
        click.echo("".join(f"  not read: {file}: {why}\n" for file, why in one["unread"].items()), nl=False)


def _desk(context: click.Context, name: str | None) -> MapDesk:
    from crossdock.boot.maps import MapDesk

    desk = MapDesk(context.obj["root"], context.obj["environment"])
    if name is not None and name not in desk.names:
        raise NotFound(f"there is no map '{name}'{nearest(name, desk.names)}")
    return desk
