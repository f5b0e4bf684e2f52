"""A trading-partner simulator of others' making (PyPI: mock-edi) trades a whole order-to-cash with us: both dialects, both roles.

Our side is real: journal, routes, maps, codecs, acknowledgements, chain. The simulator judges every document that we send by its
own dictionary, and we judge every one of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from mockedi.testing import Mock

import crossdock_transformers
from crossdock.core.exchange import Asked
from crossdock.core.journal import Query
from crossdock.core.message import Receipt
from tests.patterns.runtime_kit import Works

GRAMMARS = Path(crossdock_transformers.__file__).parent
ENVIRONMENT = """
environment: local
endpoints:
  erp: { http: { url: "http://127.0.0.1:9/erp" } }
"""
X12 = """
partner: mock
x12:
  theirs: {{ qualifier: ZZ, id: MOCKEDI }}
  ours: {{ qualifier: ZZ, id: {us} }}
  usage: T
  ack_window: 1h
channels: {{ sftp_server: {{ user: mock, password: "${{secret:MOCK_PASSWORD}}" }} }}
"""
EDIFACT = """
partner: mock
edifact:
  theirs: {{ qualifier: ZZ, id: MOCKEDI }}
  ours: {{ qualifier: "14", id: {us} }}
  usage: T
  acknowledge: full
  ack_window: 1h
channels: {{ sftp_server: {{ user: mock, password: "${{secret:MOCK_PASSWORD}}" }} }}
"""
HEAD = "owner: a@example.com\ndomain: sales\n"
OUT = HEAD + "from: { webhook: { path: /out, auth: none } }\nsteps:\n  - decode: json\n"


ANSWERING = """
  - choice:
      - when: body.set in ["850", "ORDERS"]
        steps:
          - multicast:
"""


def receiving(dialect: str, then: str) -> str:
    """A route that takes what the simulator sends."""
    source = "from: { sftp_server: { partner: mock, directory: inbound } }\n"
    unit = "messages" if dialect == "edifact" else "transactions"
    return f"route: inbound\n{HEAD}{source}steps:\n  - decode: {dialect}\n  - split: {unit}\n{then}"


def answering(dialect: str, *documents: str) -> str:
    """The end of that route where we are the seller: each document that follows an order is made and sent."""
    steps = "{{ map: to-{name} }}, {{ encode: {{ {dialect}: {{ set: '{one}' }} }} }}, {{ to: [{{ partner: sender }}] }}"
    branches = (steps.format(name=one.lower(), dialect=dialect, one=one) for one in documents)
    return ANSWERING.lstrip("\n") + "".join(f"              - steps: [{branch}]\n" for branch in branches)


MAPS = {
    "to-855": """
target: x12 855
fields:
  BAK: { BAK01: '"00"', BAK02: '"AD"', BAK03: body.BEG.BEG03, BAK04: body.BEG.BEG05 }
  PO1:
    for_each: body.PO1
    fields:
      PO101: item.PO101
      PO102: item.PO102
      PO103: item.PO103
      PO104: item.PO104
      PO106: item.PO106
      PO107: item.PO107
      ACK:
        - ACK01: '"IA"'
          ACK02: item.PO102
          ACK03: item.PO103
  CTT: { CTT01: size(body.PO1) }
""",
    "to-856": """
target: x12 856
fields:
  BSN: { BSN01: '"00"', BSN02: '"SH" + body.BEG.BEG03', BSN03: '"2026-11-24"', BSN04: '"10:00"' }
  HL:
    - HL03: '"S"'
      TD5:
        - TD501: '"B"'
          TD502: '"2"'
          TD503: '"UPSN"'
      REF:
        - REF01: '"CN"'
          REF02: '"1Z999AA10123456784"'
      DTM:
        - DTM01: '"011"'
          DTM02: '"2026-11-24"'
      HL:
        - HL03: '"O"'
          PRF: { PRF01: body.BEG.BEG03 }
          HL:
            for_each: body.PO1
            fields:
              HL03: '"I"'
              LIN: { LIN01: item.PO101, LIN02: item.PO106, LIN03: item.PO107 }
              SN1: { SN102: item.PO102, SN103: item.PO103 }
  CTT: { CTT01: 2 + size(body.PO1) }
