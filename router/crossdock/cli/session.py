"""What most commands begin with: the project's release and its open journal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from crossdock import boot

if TYPE_CHECKING:
    from crossdock.core.access import Actor, Permission
    from crossdock.core.office import Office
    from crossdock.runtime.guard import Guard
    from crossdock.runtime.journal import OpenJournal


@contextmanager
def office(context: click.Context) -> Iterator[Office]:
    """Open the office of the environment that the command was given: beside its journal, or a server's."""
    settings: dict[str, Any] = context.obj
    if settings.get("server"):
        with boot.remote(settings["server"]) as asked:
            yield asked
        return
    with boot.office(settings["root"], settings["environment"]) as opened:
        yield opened


@contextmanager
def journal(context: click.Context) -> Iterator[OpenJournal]:
    """Open the journal of the environment that the command was given."""
    settings: dict[str, Any] = context.obj
    if settings.get("server"):
        name = context.command_path.partition(" ")[2]
        raise click.UsageError(f"`crossdock {name}` works beside the journal only; leave out --server (CROSSDOCK_SERVER)")
    opened = boot.journal(settings["root"], settings["environment"])
    try:
        yield opened
    finally:
        opened.close()


def allowed(context: click.Context, opened: OpenJournal, permission: Permission) -> Actor:
    """Return who runs this command, if they may do this in the domains of all routes; raises Denied."""
    return guard(context, opened).allow_everywhere(permission)


def guard(context: click.Context, opened: OpenJournal, environment: str = "") -> Guard:
    """Return who runs this command, under the project's rules; raises Denied."""
    settings: dict[str, Any] = context.obj
    return boot.guard(settings["root"], environment or settings["environment"], opened)


@contextmanager
def named(words: str) -> Iterator[None]:
    """Turn a name that nothing has into a sentence for people."""
    try:
        yield
    except KeyError:
        raise NotFound(words) from None


class NotFound(click.ClickException):
    """Something isn't there: exit code 3."""

    exit_code = 3
