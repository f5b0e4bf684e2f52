"""The file connector on a real disk."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from crossdock.core.errors import Refused, Retryable
from crossdock.core.ports import Askable, Dispatch
from crossdock.testing.ports import MemoryIntake, binding, services
from crossdock_connectors.file import SPEC, FileSettings, FileSink, FileSource, FileTarget

ORDER = b"<order>4500012345</order>"


def sink_in(folder: Path) -> FileSink:
    assert SPEC.target is not None
    sink = SPEC.target(FileSettings(), services(folder))
    assert isinstance(sink, FileSink)
    return sink


def dispatch(**changes: Any) -> Dispatch:
    given: dict[str, Any] = {"name": "o.xml", "body": ORDER, "key": "k1", "options": FileTarget(directory="out")} | changes
    return Dispatch("d1", "drop", "", content_type="application/xml", **given)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


async def test_a_document_is_written_and_nothing_else(tmp_path: Path, out: Path) -> None:
    reply = await sink_in(tmp_path).send(dispatch())
    assert (reply.reference, {file.name: file.read_bytes() for file in out.iterdir()}) == (str(out / "o.xml"), {"o.xml": ORDER})


async def test_a_reader_never_sees_a_half_document(tmp_path: Path, out: Path) -> None:
    """A reader that looks all the time sees each file whole, from its first moment."""
    sizes: set[int] = set()
    stop = threading.Event()

    def read_all() -> None:
        while not stop.is_set():
            sizes.update(len(path.read_bytes()) for path in out.glob("*.xml"))

    reader = threading.Thread(target=read_all)
    reader.start()
    sink = sink_in(tmp_path)
    for number in range(30):
        await sink.send(dispatch(name=f"{number % 3}.xml", body=b"x" * 500_000, options=_overwriting()))
    stop.set()
    reader.join()
    assert sizes == {500_000}


def _overwriting() -> FileTarget:
    return FileTarget(directory="out", exists="overwrite")


async def test_a_document_that_is_there_is_found_and_not_written_again(tmp_path: Path, out: Path) -> None:
    sink = sink_in(tmp_path)
    before = await sink.find(dispatch())
    await sink.send(dispatch())
    after = await sink.find(dispatch())
    again = await sink.send(dispatch(attempt=2))
    assert (before, after.reference if after else "") == (None, str(out / "o.xml"))
    assert (again.note, isinstance(sink, Askable), len(list(out.iterdir()))) == ("the same file was there already", True, 1)


async def test_another_document_under_the_name_stays(tmp_path: Path, out: Path) -> None:
    (out / "o.xml").write_bytes(b"another")
    sink = sink_in(tmp_path)
    with pytest.raises(Refused, match=r"o\.xml is there already, and is another document"):
        await sink.send(dispatch())
    assert ({file.name: file.read_bytes() for file in out.iterdir()}, await sink.find(dispatch())) == (
        {"o.xml": b"another"},
        None,
    )


async def test_another_document_is_overwritten_where_the_route_says_so(tmp_path: Path, out: Path) -> None:
    (out / "o.xml").write_bytes(b"another")
    await sink_in(tmp_path).send(dispatch(options=_overwriting()))
    assert {file.name: file.read_bytes() for file in out.iterdir()} == {"o.xml": ORDER}


@pytest.mark.parametrize(("name", "expected"), [("../../x.xml", "x.xml"), ("/etc/passwd", "passwd"), ("", "d1"), ("..", "_")])
async def test_a_name_can_not_lead_elsewhere(tmp_path: Path, out: Path, name: str, expected: str) -> None:
    await sink_in(tmp_path).send(dispatch(name=name))
    assert [file.name for file in out.iterdir()] == [expected]


async def test_a_link_in_the_place_of_the_file_is_not_followed(tmp_path: Path, out: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (out / "o.xml").symlink_to(tmp_path / "secret")
    await sink_in(tmp_path).send(dispatch(options=_overwriting()))
    assert ((tmp_path / "secret").read_bytes(), (out / "o.xml").is_symlink()) == (b"secret", False)


@pytest.mark.parametrize(
    ("name", "content", "expected"), [("p.json", '{"S1": 1.50}', {"S1": Decimal("1.50")}), ("p.txt", "x", "x")]
)
async def test_a_file_is_fetched_where_the_operation_says_so(
    tmp_path: Path, out: Path, name: str, content: str, expected: Any
) -> None:
    (out / name).write_text(content)
    reply = await sink_in(tmp_path).send(dataclasses.replace(dispatch(name=name), operation="fetch"))
    assert (reply.body, reply.reference) == (expected, str(out / name))


@pytest.mark.parametrize(
    ("name", "why"), [("none.json", "there is no file none.json to fetch"), ("bad.json", "bad.json can't be read")]
)
async def test_what_can_not_be_fetched_is_refused_with_its_reason(tmp_path: Path, out: Path, name: str, why: str) -> None:
    (out / "bad.json").write_text("{")
    with pytest.raises(Refused, match=why):
        await sink_in(tmp_path).send(dataclasses.replace(dispatch(name=name), operation="fetch"))


async def test_a_directory_that_is_missing_may_be_mounted_later(tmp_path: Path) -> None:
    with pytest.raises(Retryable, match=r"there is no directory .*out"):
        await sink_in(tmp_path).send(dispatch())


# Collecting


@asynccontextmanager
async def collecting(folder: Path, *, max_file_size: str = "1MB", **options: Any) -> AsyncIterator[MemoryIntake]:
    wanted = FileSource(**({"directory": "in", "match": "*.xml", "after": "delete"} | options))
    assert SPEC.source is not None
    source = SPEC.source(FileSettings(poll="10ms", max_file_size=max_file_size), [binding("wms", wanted)], services(folder))
    intake = MemoryIntake()
    task = asyncio.create_task(source.run(intake))
    try:
        yield intake
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


async def test_files_are_collected_oldest_first_and_deleted(tmp_path: Path, inbox: Path) -> None:
    for number, name in enumerate(("c.xml", "a.xml", "b.xml")):
        (inbox / name).write_bytes(ORDER)
        os.utime(inbox / name, (1000 + number, 1000 + number))
    (inbox / "link.xml").symlink_to("/etc/passwd")
    os.mkfifo(inbox / "pipe.xml")
    async with collecting(tmp_path) as intake:
        receipts = await intake.arrived(3)
        await until(lambda: len(list(inbox.iterdir())) == 2)
    assert [receipt.name for receipt in receipts] == ["c.xml", "a.xml", "b.xml"]


async def test_a_look_that_was_cut_off_after_accepting_takes_nothing_twice(tmp_path: Path, inbox: Path) -> None:
    """The same file, seen by a process that knows nothing of the first one, has the same key."""
    (inbox / "a.xml").write_bytes(ORDER)
    async with collecting(tmp_path, after="keep") as first:
        await first.arrived()
    async with collecting(tmp_path, after="keep") as second:
        await second.arrived()
    assert [receipt.dedupe_key for receipt in first.receipts] == [receipt.dedupe_key for receipt in second.receipts]


async def test_a_collected_file_moves_to_the_archive(tmp_path: Path, inbox: Path) -> None:
    async with collecting(tmp_path, after="move", archive="in/done") as intake:
        for number in (1, 2):
            (inbox / "a.xml").write_bytes(ORDER * number)
            await intake.arrived(number)
            await until(lambda: not (inbox / "a.xml").exists())
    assert sorted(file.read_bytes() for file in (inbox / "done").iterdir()) == [ORDER, ORDER * 2]


async def test_a_file_above_the_limit_stays_and_is_told_once(
    tmp_path: Path, inbox: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (inbox / "big.xml").write_bytes(b"x" * 2000)
    async with collecting(tmp_path, max_file_size="1KB") as intake:
        await until(lambda: "big.xml" in caplog.text)
        (inbox / "a.xml").write_bytes(ORDER)
        receipts = await intake.arrived()
    assert ([receipt.name for receipt in receipts], (inbox / "big.xml").exists()) == (["a.xml"], True)
    assert caplog.text.count("it has 2000 bytes, more than the 1024 of `max_file_size`") == 1


async def test_odd_names_are_left_alone_and_told(tmp_path: Path, inbox: Path, caplog: pytest.LogCaptureFixture) -> None:
    (inbox / "a\nb.xml").write_bytes(ORDER)
    async with collecting(tmp_path):
        await until(lambda: "control or invisible characters" in caplog.text)


async def test_a_fault_nobody_thought_of_does_not_end_the_source(
    tmp_path: Path, inbox: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (inbox / "a.xml").write_bytes(ORDER)
    async with collecting(tmp_path) as intake:
        intake.error = RuntimeError("unthought of")
        await until(lambda: "unthought of" in caplog.text)
        intake.error = None
        await intake.arrived()


@pytest.mark.parametrize(
    "options",
    [
        {"directory": "in", "after": "move"},
        {"directory": "in", "after": "delete", "archive": "done"},
        {"directory": "in", "after": "move", "archive": "in/"},
        {"directory": "in"},
    ],
)
def test_a_collection_says_what_becomes_of_its_files(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FileSource.model_validate(options)
