"""Logs: one line an event, with the ids of what it is about and without any secret."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import warnings

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.errors import Misconfigured
from crossdock.core.message import Control, Message
from crossdock.runtime import logs

log = logging.getLogger("crossdock.somewhere")


@pytest.fixture(autouse=True)
def _put_back():
    """Leave logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.CHATTY}
    with warnings.catch_warnings():
        yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def written(write, **settings) -> str:
    """Return what is written as JSON lines (or as `settings` say) while `write` runs."""
    stream = io.StringIO()
    logs.configure(stream=stream, **{"json": True, **settings})
    write()
    return stream.getvalue()


def lines(write, **settings) -> list[dict]:
    """Return the JSON lines that are written while `write` runs."""
    return [json.loads(line) for line in written(write, **settings).splitlines()]


def test_a_line_of_the_standard_library_is_json_with_time_level_logger_and_event():
    (line,) = lines(lambda: log.warning("the target answered %d", 503))
    assert list(line) == ["time", "level", "logger", "event", "pid"]
    assert (line["level"], line["logger"], line["event"]) == ("warning", "crossdock.somewhere", "the target answered 503")


def test_a_line_of_structlog_comes_out_the_same_way():
    (line,) = lines(lambda: structlog.get_logger("plugin").info("hello", count=3))
    assert (line["logger"], line["event"], line["count"]) == ("plugin", "hello", 3)


def test_lines_below_the_level_are_left_out():
    assert lines(lambda: log.info("small talk"), level="warning") == []


def test_an_unknown_level_is_refused_with_the_nearest():
    with pytest.raises(Misconfigured, match="unknown log level 'warn'; did you mean 'warning'"):
        logs.configure("warn")


def test_configuring_twice_writes_each_line_once():
    logs.configure(json=True, stream=io.StringIO())
    assert len(lines(lambda: log.info("once"))) == 1


def test_libraries_that_speak_of_every_connection_are_heard_only_when_it_matters():
    def write():
        logging.getLogger("asyncssh").info("connection from ...")
        logging.getLogger("asyncssh").warning("trouble")

    assert [line["event"] for line in lines(write)] == ["trouble"]


def test_warnings_of_python_are_lines_too():
    def write():
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(True)
            warnings.warn("old thing", DeprecationWarning, stacklevel=1)

    (line,) = lines(write)
    assert (line["logger"], "old thing" in line["event"]) == ("py.warnings", True)


def test_bound_ids_stand_on_every_line_until_the_block_ends():
    def write():
        with logs.bound(message_id="01k", route="orders", partner=""):
            log.info("inside")
        log.info("outside")

    inside, outside = lines(write)
    assert ({"message_id": "01k", "route": "orders"}.items() <= inside.items(), "partner" in inside, "route" in outside) == (
        True,
        False,
        False,
    )


def test_a_message_binds_its_ids():
    message = Message("01k", b"", Control("orders", "r1", partner="acme"), correlation_id="01c")

    def write():
        with logs.bound_to(message, endpoint="erp"):
            log.info("sent")

    (line,) = lines(write)
    expected = {"message_id": "01k", "correlation_id": "01c", "route": "orders", "partner": "acme", "endpoint": "erp"}
    assert {name: line[name] for name in expected} == expected


async def test_ids_of_one_task_do_not_stand_on_the_lines_of_another():
    stream = io.StringIO()
    logs.configure(json=True, stream=stream)

    async def work(name):
        with logs.bound(message_id=name):
            await asyncio.sleep(0)
            log.info(name)

    async with asyncio.TaskGroup() as group:
        for name in ("a", "b", "c"):
            group.create_task(work(name))
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["message_id"] for line in found] == [line["event"] for line in found]


def test_an_exception_is_one_line_with_its_traceback():
    def write():
        try:
            {}["absent"]
        except KeyError:
            log.exception("it broke")

    (line,) = lines(write)
    assert (line["event"], "KeyError: 'absent'" in line["exception"]) == ("it broke", True)


@given(st.text(min_size=8).filter(lambda text: text.strip() == text and not text.isalnum()))
def test_a_known_secret_is_never_seen_and_the_line_stays_json(secret):
    def write():
        log.info("connecting with %s", secret)
        log.info("connecting with %r", {"user": secret})
        try:
            int(secret + "!")
        except ValueError:
            log.exception("it broke")

    found = lines(write, secrets=[secret])
    assert [secret in json.dumps(line, ensure_ascii=False) for line in found] == [False] * 3
    assert [any(secret in str(value) for value in line.values()) for line in found] == [False] * 3


@pytest.mark.parametrize("json_lines", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        "amqp://crossdock:hunter2@broker:5672/",
        "Authorization: Bearer hunter2",
        "authorization: basic hunter2",
        'refused {"password": "hunter2"}',
        "login with password=hunter2",
    ],
)
def test_what_looks_like_a_secret_is_blotted_out_though_nobody_knew_it(text, json_lines):
    found = written(lambda: log.info(text), json=json_lines)
    assert ("hunter2" in found, "***" in found) == (False, True)


@pytest.mark.parametrize("name", ["password", "api_key", "client_secret", "Authorization", "access_token", "private-key"])
def test_a_field_with_a_telling_name_is_blotted_out_however_deep(name):
    (line,) = lines(lambda: structlog.get_logger().info("hi", settings={"erp": [{name: "hunter2"}]}))
    assert line["settings"] == {"erp": [{name: "***"}]}


@pytest.mark.parametrize("name", ["key", "keys", "dedupe_key", "tokens", "passed"])
def test_a_field_with_a_harmless_name_is_kept(name):
    (line,) = lines(lambda: structlog.get_logger().info("hi", **{name: "4711"}))
    assert line[name] == "4711"


def test_a_console_line_says_time_level_event_and_ids():
    def write():
        with logs.bound(route="orders"):
            log.warning("the target answered 503")

    found = written(write, json=False)
    assert found[13:] == "[warning  ] the target answered 503 [crossdock.somewhere] route=orders\n"


def test_a_strangers_file_name_can_not_forge_a_console_line():
    found = written(lambda: log.info("got %s", "a.edi\n07:00:00 [info] all is well\x1b[2J"), json=False)
    assert (found.count("\n"), "\x1b" in found) == (1, False)
