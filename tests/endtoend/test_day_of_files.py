"""A day of files: two hundred good and bad ones, X12 and EDIFACT, dropped over SFTP, with one kill in the middle.

An independent tally at the end: every file is answered as was agreed (read by pyx12 and pydifact), every good document was
delivered once (counted by the target), every bad one is listed with its reason; nothing is lost, nothing happens twice.
"""

from __future__ import annotations

import asyncio
import io
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh
import pytest
from pydifact.segmentcollection import RawSegmentCollection
from pyx12.x12file import X12Reader

from tests.cli.test_cli import CROSSDOCK, data
from tests.services.ledger import Ledger, ledger
from tests.services.ports import free_port, wait_for_port, wait_for_silence
from tests.transformers.edifact import edifact_kit
from tests.transformers.x12 import x12_kit

FILES, SEED, PASSWORD = 200, 20261123, "a-long-enough-password"
ENVIRONMENT = """
environment: local
journal: sqlite:///journal.db
endpoints:
  sftp_server: {{ sftp_server: {{ host: 127.0.0.1, port: {port} }} }}
  sink: {{ http: {{ url: "{sink}/keyed" }} }}
"""
PARTNERS = {
    "acme": """
partner: acme
x12:
  theirs: { qualifier: ZZ, id: ACMERETAIL }
  ours: { qualifier: "01", id: "080192334" }
  acknowledge: "997"
  ta1: on_error
channels: { sftp_server: { user: acme, password: "${secret:SFTP}", pickup: outbound } }
""",
    "beta": """
partner: beta
edifact:
  theirs: { qualifier: "14", id: "5412345000013" }
  ours: { qualifier: "14", id: "4012345000009" }
  association: EAN008
  acknowledge: full
channels: { sftp_server: { user: beta, password: "${secret:SFTP}", pickup: outbound } }
""",
}
ROUTE = """
route: {partner}-orders
owner: tests
domain: sales
from: {{ sftp_server: {{ partner: {partner}, directory: inbound }} }}
steps:
  - decode: {dialect}
  - split: {unit}
to:
  - sink: {{ key: '"{partner}/" + {number}' }}
"""
ROUTES = {
    "acme": ROUTE.format(partner="acme", dialect="x12", unit="transactions", number="body.BEG.BEG03"),
    "beta": ROUTE.format(partner="beta", dialect="edifact", unit="messages", number="body.BGM.BGM02"),
}


@dataclass(frozen=True)
class Drop:
    """A file and what should come of it: orders delivered, how many failures, and the verdict that the partner gets, if any."""

    partner: str
    data: bytes
    orders: tuple[str, ...] = ()
    failures: int = 0
    verdict: str = ""


