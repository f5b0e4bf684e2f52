"""Wake-ups through Celery: one fixed task, JSON, carrying a lane's name and nothing else.

The broker is hostile and forgetful: what it delivers is at most the name of a lane to look at, and what it loses the sweeper
finds. So there is no result, no retry, no eta and no beat.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from celery import Celery

from crossdock.core.errors import Retryable
from crossdock.runtime import memory

log = logging.getLogger(__name__)

TASK = "crossdock.wake"
QUEUE = "crossdock"
LONGEST_LANE = 256
EMBEDDED = "memory://"

Drain = Callable[[str], None]


def broker_url(url: str) -> str:
    """Return the broker's URL, with the embedded one on our event-driven transport."""
    return f"{memory.NAME}://localhost/" if url == EMBEDDED else url


def create(url: str, drain: Drain) -> Celery:
    """Return the Celery app whose one task hands a lane's name to `drain`."""
    app = Celery("crossdock", broker=broker_url(url), set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_default_queue=QUEUE,
        worker_prefetch_multiplier=0 if url == EMBEDDED else 1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=5,
        broker_connection_max_retries=None,  # a broker that is away for a night finds its workers in the morning
        enable_utc=True,
    )

    @app.task(name=TASK, ignore_result=True, shared=False)  # type: ignore[untyped-decorator]
    def wake(lane: object) -> None:
        if not isinstance(lane, str) or len(lane) > LONGEST_LANE:
            return
        try:
            drain(lane)
        except Retryable as error:
            log.warning("%s is left to the sweep: %s", lane, error.message)

    return app
