"""`require`: what must be true of a document, said to whoever sent it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from crossdock.core.errors import Refusal, Rejected
from crossdock_transformers.require import SPEC, RequireOptions
from tests.transformers.map.map_kit import Project, message

SHAPE = {"type": "object", "properties": {"total": {"type": "number"}, "lines": {"type": "array"}}, "required": ["total"]}
TOTAL = {"that": "body.total > 0", "message": '"the total is " + string(body.total)', "at": "/total"}
LINES = {"that": "size(body.lines) > 0", "message": '"there are no lines"'}


def step(**options: Any) -> Any:
    """Return a step."""
    return SPEC.step(RequireOptions.model_validate(options), Project(shape=SHAPE))


def test_a_document_of_which_it_is_true_passes_unchanged():
    """Its shape stays known."""
    given = message({"total": Decimal(5)})
    assert step(**TOTAL).apply(given) is given
    assert step(**TOTAL).shape == SHAPE


def test_another_is_rejected_with_the_sentence_and_its_place():
    """The sentence is an expression: it says what was found."""
    with pytest.raises(Rejected) as caught:
        step(**TOTAL).apply(message({"total": Decimal("-1.50")}))
    assert (caught.value.message, caught.value.where, caught.value.code) == ("the total is -1.50", "/total", "require")


def test_all_rules_are_looked_at():
    """Whoever sent it hears of everything at once."""
    with pytest.raises(Rejected) as caught:
        step(all=[TOTAL, LINES]).apply(message({"total": Decimal(0), "lines": []}))
    assert [finding.message for finding in caught.value.findings] == ["the total is 0", "there are no lines"]


def test_paths_are_checked_before_anything_runs():
    """A misspelt one is a problem of the configuration."""
    with pytest.raises(Refusal, match="did you mean 'total'"):
        step(that="body.totl > 0", message='"x"')


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "say `that` with its `message`, or several under `all`"),
        ({"that": "true"}, "say in a `message` what is wrong"),
        ({"that": "true", "message": "'x'", "all": [LINES]}, "or several under `all`"),
    ],
)
def test_options_that_say_nothing_are_refused(options: dict[str, Any], words: str):
    """A rule without its sentence helps nobody."""
    with pytest.raises(ValidationError, match=words):
        RequireOptions.model_validate(options)