@dataclass
class Day:
    """The day's files. Numbers of orders and interchanges are unique."""

    random: random.Random = field(default_factory=lambda: random.Random(SEED))
    at: int = 0

    def drops(self) -> Iterator[Drop]:
        kinds: list[Callable[[], Drop]] = [self.x12, self.edifact] * 8 + [
            getattr(self, name) for name in dir(self) if name.startswith(("bad_", "odd_"))
        ]
        while self.at < FILES:
            self.at += 1
            kind = kinds[self.at - 1] if self.at <= len(kinds) else self.random.choice(kinds)
            yield kind()

    def _orders(self, count: int) -> list[str]:
        return [f"PO-{self.at}-{n}" for n in range(1, count + 1)]

    def _x12(self, orders: list[str], bad: int = 0, **changes: str) -> bytes:
        bodies = [x12_kit.replaced("BEG*00*SA*4500000001**20261015", f"BEG*00*SA*{order}**20261015") for order in orders]
        bodies += [x12_kit.replaced("PO1*2*6.5*CA*1.00**VN*SKU-0002", "PO1*2*SIX*CA*1.00**VN*SKU-0002")] * bad
        inner = [x12_kit.transaction(body, control=f"{at:04d}") for at, body in enumerate(bodies, start=1)]
        group = x12_kit.group(*inner, control=str(self.at), version=changes.pop("version", "004010"))
        return x12_kit.interchange(group, control=f"{self.at:09d}", **changes)

    def _edifact(self, orders: list[str], bad: int = 0) -> bytes:
        bodies = [edifact_kit.replaced("BGM+220+4500000001+9", f"BGM+220+{order}+9") for order in orders]
        bodies += [edifact_kit.replaced("QTY+21:12:PCE", "QTY+21:TWELVE:PCE")] * bad
        return edifact_kit.file(*bodies, control=str(self.at))

    def x12(self) -> Drop:
        orders = self._orders(self.random.randint(1, 4))
        return Drop("acme", self._x12(orders), tuple(orders), verdict="A")

    def edifact(self) -> Drop:
        orders = self._orders(self.random.randint(1, 4))
        return Drop("beta", self._edifact(orders), tuple(orders), verdict="7")

    def odd_line_ends(self) -> Drop:
        orders = self._orders(2)
        return Drop("acme", self._x12(orders, end="~\r\n"), tuple(orders), verdict="A")

    def odd_blanks_before(self) -> Drop:
        orders = self._orders(1)
        return Drop("acme", b"\xef\xbb\xbf\n  " + self._x12(orders), tuple(orders), verdict="A")

    def bad_one_of_three(self) -> Drop:
        orders = self._orders(2)
        return Drop("acme", self._x12(orders, bad=1), tuple(orders), 1, "P")

    def bad_segment_count(self) -> Drop:
        return Drop("acme", self._x12(self._orders(1)).replace(b"~SE*11*", b"~SE*12*"), failures=1, verdict="R")

    def bad_group_count(self) -> Drop:
        return Drop("acme", self._x12(self._orders(2)).replace(b"~GE*2*", b"~GE*5*"), failures=2, verdict="R")

    def bad_unknown_set(self) -> Drop:
        return Drop("acme", self._x12(self._orders(1)).replace(b"~ST*850*", b"~ST*858*"), failures=1, verdict="R")

    def bad_version(self) -> Drop:
        return Drop("acme", self._x12(self._orders(1), version="003040"), failures=1, verdict="R")

    def bad_cut_off(self) -> Drop:
        return Drop("acme", self._x12(self._orders(2))[:400], failures=1, verdict="TA1 R")

    def bad_isa_width(self) -> Drop:
        return Drop(
            "acme", self._x12(self._orders(1)).replace(b"ACMERETAIL     *", b"ACMERETAIL*", 1), failures=1, verdict="TA1 R"
        )

    def bad_test_flag(self) -> Drop:
        return Drop("acme", self._x12(self._orders(1), usage="T"), failures=1, verdict="TA1 R")

    def bad_stranger(self) -> Drop:
        return Drop(
            "acme", self._x12(self._orders(1)).replace(b"*ZZ*ACMERETAIL ", b"*ZZ*ACMERETOIL ", 1), failures=1, verdict="TA1 R"
        )

    def bad_characters(self) -> Drop:
        return Drop("acme", self._x12(self._orders(1)).replace(b"HEX BOLT", b"HEX \xff\xfe"), failures=1, verdict="R")

    def bad_empty(self) -> Drop:
        return Drop("acme", b"", failures=1)

    def bad_garbage(self) -> Drop:
        return Drop("acme", self.random.randbytes(3000), failures=1)

    def bad_no_order(self) -> Drop:
        return Drop("acme", x12_kit.interchange(control=f"{self.at:09d}"), failures=1, verdict="TA1 R")

    def bad_acknowledgement_of_nothing(self) -> Drop:
        body = ["AK1*PO*99999", "AK9*A*1*1*1"]
        group = x12_kit.group(x12_kit.transaction(body, "997"), control=str(self.at), function="FA")
        return Drop("acme", x12_kit.interchange(group, control=f"{self.at:09d}"), failures=1)

    def bad_message_of_three(self) -> Drop:
        orders = self._orders(2)
        return Drop("beta", self._edifact(orders, bad=1), tuple(orders), 1, "7")

    def bad_message_count(self) -> Drop:
        return Drop("beta", self._edifact(self._orders(1)).replace(b"UNZ+1+", b"UNZ+4+"), failures=1, verdict="4")

    def bad_message_cut_off(self) -> Drop:
        return Drop("beta", self._edifact(self._orders(2))[:200], failures=1, verdict="4")

    def bad_message_type(self) -> Drop:
        return Drop("beta", self._edifact(self._orders(1)).replace(b"ORDERS:D:96A", b"ORDERZ:D:96A"), failures=1, verdict="7")


