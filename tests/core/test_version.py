"""Versions are compared by their numbers."""

from __future__ import annotations

import pytest

from crossdock.core.version import EngineTooOld, engine, order, require


@pytest.mark.parametrize(
    ("older", "newer"), [("0.1.0", "0.2"), ("0.9", "0.10"), ("1", "1.0.1"), ("", "0.0.1"), ("0.1.0rc1", "0.1.1")]
)
def test_versions_follow_one_another(older: str, newer: str) -> None:
    assert order(older) < order(newer)


@pytest.mark.parametrize(("one", "other"), [("0.1", "0.1.0"), ("1.2.0rc1", "1.2"), ("1.2+local", "1.2")])
def test_what_follows_the_numbers_is_no_difference(one: str, other: str) -> None:
    assert order(one) == order(other)


def test_a_newer_need_is_refused_with_what_to_do() -> None:
    require(engine(), "release abc")
    with pytest.raises(EngineTooOld, match=rf"release abc needs Crossdock 99\.0, this is {engine()}") as raised:
        require("99.0", "release abc")
    assert raised.value.advice.startswith("install the newer Crossdock on this machine")
