"""In a test environment nothing that is marked production passes, also where no step reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crossdock.core.journal import Query
from crossdock.core.message import Receipt
from tests.journal.journal_kit import ANN
from tests.patterns import runtime_kit
from tests.transformers.edifact import edifact_kit
from tests.transformers.x12 import x12_kit

ROUTE = """\
route: example
owner: a@example.com
domain: examples
from:
  webhook: { path: /in, auth: none, content_types: ["*/*"] }
to:
  - erp
"""
ENVIRONMENT = """\
environment: {name}
test: {test}
journal: sqlite:///{name}.db
endpoints: {{ erp: {{ http: {{ url: http://{name} }} }} }}
"""
FILES = {
    "routes/examples/example.route.yaml": ROUTE,
    "config/environments/live.yaml": ENVIRONMENT.format(name="live", test="false"),
    "config/environments/test.yaml": ENVIRONMENT.format(name="test", test="true"),
}
DOCUMENTS = {
    "x12 P": x12_kit.interchange(x12_kit.group(x12_kit.transaction()), usage="P"),
    "x12 T": x12_kit.interchange(x12_kit.group(x12_kit.transaction()), usage="T"),
    "edifact P": edifact_kit.interchange(edifact_kit.message()),
    "edifact T": edifact_kit.interchange(edifact_kit.message(), rest="++++++1"),
    "json": b'{"ISA15": "P"}',
}


@pytest.fixture
def works(sqlite_url: str) -> Iterator[Any]:
    """Build a project that passes bytes on; `test` says for which of its environments."""
    opened: list[runtime_kit.Works] = []

    def build(test: bool) -> runtime_kit.Works:
        opened.append(runtime_kit.Works(sqlite_url, FILES, environment="test" if test else "live"))
        return opened[-1]

    yield build
    for one in opened:
        one.close()


@pytest.mark.parametrize("test", [True, False])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_bytes_that_no_step_reads_come_in_as_the_environment_says(works: Any, test: bool, name: str) -> None:
    at_work = works(test)
    at_work.journal.accept(
        [Receipt("example", DOCUMENTS[name], "test", content_type="application/octet-stream")], at_work.release.id
    )
    at_work.run()
    refused = test and name.endswith("P")
    assert at_work.states() == ["failed" if refused else "done"]
    assert len(at_work.endpoint.calls) == (0 if refused else 1)
    if refused:
        (failed,) = at_work.opened.desk.failed(Query())
        assert failed["error"]["message"] == "a test environment takes nothing that is marked production"
        assert failed["error"]["where"] == ("ISA15" if name.startswith("x12") else "UNB 0035")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_deliveries_that_were_waiting_in_a_copied_journal_do_not_leave_a_test_environment(works: Any, name: str) -> None:
    first = works(False)
    receipt = Receipt("example", DOCUMENTS[name], "test", content_type="application/octet-stream")
    first.journal.accept([receipt], first.release.id)
    for lane in first.journal.sweep():
        first.drain(lane)
    assert (first.states(), first.endpoint.calls) == (["done"], [])
    first.opened.adopt("test", "live", ANN)
    second = works(True)
    second.run()
    refused = name.endswith("P")
    assert len(second.endpoint.calls) == (0 if refused else 1)
    assert [row["error"]["message"] for row in second.opened.desk.failed(Query())] == (
        ["a test environment sends nothing that is marked production"] if refused else []
    )
