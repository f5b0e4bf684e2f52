"""`crossdock version`."""

from __future__ import annotations

import platform

import click


@click.command("version")
def command() -> None:
    """Print the version.

    \b
    Example:
      crossdock version
    """
    from importlib.metadata import version

    click.echo(f"crossdock {version('crossdock')} on Python {platform.python_version()}")
