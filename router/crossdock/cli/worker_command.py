"""`crossdock worker`."""

from __future__ import annotations

import click

from crossdock import boot


@click.command("worker")
@click.option("--concurrency", type=click.IntRange(1, 256), default=2, show_default=True, help="Processes or threads.")
@click.option(
    "--pool", type=click.Choice(["prefork", "threads", "solo"]), default="prefork", show_default=True, help="Celery's pool."
)
@click.option(
    "--metrics-port", "page", type=click.IntRange(0, 65535), default=None, help="Serve /metrics and /health there; else no page."
)
@click.pass_context
def command(context: click.Context, concurrency: int, pool: str, page: int | None) -> None:
    """Run a production worker until SIGTERM; what it has begun it finishes.

    The page of a gateway with the same state folder shows the counters of its workers; alone in a container or on a machine, a
    worker shows its own with --metrics-port, at the host that the environment says under `metrics`.

    \b
    Examples:
      crossdock -e production worker --concurrency 4
      crossdock -e production worker --metrics-port 9464
    """
    settings = context.obj
    context.exit(boot.worker(settings["root"], settings["environment"], pool=pool, concurrency=concurrency, page=page))