""",
    "to-810": """
target: x12 810
fields:
  BIG: { BIG01: '"2026-11-25"', BIG02: '"INV" + body.BEG.BEG03', BIG03: body.BEG.BEG05, BIG04: body.BEG.BEG03 }
  IT1:
    for_each: body.PO1
    fields:
      IT101: item.PO101
      IT102: item.PO102
      IT103: item.PO103
      IT104: item.PO104
      IT106: item.PO106
      IT107: item.PO107
  TDS: { TDS01: "sum(body.PO1.map(line, line.PO102 * line.PO104))" }
  CTT: { CTT01: size(body.PO1) }
""",
    "to-ordrsp": """
target: edifact ORDRSP
fields:
  BGM: { BGM01: { BGM0101: '"231"' }, BGM02: '"R" + body.BGM.BGM02', BGM03: '"9"' }
  DTM:
    - DTM01: { DTM0101: '"137"', DTM0102: '"2026-11-23"', DTM0103: '"102"' }
  RFF:
    - RFF01: { RFF0101: '"ON"', RFF0102: body.BGM.BGM02 }
  NAD:
    for_each: body.NAD
    fields:
      NAD01: item.NAD01
      NAD02: { NAD0201: item.NAD02.NAD0201, NAD0203: '"92"' }
  LIN:
    for_each: body.LIN
    fields:
      LIN01: item.LIN01
      LIN02: '"5"'
      LIN03: { LIN0301: item.LIN03.LIN0301, LIN0302: item.LIN03.LIN0302 }
      QTY:
        - QTY01: { QTY0101: '"21"', QTY0102: "item.QTY[0].QTY01.QTY0102", QTY0103: "item.QTY[0].QTY01.QTY0103" }
      PRI:
        - PRI01: { PRI0101: '"AAA"', PRI0102: "item.PRI[0].PRI01.PRI0102" }
  UNS: { UNS01: '"S"' }
""",
    "to-desadv": """
target: edifact DESADV
fields:
  BGM: { BGM01: { BGM0101: '"351"' }, BGM02: '"D" + body.BGM.BGM02', BGM03: '"9"' }
  DTM:
    - DTM01: { DTM0101: '"137"', DTM0102: '"2026-11-24"', DTM0103: '"102"' }
    - DTM01: { DTM0101: '"11"', DTM0102: '"2026-11-24"', DTM0103: '"102"' }
  RFF:
    - RFF01: { RFF0101: '"ON"', RFF0102: body.BGM.BGM02 }
  NAD:
    for_each: body.NAD
    fields:
      NAD01: item.NAD01
      NAD02: { NAD0201: item.NAD02.NAD0201, NAD0203: '"92"' }
  CPS:
    - CPS01: '"1"'
      LIN:
        for_each: body.LIN
        fields:
          LIN01: item.LIN01
          LIN03: { LIN0301: item.LIN03.LIN0301, LIN0302: item.LIN03.LIN0302 }
          QTY:
            - QTY01: { QTY0101: '"12"', QTY0102: "item.QTY[0].QTY01.QTY0102", QTY0103: "item.QTY[0].QTY01.QTY0103" }
""",
    "to-invoic": """
target: edifact INVOIC
let: { total: "sum(body.LIN.map(line, line.QTY[0].QTY01.QTY0102 * line.PRI[0].PRI01.PRI0102))" }
fields:
  BGM: { BGM01: { BGM0101: '"380"' }, BGM02: '"I" + body.BGM.BGM02', BGM03: '"9"' }
  DTM:
    - DTM01: { DTM0101: '"137"', DTM0102: '"2026-11-25"', DTM0103: '"102"' }
  RFF:
    - RFF01: { RFF0101: '"ON"', RFF0102: body.BGM.BGM02 }
  NAD:
    for_each: body.NAD
    fields:
      NAD01: item.NAD01
      NAD02: { NAD0201: item.NAD02.NAD0201, NAD0203: '"92"' }
  CUX:
    - CUX01: { CUX0101: '"2"', CUX0102: '"USD"', CUX0103: '"4"' }
  LIN:
    for_each: body.LIN
    fields:
      LIN01: item.LIN01
      LIN03: { LIN0301: item.LIN03.LIN0301, LIN0302: item.LIN03.LIN0302 }
      QTY:
        - QTY01: { QTY0101: '"47"', QTY0102: "item.QTY[0].QTY01.QTY0102", QTY0103: "item.QTY[0].QTY01.QTY0103" }
      MOA:
        - MOA01: { MOA0101: '"203"', MOA0102: "item.QTY[0].QTY01.QTY0102 * item.PRI[0].PRI01.PRI0102" }
      PRI:
        - PRI01: { PRI0101: '"AAA"', PRI0102: "item.PRI[0].PRI01.PRI0102" }
  UNS: { UNS01: '"S"' }
  MOA:
    - MOA01: { MOA0101: '"139"', MOA0102: total }
    - MOA01: { MOA0101: '"79"', MOA0102: total }
