"""`crossdock completion`."""

from __future__ import annotations

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the shell's completion script.

    \b
    Example:
      crossdock completion bash > ~/.local/share/bash-completion/completions/crossdock
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(context.find_root().command, {}, "crossdock", "_CROSSDOCK_COMPLETE").source())
