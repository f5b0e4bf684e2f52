"""Test and production, in every combination: what the environment is, what was agreed, what the document says."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.core.clock import PinnedClock
from crossdock.core.errors import Rejected
from crossdock.core.partner import Partner
from crossdock_transformers.edifact.decode import EdifactDecode
from crossdock_transformers.edifact.encode import EdifactEncode
from crossdock_transformers.edifact.options import DecodeOptions as EdifactOptions
from crossdock_transformers.edifact.options import EncodeOptions as EdifactEncodeOptions
from crossdock_transformers.x12.decode import X12Decode
from crossdock_transformers.x12.options import DecodeOptions as X12Options
from tests.transformers.edifact import edifact_kit
from tests.transformers.edifact.test_edifact_encode import BODY
from tests.transformers.x12 import x12_kit

IN = {
    # (tests, agreed, marked): taken, refused for the mark, or refused because another mark was agreed
    (False, "P", "P"): "taken", (False, "P", "T"): "usage", (False, "T", "P"): "usage", (False, "T", "T"): "taken",
    (True, "P", "P"): "production", (True, "P", "T"): "usage", (True, "T", "P"): "production", (True, "T", "T"): "taken",
}  # fmt: skip
OUT = {(False, "P"): "sent", (False, "T"): "sent", (True, "P"): "preflight-usage", (True, "T"): "sent"}


def x12_step(tests: bool, agreed: str, **changes: Any) -> X12Decode:
    partners = {"acme": Partner("acme", x12=x12_kit.agreement(usage=agreed, ta1="always", **changes))}
    return X12Decode(X12Options(), x12_kit.Surroundings(partners, testing=tests), PinnedClock())


def edifact_step(tests: bool, agreed: str) -> EdifactDecode:
    partners = {"beta": Partner("beta", edifact=edifact_kit.agreement(usage=agreed))}
    return EdifactDecode(EdifactOptions(), edifact_kit.Surroundings(partners, testing=tests), PinnedClock())


def came_of(step: Any, message: Any) -> tuple[str, list[str]]:
    """Return what came of a document, and the marks of the answers that would leave."""
    try:
        stream = step.apply(message).body
        list(stream.parts())
        answers = stream.finish().deliveries
    except Rejected as error:
        return error.code, marks(error.answer)
    return "taken", marks(answers)


def marks(answers: Any) -> list[str]:
    """Return P or T for each answer, as its envelope says."""
    texts = [answer.body.render(1).decode() for answer in answers]
    x12 = [text.split(text[3])[15] for text in texts if text.startswith("ISA")]
    unb = [text.partition("UNB")[2].partition("'")[0].split("+") for text in texts if not text.startswith("ISA")]
    return x12 + ["T" if [*one, *[""] * 12][11] == "1" else "P" for one in unb]


@pytest.mark.parametrize(("case", "expected"), IN.items())
def test_x12_comes_in_as_environment_and_agreement_say(case: tuple[bool, str, str], expected: str) -> None:
    tests, agreed, marked = case
    data = x12_kit.interchange(x12_kit.group(x12_kit.transaction()), usage=marked)
    code, answered = came_of(x12_step(tests, agreed), x12_kit.message(data))
    assert code == expected
    assert not (tests and "P" in answered)


@pytest.mark.parametrize(("case", "expected"), IN.items())
def test_edifact_comes_in_as_environment_and_agreement_say(case: tuple[bool, str, str], expected: str) -> None:
    tests, agreed, marked = case
    rest = "++++++1" if marked == "T" else ""
    data = edifact_kit.interchange(edifact_kit.message(), rest=rest)
    code, answered = came_of(edifact_step(tests, agreed), edifact_kit.incoming(data))
    assert code == expected
    assert not (tests and "P" in answered)


def test_outside_of_tests_a_wrong_mark_is_answered_with_a_ta1() -> None:
    """In a test environment nothing marked production leaves, not even that."""
    data = x12_kit.interchange(x12_kit.group(x12_kit.transaction()), usage="T")
    assert came_of(x12_step(False, "P"), x12_kit.message(data)) == ("usage", ["P"])
    assert came_of(x12_step(True, "P"), x12_kit.message(data)) == ("usage", [])


def test_the_second_interchange_of_a_file_is_looked_at_as_well() -> None:
    first = x12_kit.interchange(x12_kit.group(x12_kit.transaction()), usage="T")
    second = x12_kit.interchange(x12_kit.group(x12_kit.transaction()), usage="P", control="000004712")
    assert came_of(x12_step(True, "T"), x12_kit.message(first + second)) == ("production", [])


REPLY = {
    "BAK": {"BAK01": "00", "BAK02": "AC", "BAK03": "4500000001", "BAK04": "2026-10-15"},
    "PO1": [{"PO101": "1", "PO102": 12, "PO103": "EA", "PO106": "VN", "PO107": "SKU-0001"}],
}


@pytest.mark.parametrize(("case", "expected"), OUT.items())
def test_x12_goes_out_as_environment_and_agreement_say(case: tuple[bool, str], expected: str) -> None:
    tests, agreed = case
    partners = {"acme": Partner("acme", x12=x12_kit.agreement(usage=agreed))}
    encoder = x12_kit.encoder(x12_kit.Surroundings(partners, testing=tests), set="855")
    assert sent(encoder, x12_kit.message(REPLY)) == expected


@pytest.mark.parametrize(("case", "expected"), OUT.items())
def test_edifact_goes_out_as_environment_and_agreement_say(case: tuple[bool, str], expected: str) -> None:
    tests, agreed = case
    partners = {"beta": Partner("beta", edifact=edifact_kit.agreement(usage=agreed))}
    surroundings = edifact_kit.Surroundings(partners, testing=tests)
    encoder = EdifactEncode(EdifactEncodeOptions(set="ORDERS"), surroundings, PinnedClock())
    assert sent(encoder, edifact_kit.incoming(BODY)) == expected


def sent(encoder: Any, message: Any) -> str:
    try:
        encoder.apply(message)
    except Rejected as error:
        return error.code
    return "sent"
