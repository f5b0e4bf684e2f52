"""zip: the files of an archive, and archives that mean harm."""

# ruff: noqa: E501 - tables of texts are read by column

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock_config import load
from tests.transformers.map.map_kit import message
from tests.transformers.records import records_kit as kit


def archive(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name, data in files:
            made.writestr(name, data)
    return buffer.getvalue()


def changed(change: Callable[[zipfile.ZipInfo], None]) -> bytes:
    """Return an archive with something done to its only entry."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        entry = zipfile.ZipInfo("a.csv")
        change(entry)
        made.writestr(entry, b"x")
    return buffer.getvalue()


TWO = archive(("in/a.csv", b"a\n1\n"), ("in/b.csv", b"a\n2\n"), ("in/readme.txt", b"hello"))


def test_the_files_are_parts_with_their_names():
    found = kit.parts("zip", TWO, {"match": "*.csv"})
    assert [(part.body, part.keys) for part in found] == [(b"a\n1\n", {"file": "in/a.csv"}), (b"a\n2\n", {"file": "in/b.csv"})]


def test_an_archive_without_files_that_are_taken_is_told():
    stream = kit.decoded("zip", TWO, {"match": "*.xml"})
    assert (list(stream.parts()), stream.finish().note) == ([], "no file of the archive fits *.xml")


def test_the_only_file_may_be_the_body():
    assert kit.decoded("zip", TWO, {"single": True, "match": "*.txt"}) == b"hello"
    told = "the archive should hold one file that fits '*.csv', it holds 'in/a.csv', 'in/b.csv'"
    assert kit.rejected("zip", TWO, {"single": True, "match": "*.csv"}).message == told


def link(entry: zipfile.ZipInfo) -> None:
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16


def overlapping() -> bytes:
    """An archive whose directory names the same data ten times."""
    data = archive(("a", bytes(range(256)) * 4), method=zipfile.ZIP_STORED)
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = data[start:end]
    entries = b"".join(entry[:-1] + bytes([letter]) for letter in b"abcdefghij")
    counts = (10).to_bytes(2, "little") * 2
    return data[:start] + entries + data[end : end + 8] + counts + len(entries).to_bytes(4, "little") + data[end + 16 :]


@pytest.mark.parametrize(
    ("data", "options", "told"),
    [
        (b"", {}, "this is not a zip archive, or it is cut off"),
        (TWO[:-10], {}, "this is not a zip archive, or it is cut off"),
        (b"PK\x05\x06" + b"\xff" * 18, {}, "the archive holds 65535 files, at most 1000 are taken (option `max_files`)"),
        (TWO, {"max_files": 2}, "the archive holds 3 files, at most 2 are taken (option `max_files`)"),
        (TWO, {"max_size": "5B"}, "it unpacks to more than 5 bytes (option `max_size`)"),
        (archive(("a", bytes(3 * 1024**2))), {}, "it unpacks to more than 200 times its size (option `max_ratio`)"),
        (archive(("a.zip", TWO)), {}, "the file 'a.zip' is an archive itself (zip); archives within archives are not taken"),
        (archive(("../a", b"x")), {}, "the file '../a' of the archive is not taken: it leads out of the archive"),
        (archive(("/etc/a", b"x")), {}, "the file '/etc/a' of the archive is not taken: it leads out of the archive"),
        (archive(("a\\b", b"x")), {}, "the file 'a\\b' of the archive is not taken: it has characters that lead elsewhere or can't be seen"),
        (archive(("C:a", b"x")), {}, "the file 'C:a' of the archive is not taken: it has characters that lead elsewhere or can't be seen"),
        (archive(("a" * 300, b"x")), {}, f"the file '{'a' * 57}...' of the archive is not taken: it is empty or too long"),
        (archive(("a", b"x"), method=zipfile.ZIP_BZIP2), {}, "the file 'a' of the archive is not taken: it is packed in another way than deflate"),
        (changed(link), {}, "the file 'a.csv' of the archive is not taken: it is a link"),
        (archive(("a", b"x")).replace(b"PK\x01\x02\x14\x03\x14\0\0\0", b"PK\x01\x02\x14\x03\x14\0\1\0"), {}, "the file 'a' of the archive is not taken: it is encrypted"),
        (overlapping(), {}, "the files of the archive overlap: it is made to burst"),
        (TWO.replace(b"PK\x05\x06", b"PK\x06\x07" + bytes(16) + b"PK\x05\x06"), {}, "this is a ZIP64 archive: it is larger than what is taken"),
        (archive(("a", b"hello"), method=zipfile.ZIP_STORED).replace(b"hello", b"hallo", 1), {}, "the file 'a' of the archive is damaged: Bad CRC-32 for file 'a'"),
    ],
)  # fmt: skip
def test_a_bad_archive_is_refused(data, options, told):
    assert kit.rejected("zip", data, options).message == told


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_refused():
    told = "the file 'a' of the archive is not taken: it is there twice"
    assert kit.rejected("zip", archive(("a", b"x"), ("a", b"y")), {}).message == told


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=3000).map(lambda data: b"x" + data))
def test_what_is_packed_is_unpacked_as_it_was_and_always_the_same(data):
    packed = kit.encoded("zip", data, "orders.csv")
    assert (kit.decoded("zip", packed, {"single": True}), kit.encoded("zip", data, "orders.csv")) == (data, packed)


def test_a_name_to_pack_under_is_checked():
    with pytest.raises(ValueError, match=r"'../a' can't be a file's name: it leads out of the archive"):
        kit.encoded("zip", b"", "../a")


def test_damaged_archives_are_taken_or_refused_and_nothing_else():
    told = kit.survives(lambda data: kit.decoded("zip", data, {}), kit.damaged(TWO, bytes(range(256)), 7, 2000))
    assert told["refused"] > 1500


def test_a_route_opens_an_archive_and_the_files_in_it():
    route = (
        "route: a\nowner: e@example.com\ndomain: sales\nfrom: { event: out }\nsteps:\n  - decode: zip\n  - split: files\n"
        "  - decode: { csv: { whole: true } }\n  - split: body.rows\nto:\n  - event: out\n"
    )
    files = {"routes/a.route.yaml": route, "config/environments/local.yaml": "environment: local\n"}
    assert [str(one) for one in load(files).problems] == []


def test_what_is_decoded_is_not_unpacked():
    with pytest.raises(Exception, match=r"^this message is decoded already$"):
        kit.step("decode", "zip", {}).apply(message({}))
