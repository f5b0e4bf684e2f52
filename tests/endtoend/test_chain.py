"""An order comes in, its acknowledgement goes out: `crossdock chain` shows both, and a route hears of what disagrees."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_cli import CROSSDOCK, data, run
from tests.services.ports import free_port, wait_for_port

ROUTES = {
    "acme-orders.route.yaml": """
route: acme-orders
owner: edi@distributor.example
domain: sales
from: { sftp_server: { partner: acme, directory: inbound } }
steps:
  - decode: { x12: { sets: ["850"] } }
  - split: transactions
to:
  - event: order.received
""",
    "answers.route.yaml": """
route: answers
owner: edi@distributor.example
domain: sales
from: { event: order.received }
steps:
  - map: answer
  - encode: { x12: { set: "855" } }
to:
  - partner: sender
""",
    "answer.map.yaml": """
map: answer
target: x12 855
fields:
  BAK: { BAK01: '"00"', BAK02: '"AC"', BAK03: body.BEG.BEG03, BAK04: body.BEG.BEG05 }
  PO1:
    for_each: body.PO1
    fields:
      PO101: item.PO101
      PO102: item.PO102
      PO103: item.PO103
      PO104: item.PO104
      PO106: '"VN"'
      PO107: item.PO109
      ACK:
        - ACK01: '"IQ"'
          ACK02: 'item.PO101 == "2" ? decimal("3") : item.PO102'
          ACK03: item.PO103
  CTT: { CTT01: size(body.PO1) }
""",
    "alarms.route.yaml": """
route: alarms
owner: edi@distributor.example
domain: sales
from: { event: chain.disagreement }
steps:
  - encode: json
to:
  - orders: { directory: orders, name: 'keys.purchase_order + ".json"', key: keys.purchase_order }
""",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project that answers every order with an 855 that accepts less of line 2, and has had a file with two orders."""
    root = tmp_path_factory.mktemp("chain") / "company"
    assert run("new", str(root)).returncode == 0
    for old in (root / "routes/sales").glob("acme-*.yaml"):
        old.unlink()
    for name, text in ROUTES.items():
        (root / "routes/sales" / name).write_text(text)
    port = free_port()
    settings = root / "config/environments/local.yaml"
    settings.write_text(settings.read_text().replace("2222", str(port)))
    assert run("check", root=root).stdout.endswith("no problems\n"), run("check", root=root).stdout
    with (root / "up.log").open("wb") as log:
        process = subprocess.Popen([CROSSDOCK, "-C", str(root), "up"], stdout=log, stderr=log)
    try:
        wait_for_port(port)
        sample = root / "routes/sales/samples/acme-850.edi"
        assert run("send", str(sample), "--partner", "acme", root=root).returncode == 0
        ends = time.monotonic() + 30
        while len(list((root / "orders").glob("*.json"))) < 1:
            assert time.monotonic() < ends, (root / "up.log").read_text()
            time.sleep(0.1)
        yield root
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


def test_the_chain_has_both_documents_line_by_line(project: Path) -> None:
    """With control numbers, and the names that `trace` knows."""
    (chain,) = data("chain", "4500012345", root=project)
    documents = [(one["set"], one["direction"], one["control"]) for one in chain["documents"]]
    assert documents[0] == ("850", "in", "000004711/0001")
    assert documents[1][:2] == ("855", "out")
    assert [line["ordered"]["quantity"] for line in chain["lines"]] == [10, 4]
    assert [line["acknowledged"]["quantity"] for line in chain["lines"]] == [10, 3]
    assert chain["disagreements"] == ["line 2: acknowledged 3, ordered 4"]
    for document in chain["documents"]:
        assert run("trace", document["ref"], root=project).returncode == 0


def test_a_person_reads_what_disagrees(project: Path) -> None:
    """In words, below a table."""
    shown = run("chain", "4500012345", root=project).stdout
    for wanted in ("order 4500012345 with acme", "850 ordered", "855 acknowledged", "10 EA", "at 11.00", "VN SKU-0001"):
        assert wanted in shown, shown
    assert "disagrees  line 2: acknowledged 3, ordered 4" in shown


def test_a_route_hears_of_the_disagreement(project: Path) -> None:
    """As the event `chain.disagreement`; the message's trace says it as well."""
    alarm = json.loads((project / "orders/4500012345.json").read_text())
    assert (alarm["order"], alarm["partner"], alarm["document"]["set"]) == ("4500012345", "acme", "855")
    assert alarm["disagreements"] == ["line 2: acknowledged 3, ordered 4"]
    assert "order 4500012345: line 2: acknowledged 3, ordered 4" in run("trace", "4500012345", root=project).stdout


def test_an_order_without_documents_is_answered_with_the_nearest(project: Path) -> None:
    """Exit code 3, as everywhere."""
    done = run("chain", "4500012347", root=project)
    assert (done.returncode, done.stdout) == (3, "")
    assert "no document of order '4500012347' has passed here; did you mean '4500012345'?" in done.stderr.replace(
        "012346", "012345"
    )


def test_a_partner_that_has_no_such_order_is_told_who_has(project: Path) -> None:
    """A number may be known to one partner only."""
    done = run("chain", "4500012345", "--partner", "beta", root=project)
    assert "beta has no document of order '4500012345'; acme has" in done.stderr
