"""What a file says of itself: whether it is for tests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.blob import Blob
from crossdock.core.errors import Rejected
from crossdock.core.marking import keep_tests_apart, production_marks
from tests.transformers.edifact import edifact_kit
from tests.transformers.x12 import x12_kit

REST = {"P": "", "T": "++++++1"}


def x12(usage: str, **changes: str) -> bytes:
    return x12_kit.interchange(x12_kit.group(x12_kit.transaction()), usage=usage, **changes)


def edifact(usage: str, **changes: str) -> bytes:
    return edifact_kit.interchange(edifact_kit.message(), rest=REST[usage], **changes)


@pytest.mark.parametrize(
    ("data", "marks"),
    [
        (x12("P"), ["ISA15"]),
        (x12("T"), []),
        (x12("I"), []),
        (x12("P").replace(b"*", b"|").replace(b"~", b"\n"), ["ISA15"]),
        (x12("T") + b"\r\n" + x12("P", control="000004712"), ["ISA15"]),
        (b"\xef\xbb\xbf \r\n" + x12("P"), ["ISA15"]),
        (edifact("P"), ["UNB 0035"]),
        (edifact("T"), []),
        (edifact("P", una=""), ["UNB 0035"]),
        (edifact("T", una=""), []),
        (edifact("T") + b"\n" + edifact("P", una=""), ["UNB 0035"]),
        (edifact("P") + edifact("P", una=""), ["UNB 0035"] * 2),
        (edifact("P", control="A?+B?'C?+++++1"), ["UNB 0035"]),
        (edifact("T", control="A?+B?'C"), []),
        (edifact("T").replace(b"+", b"\x1d").replace(b"'", b"\x1c").replace(b"UNA:\x1d.? \x1c", b""), []),
        (edifact("P").replace(b"+", b"\x1d").replace(b"'", b"\x1c").replace(b"UNA:\x1d.? \x1c", b""), ["UNB 0035"]),
        (b'{"note": "ISA*00* and UNB+"}', []),
        (b"ISAAC ordered 5", []),
        (b"ISA*00*cut", []),
        (b"UNB+cut", []),
        (b"UNA", []),
        (b"", []),
    ],
)
def test_a_file_says_of_each_interchange_whether_it_is_real(data: bytes, marks: list[str]) -> None:
    assert production_marks(data) == marks


@given(st.binary(max_size=300), st.sampled_from([b"", b"ISA", b"UNA", b"UNB", b"UNA:+.? '", b"ISA*"]))
def test_any_bytes_can_be_looked_at(tail: bytes, head: bytes) -> None:
    assert set(production_marks(head + tail)) <= {"ISA15", "UNB 0035"}


@pytest.mark.parametrize(("way", "words"), [("in", "takes"), ("out", "sends")])
def test_what_is_marked_production_is_refused_with_the_place(way: str, words: str) -> None:
    for body in (x12("P"), Blob.of([x12("P")])):
        with pytest.raises(Rejected) as refused:
            keep_tests_apart(body, way)
        assert (refused.value.message, refused.value.where, refused.value.code) == (
            f"a test environment {words} nothing that is marked production", "ISA15", "production",
        )  # fmt: skip


@pytest.mark.parametrize("body", [x12("T"), edifact("T"), {"ISA15": "P"}, "ISA*00*", None, 5])
def test_anything_else_passes(body: object) -> None:
    keep_tests_apart(body, "in")
