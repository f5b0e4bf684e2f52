"""`crossdock schema`."""

from __future__ import annotations

from pathlib import Path

import click

from crossdock.cli.session import NotFound


@click.command("schema")
@click.argument("kind", required=False)
@click.option("--all", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write every kind's into this folder.")
def command(kind: str | None, folder: Path | None) -> None:
    """Print the JSON Schema of a kind of file (route, map, guide, partner, environment, policy, test), for editors.

    \b
    Examples:
      crossdock schema route > route.schema.json
      crossdock schema --all .crossdock/schemas
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
    elif kind not in kinds():
        raise NotFound(f"say which kind: {', '.join(kinds())}")
    else:
        click.echo(json.dumps(json_schema(kind), indent=2))
