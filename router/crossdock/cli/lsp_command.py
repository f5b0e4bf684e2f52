"""`crossdock lsp`."""

from __future__ import annotations

import click

from crossdock.cli.session import NotFound


@click.command("lsp")
@click.pass_context
def command(context: click.Context) -> None:
    """Serve an editor on stdin and stdout: problems while typing, completion, explanations, definitions, formatting.

    \b
    Examples:
      crossdock lsp
      crossdock -C my-company lsp
    """
    try:
        from crossdock.cli.editor.server import language_server
    except ModuleNotFoundError as error:
        raise NotFound(f"the language server needs {error.name}: pip install 'crossdock[lsp]'") from None
    language_server(context.obj["root"], context.obj["environment"]).start_io()
