"""`crossdock build`."""

from __future__ import annotations

from pathlib import Path

import click

from crossdock import boot
from crossdock.cli.output import as_json, say_json
from crossdock.core.words import counted


@click.command("build")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), default=None, help="The file to write.")
@click.option(
    "--sign",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="CROSSDOCK_SIGNING_KEY",
    default=None,
    metavar="KEY.PEM",
    help="Sign with this Ed25519 key, or the one that CROSSDOCK_SIGNING_KEY names.",
)
@as_json
@click.pass_context
def command(context: click.Context, output: Path | None, sign: Path | None, machine: bool) -> None:
    """Make one file of the whole project, to be deployed anywhere: its routes, maps, guides, schemas, partners, policies.

    Its id is that of what it means: moving a comment changes nothing. The same project gives the same bytes.

    \b
    Examples:
      crossdock build
      crossdock build --sign release-key.pem -o acme.release.json
      crossdock -e production deploy acme.release.json
    """
    from crossdock_config.artefact import Artefact

    release = boot.compiled(context.obj["root"], context.obj["environment"], secrets=False)
    from crossdock.core.version import engine

    artefact = Artefact(release.id, engine(), release.files)
    if sign is not None:
        artefact = artefact.signed(sign)
    path = output or Path(f"{context.obj['root'].resolve().name}-{release.id[:12]}.release.json")
    data = artefact.written()
    path.write_bytes(data)
    told = {
        "release": artefact.id,
        "file": str(path),
        "files": len(artefact.files),
        "engine": artefact.engine,
        "key": artefact.key,
    }
    if machine:
        say_json(told)
        return
    click.echo(f"release {artefact.id[:12]}: {path} ({counted(len(artefact.files), 'file')}, {len(data):,} bytes)")
    click.echo(f"  needs Crossdock {artefact.engine}; {f'signed with key {artefact.key}' if artefact.key else 'not signed'}")
