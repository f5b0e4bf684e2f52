"""`crossdock fmt`."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

import click

from crossdock.core.errors import Misconfigured
from crossdock.core.words import counted


@click.command("fmt")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 where a file isn't in its canonical form.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.pass_context
def command(context: click.Context, paths: tuple[Path, ...], check: bool, diff: bool) -> None:
    """Bring the project's YAML files, or those named, into their canonical form. Comments stay; what they mean never changes.

    \b
    Examples:
      crossdock fmt
      crossdock fmt --check
      crossdock fmt routes/sales/acme-orders.route.yaml --diff
    """
    from crossdock_config.formatting import Formatter

    root: Path = context.obj["root"]
    formatter, changed, broken = Formatter(), 0, 0
    for path in _files(root, paths):
        name = _relative(root, path)
        try:
            text = _text(path, name)
            made = formatter.formatted(name, text)
        except Misconfigured as error:
            broken += 1
            for problem in error.problems or (error.message,):
                click.echo(str(problem), err=True)
            continue
        if made == text:
            continue
        changed += 1
        if diff:
            click.echo("".join(difflib.unified_diff(text.splitlines(True), made.splitlines(True), name, name)), nl=False)
        elif check:
            click.echo(name)
        else:
            path.write_text(made, encoding="utf-8")
    would = "would be changed" if check or diff else "changed"
    click.echo(f"{counted(changed, 'file')} {would}{f', {broken} left as they are' if broken else ''}")
    context.exit(1 if broken or (check and changed) else 0)


def _files(root: Path, paths: tuple[Path, ...]) -> Iterator[Path]:
    """Yield YAML files: those named, those in folders named, else the project's."""
    for path in paths or [root / folder for folder in ("routes", "config") if (root / folder).is_dir()]:
        yield from sorted(path.rglob("*.yaml")) if path.is_dir() else (path,)


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{name} can't be read: {error}") from None


def _relative(root: Path, path: Path) -> str:
    inside = path.resolve()
    return inside.relative_to(root.resolve()).as_posix() if inside.is_relative_to(root.resolve()) else path.name
