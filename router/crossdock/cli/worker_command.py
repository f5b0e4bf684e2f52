"""`crossdock worker`."""

from __future__ import annotations

import click

from crossdock import boot


@click.command("worker")
@click.option("--concurrency", type=click.IntRange(1, 256), default=2, show_default=True, help="Processes or threads.")
@click.option(
    "--pool", type=click.Choice(["prefork", "threads", "solo"]), default="prefork", show_default=True, help="Celery's pool."
)
@click.pass_context
def command(context: click.Context, concurrency: int, pool: str) -> None:
    """Run a production worker until SIGTERM; what it has begun it finishes.

    \b
    Example:
      crossdock -e production worker --concurrency 4
    """
    context.exit(boot.worker(context.obj["root"], context.obj["environment"], pool=pool, concurrency=concurrency))
