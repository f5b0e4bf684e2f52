"""Orders in, acknowledgements out, and what becomes of what we send, without a line of YAML beyond the routes themselves."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.cli.test_cli import CROSSDOCK, data, run
from tests.endtoend.test_chain import ROUTES
from tests.services.ports import free_port, wait_for_port

ALARMS = """
route: {name}
owner: edi@distributor.example
domain: sales
from: {{ event: {event} }}
steps:
  - encode: json
to:
  - orders: {{ directory: {name}, name: 'keys.purchase_order + ".json"', key: keys.purchase_order }}
"""

AGREEMENT = {
    "acknowledge": "999",
    "ta1": "always",
    "ack_window": "10s",
    "documents": {"850": {"expect": {"855": "1h", "810": "3s"}}, "855": {}},
}


class Company:
    """A project that runs, and answers every order with an 855."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sample = (root / "routes/sales/samples/acme-850.edi").read_text()
        self._sent = 0

    def send(self, text: str) -> None:
        """Hand a file in as ACME's."""
        self._sent += 1
        path = self.root / f"in-{self._sent}.edi"
        path.write_text(text)
        assert run("send", str(path), "--partner", "acme", root=self.root).returncode == 0

    def order(self, control: int, number: str) -> None:
        """Send the sample with other numbers; it holds two orders."""
        self.send(self.sample.replace("000004711", f"{control:09d}").replace("45000123", number))

    def acknowledgement(self, control: int, *segments: str, kind: str = "997") -> str:
        """Return a functional acknowledgement from ACME, in the envelope that it always uses."""
        opening = self.sample.split("~")[0].replace("000004711", f"{control:09d}")
        sender, receiver = (self.sample.split("*")[at].strip() for at in (6, 8))
        version = "004010" if kind == "997" else "005010X231A1"
        lines = [
            opening,
            f"GS*FA*{sender}*{receiver}*20261015*0930*{control}*X*{version}",
            f"ST*{kind}*0001",
            *segments,
            f"SE*{len(segments) + 2}*0001",
            f"GE*1*{control}",
            f"IEA*1*{control:09d}",
        ]
        return "~".join(lines) + "~"

    def acks(self, *options: str) -> list[dict]:
        """Return what `crossdock acks` lists."""
        return data("acks", *options, root=self.root)

    def eventually(self, wanted: Callable[[], bool]) -> None:
        """Wait until something is so."""
        ends = time.monotonic() + 30
        while not wanted():
            assert time.monotonic() < ends, (self.root / "up.log").read_text()[-3000:]
            time.sleep(0.1)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    root = tmp_path_factory.mktemp("acks") / "company"
    assert run("new", str(root)).returncode == 0
    for old in (root / "routes/sales").glob("acme-*.yaml"):
        old.unlink()
    routes = {name: text for name, text in ROUTES.items() if not name.startswith("alarms")}
    for name, event in (("overdue", "ack.overdue"), ("missing", "document.missing")):
        (root / name).mkdir()
        routes[f"{name}.route.yaml"] = ALARMS.format(name=name, event=event)
    for name, text in routes.items():
        (root / "routes/sales" / name).write_text(text)
    partner = root / "config/partners/acme.yaml"
    settings = yaml.safe_load(partner.read_text())
    settings["x12"] = {**settings["x12"], **AGREEMENT}
    partner.write_text(yaml.safe_dump(settings))
    port = free_port()
    local = root / "config/environments/local.yaml"
    local.write_text(local.read_text().replace("2222", str(port)))
    assert run("check", root=root).stdout.endswith("no problems\n"), run("check", root=root).stdout
    with (root / "up.log").open("wb") as log:
        process = subprocess.Popen([CROSSDOCK, "-C", str(root), "up"], stdout=log, stderr=log)
    try:
        wait_for_port(port)
        yield Company(root)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


def answers(company: Company, document: str) -> list[dict]:
    """Return what we have sent of a kind, oldest first."""
    return company.acks("--state", "all", "--document", document)[::-1]


