"""Logs: JSON lines in production, a readable console on a laptop; everybody's lines, with the ids of what they are about.

Code logs through the standard library (`logging.getLogger(__name__)`), and so do the libraries; structlog renders all of it.
While something is worked on, its ids are bound to the context and stand on every line that is written meanwhile:

    with bound(message_id=message.id, route="acme-orders", partner="acme"):
        log.warning("the target answered 503")

    {"time": "2026-10-15T09:30:00.123456Z", "level": "warning", "logger": "...", "event": "the target answered 503",
     "message_id": "01k...", "route": "acme-orders", "partner": "acme", "pid": 4711}

Secrets never get through: known values are blotted out wherever they stand, fields with telling names and passwords in URLs and
authorization headers even if nobody knew them. On a console control characters are written out, since file names and
documents come from strangers.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TextIO

from crossdock.core.errors import Misconfigured
from crossdock.core.words import nearest

if TYPE_CHECKING:
    from crossdock.core.message import Message

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
CHATTY = (
    "aiohttp.access",
    "alembic",
    "amqp",
    "asyncio",
    "asyncssh",
    "celery",
    "kombu",
    "uvicorn",
    "uvicorn.access",
    "uvicorn.error",
)
"""Libraries that speak of every connection: only their warnings are kept, save at level debug."""
BLOT = "***"
SHORTEST_SECRET = 4
"""Shorter values would blot out half of every line."""

_TELLING = re.compile(
    r"(?i)pass(word|phrase|wd)?$|secret|(^|_|-)token$|authorization|cookie|api[_-]?key|private[_-]?key|credential"
)
_IN_TEXT = re.compile(
    r"(?i)((?:://[^/\s:@\"']*:)|(?:\b(?:bearer|basic)\s+)|(?:\b(?:password|passwd|secret|token|api_key)[\"']?\s*[=:]\s*[\"']?))"
    r"[^\s@\"',;&\\]+"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")

Event = MutableMapping[str, Any]
Clean = Callable[[str], str]


def configure(level: str = "info", *, json: bool = False, secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Send all logs of this process to a stream (standard error), from a level on. May be called again.

    `secrets` are values that must never be seen. Raises Misconfigured for an unknown level.
    """
    import structlog

    number = LEVELS.get(level.lower())
    if number is None:
        raise Misconfigured(f"unknown log level '{level}'{nearest(level, LEVELS)}")
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter(secrets, json=json, colors=not json and stream.isatty()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    logging.captureWarnings(True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.NOTSET if number == logging.DEBUG else max(number, logging.WARNING))
    structlog.configure(
        processors=[*_common(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def bound(**ids: str) -> AbstractContextManager[None]:
    """Put ids on every line that is logged in this context until the block ends; empty ones are left out.

    The names are `message_id`, `correlation_id`, `route`, `partner`, `endpoint` and `delivery_id`.
    """
    from structlog.contextvars import bound_contextvars

    return bound_contextvars(**{name: value for name, value in ids.items() if value})


def bound_to(message: Message, endpoint: str = "") -> AbstractContextManager[None]:
    """Put a message's ids on every line that is logged in this context until the block ends."""
    control = message.control
    return bound(
        message_id=message.id,
        correlation_id=message.correlation_id,
        route=control.route,
        partner=control.partner,
        endpoint=endpoint,
    )


def _common() -> list[Any]:
    """What every line goes through, ours and the libraries'."""
    from structlog import contextvars, processors, stdlib

    return [
        contextvars.merge_contextvars,
        stdlib.add_log_level,
        stdlib.add_logger_name,
        processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]


def _formatter(secrets: Iterable[str], *, json: bool, colors: bool) -> logging.Formatter:
    from structlog.processors import StackInfoRenderer, format_exc_info
    from structlog.stdlib import ProcessorFormatter

    clean = _cleaner(secrets)
    rendered: list[Any] = [_with_pid, _as_json] if json else [_printable, _short_time, _console(colors=colors)]
    return ProcessorFormatter(
        foreign_pre_chain=_common(),
        processors=[
            ProcessorFormatter.remove_processors_meta,
            format_exc_info,
            StackInfoRenderer(),
            lambda _, __, event: {str(name): _cleaned(clean, str(name), value) for name, value in event.items()},
            *rendered,
        ],
    )


def _console(*, colors: bool) -> Any:
    """Return the console's renderer, with plain tracebacks: rich ones print local variables, and secrets with them."""
    from structlog import dev

    return dev.ConsoleRenderer(colors=colors, timestamp_key="time", exception_formatter=dev.plain_traceback, pad_event_to=0)


def _as_json(_: Any, __: str, event: Event) -> str:
    import orjson

    first = {name: event.pop(name) for name in ("time", "level", "logger", "event") if name in event}
    return orjson.dumps({**first, **event}).decode()


def _with_pid(_: Any, __: str, event: Event) -> Event:
    event["pid"] = os.getpid()
    return event


def _short_time(_: Any, __: str, event: Event) -> Event:
    """Leave the time of day in UTC: the day is known to whoever looks at a console."""
    event["time"] = str(event["time"])[11:23]
    return event


def _printable(_: Any, __: str, event: Event) -> Event:
    """Write control characters out, so that a stranger's file name can neither forge a line nor move the cursor."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _CONTROL.sub(_written_out, value if name in ("exception", "stack") else value.replace("\n", "\\n"))
    return event


def _written_out(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _cleaned(clean: Clean, name: str, value: Any) -> Any:
    """Return a field's value as plain data with its secrets blotted out, however deep they lie."""
    if isinstance(value, Mapping):
        return {str(inner): _cleaned(clean, str(inner), content) for inner, content in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(clean, name, content) for content in value]
    if value is None or isinstance(value, bool):
        return value
    if _TELLING.search(name):
        return BLOT
    return value if isinstance(value, int | float) else clean(str(value))


def _cleaner(secrets: Iterable[str]) -> Clean:
    """Return what removes known secrets, and what looks like one, from a text."""
    known = {form for secret in secrets if len(secret) >= SHORTEST_SECRET for form in _forms(secret)}
    longest_first = sorted(known, key=len, reverse=True)
    pattern = re.compile("|".join(re.escape(form) for form in longest_first)) if known else None

    def clean(text: str) -> str:
        text = pattern.sub(BLOT, text) if pattern else text
        return _IN_TEXT.sub(rf"\1{BLOT}", text)

    return clean


def _forms(secret: str) -> Iterable[str]:
    """Yield a secret as it may stand in a text: as it is, inside JSON, in a URL, and as Python shows it."""
    from urllib.parse import quote

    import orjson

    yield secret
    yield orjson.dumps(secret).decode()[1:-1]
    yield quote(secret, safe="")
    yield repr(secret)[1:-1]
