"""What `--update` writes, what JUnit reads, and what coverage tells."""

from decimal import Decimal
from xml.etree.ElementTree import fromstring

import pytest

from crossdock.core.clock import PinnedClock
from crossdock_config import load
from crossdock_config.testing import Coverage, junit, run_tests, write_updates
from crossdock_config.testing.acks import is_acknowledgement, judged, segments_of
from crossdock_config.yaml_source import read
from crossdock_config.yaml_text import block, flow, scalar
from tests.testing.testing_kit import case, project, results

TEST = """\
# Orders.
route: orders
mocks: { crm: { reply: { name: Jane } } }
cases:
  - name: one   # the usual
    input: { body: { number: A1, total: 250 } }
    expect:
      messages: { failed: 1 }   # a state
      events: { order.done: 7 }
      deliveries:
        crm:
          - number: A1
        erp:
          # what the ERP gets
          - number: ZZ
            total: 3.50

      out: [{ equal: { number: X } }]
  - name: two
    input: { body: { number: A2, total: 2 } }
    expect:
      out: [{ file: expected/two.json }]
      that: [size(out) == 1]
"""
UPDATED = """\
# Orders.
route: orders
mocks: { crm: { reply: { name: Jane } } }
cases:
  - name: one   # the usual
    input: { body: { number: A1, total: 250 } }
    expect:
      messages: { done: 1 }   # a state
      events: { order.done: 1 }
      deliveries:
        crm:
          - number: A1
        erp:
          # what the ERP gets
          - number: A1
            total: 250

      out: [{ equal: { number: A1, total: 250, customer: Jane } }]
  - name: two
    input: { body: { number: A2, total: 2 } }
    expect:
      out: [{ file: expected/two.json }]
      that: [size(out) == 1]
"""


def test_update_writes_what_came_and_leaves_all_else_as_it_stands(tmp_path):
    root = project(tmp_path, TEST)
    written = write_updates(root, results(root))
    assert written == ["routes/sales/expected/two.json", "routes/sales/orders.test.yaml"]
    assert (root / "routes/sales/orders.test.yaml").read_text() == UPDATED
    assert [one.difference for one in results(root)] == ["", ""]


def test_an_update_of_what_holds_writes_nothing(tmp_path):
    root = project(tmp_path, case("{ messages: { done: 1 } }", head="mocks: { crm: { reply: {} } }\n"))
    before = (root / "routes/sales/orders.test.yaml").read_text()
    write_updates(root, results(root))
    assert (root / "routes/sales/orders.test.yaml").read_text() in (before, before.replace("done", "failed"))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "no",
        "true",
        "12",
        "00401",
        "a: b",
        "a # b",
        "- a",
        "[x",
        "it's",
        'say "x"',
        "*x",
        " a",
        "1.50",
        "~",
        "null",
        "a\nb",
        "\u00e4",
        "-x",
        "@",
        "x:",
        "?",
        "---",
        "\x07",
    ],
)
def test_every_text_is_read_back_as_it_was_written(value):
    for text in (f"a: {scalar(value)}", f"{{ a: {scalar(value, flow=True)} }}", f"[{flow(value)}]"):
        found = read("x.yaml", text)
        assert (found.problems, found.data) in (([], {"a": value}), ([], [value]))


def test_data_is_read_back_as_it_was_written():
    data = {"a": [{"b": Decimal("1.50"), "c": [1, {"d": {"e": []}}]}, {}], "f": {"g": None, "h": True}}
    assert read("x.yaml", "\n".join(block(data, 10))).data == data


def test_results_are_read_by_build_servers(tmp_path):
    root = project(
        tmp_path,
        case("{ messages: { filtered: 1 } }", head="mocks: { crm: { reply: {} } }\n").replace("name: one", "name: a <b>"),
    )
    found = fromstring(junit(results(root)).encode())
    (failed,) = found.iter("testcase")
    assert (found.get("tests"), found.get("failures")) == ("1", "1")
    assert (failed.get("file"), failed.get("line")) == ("routes/sales/orders.test.yaml", "4")


def test_coverage_names_the_lines_that_were_never_run(tmp_path):
    root = project(tmp_path, case("{}", head="mocks: { crm: { reply: { name: J } } }\n"))
    release = load(root, clock=PinnedClock()).release
    coverage = Coverage()
    assert [one.ok for one in run_tests(release, root, coverage=coverage)] == [True]
    (found,) = coverage.files(release)
    assert (found.steps, found.steps_run, found.branches, found.branches_taken) == (8, 7, 2, 1)
    assert found.never == ((13, "branch"), (13, "set_header"))


ISA = "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260101*0900*^*00501*000000001*0*T*:~"
X12 = ISA + "GS*FA~ST*997*0001~AK1*PO*1~AK9*A*1*1*1~SE*4*0001~GE*1*1~IEA*1*1~"
EDIFACT = "UNA:+.? 'UNB+UNOC:3+A+B'UNH+1+CONTRL:D:3:UN'UCI+1?'2+A+B+7'UNT+3+1'UNZ+1+1'"


def test_acknowledgements_are_read_as_segments():
    assert segments_of(X12)[2:5] == ["ST*997*0001", "AK1*PO*1", "AK9*A*1*1*1"]
    assert segments_of(EDIFACT)[1:3] == ["UNH+1+CONTRL:D:3:UN", "UCI+1?'2+A+B+7"]
    assert [is_acknowledgement(segments_of(text)) for text in (X12, EDIFACT, X12.replace("997", "855"), "{}")] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("wanted", "faults"),
    [
        ([["AK1*PO*1", "AK9*A*1*1*1"]], 0),
        (["AK9*A*1*1*1"], 0),
        ([["AK9*A*1*1*1", "AK1*PO*1"]], 1),
        ([], 1),
        ([["AK9*R*1*1*0"]], 1),
    ],
)
def test_an_acknowledgement_has_its_segments_in_their_order(wanted, faults):
    assert len(list(judged(("acks",), wanted, [segments_of(X12)]))) == faults
