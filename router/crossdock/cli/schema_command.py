"""`crossdock schema`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from crossdock.cli.session import NotFound


@click.command("schema")
@click.argument("kind", required=False)
@click.option("--all", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write every kind's into this folder.")
@click.option("--guide", default="", help="Of a document as this guide narrows it.")
@click.option("--version", default="", help="Of a document in this version; the first that there is, if left out.")
@click.pass_context
def command(context: click.Context, kind: str | None, folder: Path | None, guide: str, version: str) -> None:
    """Print the JSON Schema of a kind of file (route, map, guide, partner, environment, policy, test), for editors.

    With x12:SET, that of a decoded document, as maps are checked against it.

    \b
    Examples:
      crossdock schema route > route.schema.json
      crossdock schema --all .crossdock/schemas
      crossdock schema x12:850 --guide acme-850
    """
    import json

    from crossdock_config.schemas import json_schema, kinds

    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        for one in kinds():
            (folder / f"{one}.schema.json").write_text(json.dumps(json_schema(one), indent=2) + "\n")
        click.echo(
            f"wrote {len(kinds())} schemas; begin a file with `# yaml-language-server: $schema={folder}/route.schema.json`"
        )
    elif kind and ":" in kind:
        click.echo(json.dumps(_document(context, kind, guide, version), indent=2))
    elif kind not in kinds():
        raise NotFound(f"say which kind: {', '.join(kinds())}")
    else:
        click.echo(json.dumps(json_schema(kind), indent=2))


def _document(context: click.Context, kind: str, guide: str, version: str) -> dict[str, Any]:
    """Return the schema of a decoded document, `x12:850`."""
    from crossdock.boot.guides import Desk
    from crossdock.core.errors import Refusal
    from crossdock.core.words import nearest

    desk = Desk(context.obj["root"], context.obj["environment"])
    format_, _, number = kind.partition(":")
    try:
        return desk.shape(format_, number, version, guide)
    except LookupError:
        raise NotFound(f"there is no guide '{guide}'{nearest(guide, desk.names)}") from None
    except Refusal as error:
        raise NotFound(error.message) from None