""",
}
ORDER_850 = {
    "BEG": {"BEG01": "00", "BEG02": "SA", "BEG03": "PO-77", "BEG05": "2026-11-23"},
    "N1": [{"N101": "ST", "N102": "ACME DC 12", "N103": "92", "N104": "DC12"}],
    "PO1": [
        {"PO101": "1", "PO102": 10, "PO103": "EA", "PO104": 12.5, "PO106": "VP", "PO107": "WIDGET-001"},
        {"PO101": "2", "PO102": 3, "PO103": "EA", "PO104": 8, "PO106": "VP", "PO107": "GASKET-A"},
    ],
    "CTT": {"CTT01": 2},
}
ORDERS = {
    "BGM": {"BGM01": {"BGM0101": "220"}, "BGM02": "PO-88", "BGM03": "9"},
    "DTM": [{"DTM01": {"DTM0101": "137", "DTM0102": "2026-11-23", "DTM0103": "102"}}],
    "NAD": [{"NAD01": "BY", "NAD02": {"NAD0201": "EURODIS", "NAD0203": "92"}}],
    "LIN": [
        {
            "LIN01": 1,
            "LIN03": {"LIN0301": "WIDGET-001", "LIN0302": "VP"},
            "QTY": [{"QTY01": {"QTY0101": "21", "QTY0102": 10, "QTY0103": "PCE"}}],
            "PRI": [{"PRI01": {"PRI0101": "AAA", "PRI0102": 12.5}}],
        }
    ],
    "UNS": {"UNS01": "S"},
}


@dataclass
class Trade:
    """We and the simulator; `sent` is what we sent it, `got` what it sent us, in order."""

    works: Works
    mock: Mock
    as_partner: str
    sent: list[str] = field(default_factory=list)
    got: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Carry documents to and fro until neither has anything more to say."""
        while True:
            self.works.run()
            out = [body.decode("latin-1") for _, body in self.works.endpoint.calls[len(self.sent) :]]
            for text in out:
                self.sent.append(text)
                assert [one for one in self.mock.findings(text) if not one.endswith(": accepted")] == [], text
                self.mock.send(text)
            self.mock.advance(everything=True)
            self.mock.settle()
            found = [document for document in self._collected() if document]
            for text in found:
                self.got.append(text)
                self.works.journal.accept([Receipt("inbound", text.encode(), "test", partner="mock")], self.works.release.id)
            if not out and not found:
                return

    def _collected(self) -> list[str]:
        """Collect the simulator's mailbox for us: one interchange a document."""
        body = self.mock.get(f"/_mock/mailbox?partner={self.as_partner}").body
        rows = body if isinstance(body, list) else body.get("documents", body.get("messages", []))
        return [row.get("payload") or row.get("raw") or "" for row in rows]

    def states(self) -> dict[str, int]:
        rows = self.works.opened.exchanges.search(Asked(limit=100))
        found: dict[str, int] = {}
        for row in rows:
            found[row["state"]] = found.get(row["state"], 0) + 1
        return found

    def stages(self, order: str) -> set[str]:
        return {link.stage for link in self.works.opened.desk.chain(order)}

    def failed(self) -> list[Any]:
        return [row["error"] for row in self.works.opened.desk.failed(Query())]


@pytest.fixture
def mock() -> Iterator[Mock]:
    with Mock.start() as started:
        yield started


