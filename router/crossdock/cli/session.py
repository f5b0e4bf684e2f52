"""What most commands begin with: the project's release and its open journal."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from crossdock import boot
from crossdock.core.access import Actor

if TYPE_CHECKING:
    from crossdock.runtime.journal import OpenJournal


@contextmanager
def journal(context: click.Context) -> Iterator[OpenJournal]:
    """Open the journal of the environment that the command was given."""
    settings: dict[str, Any] = context.obj
    opened = boot.journal(settings["root"], settings["environment"])
    try:
        yield opened
    finally:
        opened.close()


def who() -> Actor:
    """Return the operator as the system knows them, for the events that operators leave."""
    return Actor(getpass.getuser(), "os")


class NotFound(click.ClickException):
    """Something isn't there: exit code 3."""

    exit_code = 3
