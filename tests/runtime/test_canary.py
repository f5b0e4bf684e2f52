"""A canary ends by itself: withdrawn where it fails too often, completed when its time is over."""

from __future__ import annotations

import pytest

from crossdock.core.deployment import Deployment, Tally
from crossdock.runtime.canary import verdict

RUNS = Deployment(7, "old", "canary", "ann", candidate="new", share=500, until=1000, most_errors=500, at=1)


def ended(old: Tally, new: Tally, now: float = 500) -> tuple[str, str] | None:
    decided = verdict(RUNS, {"old": old, "new": new}, now)
    return (decided.act, decided.release) if decided else None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (Tally(), Tally()),
        (Tally(100, 0), Tally(19, 4)),  # too few to mean anything
        (Tally(100, 0), Tally(100, 5)),  # no more than is allowed
        (Tally(100, 40), Tally(100, 44)),  # the partner's own mistakes are not the candidate's
    ],
)
def test_a_canary_goes_on_while_nothing_speaks_against_it(old: Tally, new: Tally) -> None:
    assert ended(old, new) is None


@pytest.mark.parametrize(
    ("old", "new"), [(Tally(100, 0), Tally(20, 2)), (Tally(), Tally(5, 5)), (Tally(100, 40), Tally(100, 46))]
)
def test_a_candidate_that_fails_too_often_is_withdrawn(old: Tally, new: Tally) -> None:
    assert ended(old, new) == ("withdraw", "old")


def test_a_canary_whose_time_is_over_is_complete() -> None:
    assert ended(Tally(100, 0), Tally(1, 0), now=1000) == ("complete", "new")


def test_a_candidate_that_has_met_no_message_has_proven_nothing() -> None:
    assert ended(Tally(100, 0), Tally(), now=5000) is None


def test_the_reason_stands_in_the_history() -> None:
    decided = verdict(RUNS, {"old": Tally(200, 1), "new": Tally(40, 3)}, 500)
    assert decided is not None
    assert decided.note == "3 of 40 (7.5 %) with new failed, 1 of 200 (0.5 %) with old"
    assert (decided.number, decided.candidate, decided.share, decided.actor) == (8, "", 0, "crossdock")