def test_an_order_is_answered_and_its_855_acknowledged(company: Company) -> None:
    """A TA1, a 999, two 855s; then ACME takes one and rejects the other: it fails, with the reason in words."""
    company.order(5001, "45000123")
    company.eventually(lambda: len(company.acks("--state", "waiting")) == 2)
    assert [len(answers(company, one)) for one in ("TA1", "999", "850")] == [1, 1, 2]
    good, bad = company.acks("--state", "waiting")
    company.send(company.acknowledgement(5002, f"AK1*PR*{good['group']}", "AK2*855*0001", "AK5*A", "AK9*A*1*1*1"))
    reasons = ["AK3*PO1*3**8", "AK4*2*330*6*TEN", "AK5*R*5"]
    company.send(company.acknowledgement(5003, f"AK1*PR*{bad['group']}", "AK2*855*0001", *reasons, "AK9*R*1*1*0"))
    company.eventually(lambda: company.acks("--state", "waiting") == [])
    assert [row["id"] for row in company.acks("--state", "acknowledged")] == [good["id"]]
    (failed,) = data("failed", "list", root=company.root)
    assert failed["id"] == bad["id"]
    place = "segment 3 (PO1), element 2 (PO102, quantity ordered)"
    assert failed["error"]["message"] == f"acme rejected 855 0001: {place}: the value holds an invalid character: 'TEN'"
    shown = run("acks", "show", bad["id"], root=company.root).stdout
    assert "PO102" in shown, shown
    said = "".join(run("trace", number, root=company.root).stdout for number in ("4500012345", "4500012346"))
    assert "rejected by 997 in message" in said
    assert "acknowledged by 997 in message" in said
    assert len(answers(company, "999")) == 1, "an acknowledgement was acknowledged"
    assert run("failed", "discard", bad["id"], "--reason", "told by phone", root=company.root).returncode == 0
    assert company.acks("--state", "closed") != []


def test_a_document_that_nobody_acknowledges_is_reported_once(company: Company) -> None:
    """An event for a route, and a line in `crossdock acks`; an invoice that doesn't follow as well."""
    company.order(5004, "47000123")
    overdue, missing = company.root / "overdue", company.root / "missing"
    company.eventually(lambda: len(list(overdue.glob("47*.json"))) == 2)
    alarm = json.loads(next(overdue.glob("47*.json")).read_text())
    assert (alarm["partner"], alarm["document"]) == ("acme", "855")
    rows = company.acks("--state", "overdue")
    assert [row["keys"]["purchase_order"][:2] for row in rows] == ["47", "47"]
    company.eventually(lambda: len(list(missing.glob("47*.json"))) == 2)
    gaps = [row for row in company.acks("--missing") if row["value"].startswith("47")]
    assert [(row["document"], row["after"]) for row in gaps] == [("810", "850")] * 2
    assert run("acks", "close", rows[0]["id"], "--reason", "by mail", root=company.root).returncode == 0
    assert len(company.acks("--state", "overdue")) == 1


def test_an_interchange_that_comes_twice_is_refused_until_a_person_lets_it_in(company: Company) -> None:
    """Visible as a duplicate, told to the partner by TA1, and let in on purpose."""
    company.order(5005, "48000123")
    company.eventually(lambda: len([row for row in answers(company, "855") if "48" == row["keys"]["purchase_order"][:2]]) == 2)
    before = len(answers(company, "TA1"))
    company.send(company.sample.replace("000004711", "000005005").replace("45000123", "48000123") + "\n")
    company.eventually(lambda: len(answers(company, "TA1")) == before + 1)
    (copy,) = data("messages", "--state", "duplicate", root=company.root)
    assert re.fullmatch(r"interchange 000005005 was received before, as message \w+", copy["error"]["message"])
    assert run("failed", "admit", copy["id"], root=company.root).returncode == 0
    company.eventually(lambda: len([row for row in answers(company, "855") if "48" == row["keys"]["purchase_order"][:2]]) == 4)
    assert "admitted" in run("trace", copy["id"], root=company.root).stdout
    assert run("failed", "admit", copy["id"], root=company.root).returncode == 5


def test_what_we_never_sent_is_reported(company: Company) -> None:
    """Not lost, not mistaken for something else."""
    company.send(company.acknowledgement(5006, "AK1*PR*999999", "AK2*855*0001", "AK5*A", "AK9*A*1*1*1"))
    company.eventually(lambda: any("never sent" in row["error"]["message"] for row in data("failed", "list", root=company.root)))


def test_a_broken_envelope_is_answered_by_ta1(company: Company) -> None:
    """And its message fails."""
    before = len(answers(company, "TA1"))
    company.send(company.sample.replace("000004711", "000005007", 1))
    company.eventually(lambda: len(answers(company, "TA1")) == before + 1)
    failed = data("failed", "list", root=company.root)
    assert any("IEA02" in row["error"]["message"] for row in failed)


def test_a_command_for_what_is_not_there_says_so(company: Company) -> None:
    """Exit code 3."""
    for arguments in (("acks", "show", "nothing"), ("acks", "close", "nothing", "--reason", "x"), ("failed", "admit", "nothing")):
        assert run(*arguments, root=company.root).returncode == 3