def as_the_simulator_writes() -> dict[str, str]:
    """Grammars of this project for two sets that the simulator writes in an order of its own.

    X12 004010 has PID and REF of an 855's line before its ACK, the simulator writes them after; UN/EDIFACT D.96A has the INVOIC's
    CNT before the MOAs of its summary, the simulator writes it after them.
    """
    ack = "- ACK O 104: [DTM O 1]"
    after = f"{ack}\n      - PID O 1000 as PID2\n      - REF O >1 as REF2"
    order_answer = (GRAMMARS / "x12/grammars/004010/855.yaml").read_text()
    invoice = (GRAMMARS / "edifact/grammars/D96A/INVOIC.yaml").read_text().replace("  - CNT C 10\n", "")
    return {
        "config/grammars/x12/004010/855.yaml": order_answer.replace(ack, after, 1),
        "config/grammars/edifact/D96A/INVOIC.yaml": invoice.replace("  - UNT M 1", "  - CNT C 10\n  - UNT M 1"),
    }


def trade(tmp_path: Any, mock: Mock, partner: str, us: str, routes: dict[str, str], maps: tuple[str, ...] = ()) -> Trade:
    texts = {
        **as_the_simulator_writes(),
        "config/environments/local.yaml": ENVIRONMENT,
        "config/partners/mock.yaml": partner.format(us=us),
        **{f"routes/sales/{name}.route.yaml": text for name, text in routes.items()},
        **{f"routes/sales/{name}.map.yaml": f"map: {name}{MAPS[name]}" for name in maps},
    }
    return Trade(Works(f"sqlite:///{tmp_path}/journal.db", texts), mock, us)


def buying(dialect: str, document: str) -> dict[str, str]:
    """Routes of a buyer: orders go out, all that follows comes in."""
    out = f'route: orders\n{OUT}  - encode: {{ {dialect}: {{ set: "{document}", partner: mock }} }}\nto:\n  - partner: mock\n'
    return {"orders": out, "inbound": receiving(dialect, "to:\n  - event: document.received\n")}


@pytest.mark.parametrize(
    ("dialect", "partner", "us", "document", "body", "order"),
    [("x12", X12, "ACME", "850", ORDER_850, "PO-77"), ("edifact", EDIFACT, "EURODIS", "ORDERS", ORDERS, "PO-88")],
)
def test_we_buy(tmp_path, mock, dialect, partner, us, document, body, order):
    """The simulator acknowledges our order, answers it, ships it and bills it; every one of its documents joins the chain."""
    ours = trade(tmp_path, mock, partner, us, buying(dialect, document))
    ours.works.accept(body, route="orders")
    ours.run()
    assert ours.failed() == []
    assert ours.stages(order) == {"ordered", "acknowledged", "shipped", "invoiced"}
    assert mock.unacknowledged() == []
    assert "waiting" not in ours.states()
    ours.works.close()


@pytest.mark.parametrize(
    ("dialect", "partner", "us", "documents"),
    [("x12", X12, "NORTHWIND", ("855", "856", "810")), ("edifact", EDIFACT, "HANSA", ("ORDRSP", "DESADV", "INVOIC"))],
)
def test_we_sell(tmp_path, mock, dialect, partner, us, documents):
    """The simulator orders; what we answer, ship and bill agrees with its order in its own eyes."""
    if us == "HANSA":
        supplier = {"id": us, "qualifier": "14", "dialect": "EDIFACT", "version": "D:96A:UN", "role": "supplier", "name": us}
        mock.post("/_mock/partners", supplier)
    routes = {"inbound": receiving(dialect, answering(dialect, *documents))}
    ours = trade(tmp_path, mock, partner, us, routes, tuple(f"to-{one.lower()}" for one in documents))
    lines = [{"sku": "WIDGET-001", "quantity": 10, "price": "12.50"}, {"sku": "GASKET-A", "quantity": 3, "price": "8.00"}]
    order = mock.post("/_mock/purchase", {"partner": us, "lines": lines}).body["po_number"]
    ours.run()
    assert ours.failed() == []
    assert ours.stages(order) == {"ordered", "acknowledged", "shipped", "invoiced"}
    assert mock.get(f"/_mock/disagreements?partner={us}").body in ([], {"disagreements": []})
    assert "waiting" not in ours.states()
    ours.works.close()
