"""gzip: what is unpacked and packed, and archives that mean harm."""

from __future__ import annotations

import gzip
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.core.blob import IN_MEMORY, Blob
from crossdock.core.message import Numbered
from tests.transformers.map.map_kit import message
from tests.transformers.records import records_kit as kit

DATA = b"ISA*00*" * 100


def test_a_packed_document_is_unpacked():
    assert kit.decoded("gzip", gzip.compress(DATA), {}) == DATA


def test_members_after_one_another_and_zeros_at_the_end_are_one_document():
    assert kit.decoded("gzip", gzip.compress(b"a") + gzip.compress(b"") + gzip.compress(b"b") + b"\0" * 512, {}) == b"ab"


@pytest.mark.parametrize(
    ("data", "options", "told"),
    [
        (b"", {}, "the file is empty"),
        (b"not gzip", {}, "this is not gzip: it does not begin as gzip does"),
        (gzip.compress(DATA)[:-9], {}, "the archive is cut off"),
        (gzip.compress(DATA)[:-8] + b"\0" * 8, {}, "the archive is damaged: incorrect data check"),
        (gzip.compress(DATA) + b"junk", {}, "this is not gzip: it does not begin as gzip does"),
        (gzip.compress(DATA), {"max_size": "100B"}, "it unpacks to more than 100 bytes (option `max_size`)"),
        (gzip.compress(bytes(3 * 1024**2)), {}, "it unpacks to more than 200 times its size (option `max_ratio`)"),
        (
            gzip.compress(gzip.compress(DATA)),
            {},
            "what it holds is an archive itself (gzip); archives within archives are not taken",
        ),
    ],
    ids=["empty", "other", "cut off", "damaged", "junk behind", "too big", "bomb", "archive inside"],
)
def test_a_bad_archive_is_refused(data, options, told):
    assert kit.rejected("gzip", data, options).message == told


def test_a_bomb_takes_no_memory():
    bomb = gzip.compress(bytes(200 * 1024**2))
    options = {"max_ratio": 10_000, "max_size": "100MB"}
    assert kit.peak_memory(lambda: kit.rejected("gzip", bomb, options)) < 3 * IN_MEMORY


def test_what_is_too_big_for_memory_lies_in_a_file():
    data = random.Random(1).randbytes(IN_MEMORY + 1)
    body = kit.decoded("gzip", gzip.compress(data, 1), {})
    assert (type(body), body.whole() == data) == (Blob, True)
    packed = kit.step("encode", "gzip", {"level": 1}).apply(message(body)).body
    assert gzip.decompress(packed.whole()) == data


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=5000).map(lambda data: b"x" + data))
def test_what_is_packed_is_unpacked_as_it_was(data):
    packed = kit.encoded("gzip", data, {})
    assert (kit.decoded("gzip", packed, {}), kit.encoded("gzip", data, {})) == (data, packed)


def test_a_document_that_waits_for_its_number_is_packed_when_it_has_it():
    body = Numbered("x12/acme", lambda number: b"%d" % number, lambda number: f"850-{number}.edi")
    packed = kit.step("encode", "gzip", {}).apply(message(body)).body
    assert (gzip.decompress(packed.render(7)), packed.name(7), packed.content_type) == (b"7", "850-7.edi.gz", "application/gzip")


def test_only_bytes_are_packed():
    assert kit.unwritten("gzip", {"a": 1}, {}).message == "only bytes can be packed"


def test_damaged_archives_are_taken_or_refused_and_nothing_else():
    told = kit.survives(lambda data: kit.decoded("gzip", data, {}), kit.damaged(gzip.compress(DATA), bytes(range(256)), 1, 1000))
    assert told["refused"] > 900
