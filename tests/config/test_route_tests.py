"""`*.test.yaml`: cases are run as the route is, and say line by line what differs."""

import pytest

from crossdock_config import load
from crossdock_config.testing import run_tests
from tests.config.fake_components import FILES, SHORT, registry

ROUTE = """\
route: orders
owner: a
domain: b
from: { inbox: acme }
steps:
  - plain: { body: sent }
to:
  - bin
  - event: order.done
"""


def results(expect, root, given="body: x"):
    test = f"route: orders\ncases:\n  - name: one\n    input: {{ {given} }}\n    expect: {expect}\n"
    files = {**FILES, SHORT["route"]: ROUTE, SHORT["test"]: test}
    loaded = load(files, registry=registry())
    assert [str(problem) for problem in loaded.problems] == []
    return list(run_tests(loaded.release, root))


@pytest.mark.parametrize(
    ("expect", "difference"),
    [
        ("{ messages: { done: 1 }, deliveries: { bin: [ sent ] }, events: { order.done: 1 } }", ""),
        ("{ messages: { failed: 1 } }", "messages: expected {'failed': 1}, received {'done': 1}"),
        ("{ deliveries: { bin: [] } }", "bin: expected 0 deliveries, received 1\n+sent"),
        ("{ deliveries: { bin: [ lost ] } }", "bin[0]: expected a text that contains 'lost', received 'sent'"),
        ("{ events: {} }", "events: expected {}, received {'order.done': 1}"),
        ("{ errors: [ no ] }", "errors: expected 1, received []"),
    ],
)
def test_a_case_says_what_differs(tmp_path, expect, difference):
    (result,) = results(expect, tmp_path)
    assert (result.name, result.ok, result.difference) == ("orders: one", not difference, difference)
    assert result.place.short == f"{SHORT['test']}:3"


def test_a_sample_that_is_not_there_fails_its_case_only(tmp_path):
    (result,) = results("{ messages: { done: 1 } }", tmp_path, "file: samples/nope.edi")
    assert (result.ok, result.difference) == (False, "samples/nope.edi can't be read: No such file or directory")


def test_a_sample_stands_beside_its_test(tmp_path):
    (tmp_path / "routes/sales").mkdir(parents=True)
    (tmp_path / "routes/sales/a.edi").write_bytes(b"ISA")
    (result,) = results("{ messages: { done: 1 } }", tmp_path, "file: a.edi")
    assert result.ok