@contextmanager
def crossdock(root: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run `crossdock up`; it is gone at the end."""
    with (root / "up.log").open("ab") as log:
        environment = {**os.environ, "CROSSDOCK_SECRET_SFTP": PASSWORD, "SFTP": PASSWORD}
        command = [CROSSDOCK, "-C", str(root), "up"]
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)
    try:
        wait_for_port(port)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


async def upload(port: int, files: list[tuple[int, Drop]]) -> None:
    """Drop files as their partners would."""
    for partner in PARTNERS:
        async with (
            asyncssh.connect("127.0.0.1", port, username=partner, password=PASSWORD, known_hosts=None) as connection,
            connection.start_sftp_client() as sftp,
        ):
            for number, drop in files:
                if drop.partner == partner:
                    async with sftp.open(f"inbound/file-{number:03d}.edi", "wb") as file:
                        await file.write(drop.data)


async def collect(port: int, partner: str) -> list[bytes]:
    """Return what waits for a partner."""
    async with (
        asyncssh.connect("127.0.0.1", port, username=partner, password=PASSWORD, known_hosts=None) as connection,
        connection.start_sftp_client() as sftp,
    ):
        found = []
        for name in sorted(str(one) for one in await sftp.listdir("outbound") if one not in (".", "..")):
            async with sftp.open(f"outbound/{name}", "rb") as file:
                found.append(await file.read())
        return found


def x12_verdicts(answers: list[bytes]) -> Counter[tuple[int, str]]:
    """Return how often each interchange or group got which verdict, as pyx12 reads it."""
    found: Counter[tuple[int, str]] = Counter()
    for answer in answers:
        reader = X12Reader(io.StringIO(answer.decode()))
        group = 0
        for segment in reader:
            if segment.get_seg_id() == "AK1":
                group = int(segment.get_value("AK102"))
            elif segment.get_seg_id() == "AK9":
                found[group, segment.get_value("AK901")] += 1
            elif segment.get_seg_id() == "TA1":
                found[int(segment.get_value("TA101")), f"TA1 {segment.get_value('TA104')}"] += 1
    return found


def edifact_verdicts(answers: list[bytes]) -> Counter[tuple[int, str]]:
    """Return how often each interchange got which verdict, as pydifact reads it."""
    found: Counter[tuple[int, str]] = Counter()
    for answer in answers:
        for segment in RawSegmentCollection.from_str(answer.decode("latin-1")).segments:
            if segment.tag == "UCI":
                found[int(segment.elements[0]), str(segment.elements[3])] += 1
    return found


@dataclass
class Tally:
    """What should have come of the whole day."""

    drops: list[Drop]

    @property
    def orders(self) -> dict[str, int]:
        return {f"{drop.partner}/{order}": 1 for drop in self.drops for order in drop.orders}

    @property
    def failures(self) -> int:
        return sum(drop.failures for drop in self.drops)

    def verdicts(self, partner: str) -> Counter[tuple[int, str]]:
        numbered = enumerate(self.drops, start=1)
        return Counter((at, drop.verdict) for at, drop in numbered if drop.partner == partner and drop.verdict)


def until(condition: Callable[[], bool], root: Path, seconds: float = 120) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, (root / "up.log").read_text()[-3000:]
        time.sleep(0.2)


def write(root: Path, port: int, sink: Ledger) -> None:
    """Write the project."""
    texts = {"config/environments/local.yaml": ENVIRONMENT.format(port=port, sink=sink.url)}
    texts |= {f"config/partners/{name}.yaml": text for name, text in PARTNERS.items()}
    texts |= {f"routes/sales/{name}-orders.route.yaml": text for name, text in ROUTES.items()}
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.mark.timeout(400)
@pytest.mark.filterwarnings("ignore::pydifact.exceptions.MissingImplementationWarning")
def test_every_file_of_a_day_is_answered_delivered_or_explained(tmp_path: Path) -> None:
    drops = list(Day().drops())
    numbered, tally, half = list(enumerate(drops, start=1)), Tally(drops), len(drops) // 2
    with ledger() as sink:
        port = free_port()
        write(tmp_path, port, sink)
        with crossdock(tmp_path, port) as process:
            asyncio.run(upload(port, numbered[:half]))
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        wait_for_silence(port)
        with crossdock(tmp_path, port):
            asyncio.run(upload(port, numbered[half:]))
            until(lambda: len(sink.effects()) >= len(tally.orders), tmp_path)
            answers = {name: x12_verdicts if name == "acme" else edifact_verdicts for name in PARTNERS}
            for name, read in answers.items():
                until(lambda name=name, read=read: read(asyncio.run(collect(port, name))) >= tally.verdicts(name), tmp_path)
                assert tally.verdicts(name) == read(asyncio.run(collect(port, name)))
            until(lambda: len(data("failed", "list", "--limit", "1000", root=tmp_path)) >= tally.failures, tmp_path)
            failed = data("failed", "list", "--limit", "1000", root=tmp_path)
            asyncio.run(upload(port, [(FILES + 1, Drop("acme", Day(at=FILES + 1).x12().data))]))
            until(lambda: len(sink.effects()) > len(tally.orders), tmp_path)
        effects = {key: times for key, times in sink.effects().items() if not key.startswith(f"acme/PO-{FILES + 1}-")}
    assert effects == tally.orders
    assert len(failed) == tally.failures
    assert [
        row["error"] for row in failed if not (row["error"]["message"] and row["error"]["code"] and row["error"].get("where"))
    ] == []
