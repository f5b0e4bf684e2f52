"""Shadow replay of routes that ask endpoints: with what was answered then, and open about what nobody answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crossdock.boot.replay import Compared, Pair, Wish, replay
from crossdock.cli.replaying import replay_lines
from crossdock.core.errors import Refused
from tests.journal.journal_kit import ANN
from tests.patterns.runtime_kit import Endpoint, Works, files

ASK = {"from": {"erp": {"operation": "find"}}, "with": '{"sku": body.sku}', "into": "body.item"}
NAME = {"set_body": '{"name": body.item.name}'}
UPPER = {"set_body": '{"name": body.item.name.upperAscii()}'}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/journal.db" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def worked(url: str) -> Iterator[Callable[..., Works]]:
    """Run a project's steps over some SKUs, an ERP answering, or refusing what begins with `no`."""
    opened: list[Works] = []

    def run(steps: list[Any], *skus: str) -> Works:
        opened.append(Works(url, files(*steps), Endpoint({"erp": answer})))
        for sku in skus:  # one after the other, so that the later ones find what was cached
            opened[-1].accept({"sku": sku})
            opened[-1].run()
        return opened[-1]

    yield run
    for one in opened:
        one.close()


def answer(body: Any) -> Any:
    sku = json.loads(body)["sku"] if isinstance(body, bytes) else body["sku"]
    if sku.startswith("no"):
        raise Refused(f"no item {sku}", code="unknown_item")
    return {"name": f"item {sku}"}


def compared(work: Works, before: list[Any], after: list[Any]) -> Compared:
    (found,) = replay(work.opened, Pair.of(files(*before), files(*after), "local"), Wish(0))
    return found


def values(found: Compared) -> list[tuple[str, str]]:
    return [pair for field in found.fields.values() for pair in field.values]


def test_what_follows_a_question_is_compared_with_what_was_answered_then(worked: Callable[..., Works]) -> None:
    steps = [{"enrich": ASK}]
    work = worked([*steps, NAME], "a", "b")
    found = compared(work, [*steps, NAME], [*steps, UPPER])
    assert (found.documents, found.differ, found.partly, found.unanswered) == (2, 2, 0, {})
    assert sorted(values(found)) == [("item a", "ITEM A"), ("item b", "ITEM B")]


def test_a_release_that_means_the_same_makes_no_difference_beyond_the_question(worked: Callable[..., Works]) -> None:
    steps = [{"enrich": ASK}, NAME]
    found = compared(worked(steps, "a", "no-b"), steps, steps)
    assert (found.documents, found.differ, found.partly) == (2, 0, 0)


def test_a_refusal_is_an_answer_as_well(worked: Callable[..., Works]) -> None:
    steps = [{"enrich": ASK}, NAME]
    found = compared(worked(steps, "no-a"), steps, [{"enrich": {**ASK, "default": '{"name": "none"}'}}, NAME])
    assert (found.newly_passed, found.partly) == (1, 0)


def test_a_question_that_nobody_asked_then_is_told_with_its_messages(worked: Callable[..., Works]) -> None:
    steps = [{"enrich": ASK}, NAME]
    work = worked(steps, "a", "b")
    other = {**ASK, "with": '{"sku": body.sku + "x"}'}
    found = compared(work, steps, [{"enrich": other}, NAME])
    received = [row.id for row in work.opened.desk.received(0, "", "", 10)]
    assert (found.partly, found.unanswered, found.unanswered_samples) == (2, {"erp find": 2}, received)
    told = f"2 compared up to a question to erp find: no answer to it is recorded, such as {', '.join(received)}"
    assert any(told in line for line in replay_lines([found]))
    assert found.record()["unanswered"] == [("erp find", 2)]


def test_the_other_parts_of_a_document_go_on_beside_one_without_an_answer(worked: Callable[..., Works]) -> None:
    split = [{"set_body": '[{"sku": body.sku}, {"sku": body.sku + "2"}]'}, {"split": "body"}]
    asks = {"enrich": ASK}
    work = worked([*split, asks, NAME], "a")
    more = [{"set_body": '[{"sku": body.sku}, {"sku": "new"}]'}, {"split": "body"}]
    found = compared(work, [*split, asks, NAME], [*more, asks, UPPER])
    assert (found.partly, found.unanswered) == (1, {"erp find": 1})
    assert ("item a", "ITEM A") in values(found)


def test_a_cached_answer_serves_all_that_ask_the_same(worked: Callable[..., Works]) -> None:
    steps = [{"enrich": {**ASK, "cache": "1h"}}]
    work = worked([*steps, NAME], "a", "a", "a")
    assert len(work.endpoint.calls) == 1
    found = compared(work, [*steps, NAME], [*steps, UPPER])
    assert (found.differ, found.partly) == (3, 0)


def test_an_answer_is_not_told_in_a_trace_and_goes_with_the_history(worked: Callable[..., Works]) -> None:
    work = worked([{"enrich": ASK}, NAME], "a")
    (message,) = [row.id for row in work.opened.desk.received(0, "", "", 10)]
    assert [one.slot for one in work.opened.desk.answers(message)] == [{"reply": {"name": "item a"}}]
    questions = [one for one in work.opened.desk.trace(message)["messages"][0]["deliveries"] if one["endpoint"] == "erp"]
    assert questions != []
    assert "item a" not in json.dumps(questions)
    assert work.opened.purge(-60.0, "", ANN).families >= 1
    assert work.opened.desk.answers(message) == []
