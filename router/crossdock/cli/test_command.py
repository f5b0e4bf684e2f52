"""`crossdock test`."""

from __future__ import annotations

import click

from crossdock import boot


@click.command("test")
@click.argument("name", default="")
@click.pass_context
def command(context: click.Context, name: str) -> None:
    """Run the project's *.test.yaml: samples in, documents out; nothing is sent.

    \b
    Examples:
      crossdock test
      crossdock test acme-orders
    """
    from crossdock_config.testing import run_tests

    release = boot.compiled(context.obj["root"], context.obj["environment"], secrets=False)
    results = [result for result in run_tests(release, context.obj["root"]) if name in result.name]
    for result in results:
        click.echo(f"{'ok  ' if result.ok else 'FAIL'} {result.name} [{result.place.short}]")
        if not result.ok:
            click.echo("\n".join(f"     {line}" for line in result.difference.splitlines()))
    failed = sum(not result.ok for result in results)
    click.echo(f"{len(results) - failed} passed, {failed} failed")
    if not results:
        click.echo("there is nothing to test: write a *.test.yaml beside the route", err=True)
    context.exit(1 if failed or not results else 0)
