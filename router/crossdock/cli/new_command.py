"""`crossdock new`: a project with one working route, its map, its sample and its test."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

TEMPLATES = resources.files("crossdock.cli") / "templates"


@click.command("new")
@click.argument("name", type=click.Path(file_okay=False, path_type=Path))
def command(name: Path) -> None:
    """Write a project with one working route, its map, its sample and its test; nothing that is there is overwritten.

    \b
    Example:
      crossdock new my-company
    """
    if name.exists() and any(name.iterdir()):
        raise click.ClickException(f"{name} is there already and isn't empty; choose another name")
    count = _copy(TEMPLATES, name)
    click.echo(f"wrote {count} files into {name}. Now:")
    click.echo(f"  cd {name}")
    click.echo("  crossdock check        # finds everything that is wrong")
    click.echo("  crossdock test         # runs routes/sales/acme-orders.test.yaml")
    click.echo("  crossdock up           # then, in another terminal:")
    click.echo("  crossdock send routes/sales/samples/acme-850.edi --partner acme")
    click.echo("  crossdock trace 4500012345")


def _copy(source: resources.abc.Traversable, target: Path) -> int:
    target.mkdir(parents=True, exist_ok=True)
    count = 0
    for item in source.iterdir():
        if item.is_dir():
            count += _copy(item, target / item.name)
        else:
            (target / item.name.replace("dot-", ".")).write_bytes(item.read_bytes())
            count += 1
    return count
