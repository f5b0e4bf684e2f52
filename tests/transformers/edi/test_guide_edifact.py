"""Guides of EDIFACT messages: components, qualifiers, rules, CONTRL codes, samples and pages."""

from __future__ import annotations

from crossdock.core.partner import Partner
from crossdock_transformers.edi.guide import Guide, opened
from crossdock_transformers.edi.guide_files import samples
from crossdock_transformers.edi.guide_page import page
from tests.transformers.edi import guide_kit as kit
from tests.transformers.edifact import edifact_kit as edifact

GUIDE = """
guide: g
partner: beta
set: ORDERS
version: D96A
segments:
  BGM: { BGM0101: { codes: ["220", "224"] }, BGM02: { pattern: "45[0-9]{8}" }, BGM03: { value: "9" } }
  DTM:
    by: DTM0101
    others: forbidden
    cases: { "137": { required: true, max: 1 }, "2": { DTM0103: { value: "102" } } }
  NAD:
    by: NAD01
    cases:
      BY: { required: true, max: 1, NAD0201: { required: true, pattern: "[0-9]{13}" } }
      DP: { required: true, segments: { RFF: { forbidden: true } } }
  LIN: { LIN0301: { required: true } }
  FTX: { forbidden: true }
rules:
  - id: lines
    when: has(body.CNT)
    check: body.CNT.all(total, total.CNT01.CNT0101 != "2" || int(total.CNT01.CNT0102) == size(body.LIN))
    message: the control total must be the number of lines
    at: CNT/CNT0102
    code: UCD 12
"""
DELIVERY = "NAD+DP+5412345000020::9"


def surroundings(text: str = GUIDE) -> kit.Files:
    """Return a project with the guide, and BETA as its partner."""
    return kit.Files(files={"g.guide.yaml": text}, partners={"beta": Partner("beta", edifact=edifact.agreement())})


def guide() -> tuple[kit.Files, Guide]:
    """Return the guide, applied."""
    files = surroundings()
    return files, opened(files, "g")


def findings(data: bytes) -> list[tuple[str, str]]:
    """Return what the decode step refuses: code and message."""
    (part,) = edifact.parts(data, surroundings(), guide="g")
    return [(one.code, one.message) for one in part.error.findings] if part.error else []


def test_an_order_as_agreed_passes() -> None:
    """With its delivery party."""
    assert findings(edifact.file([*edifact.ORDER[:3], DELIVERY, *edifact.ORDER[3:]])) == []


def test_what_is_not_agreed_is_told_with_the_codes_of_a_contrl() -> None:
    """A missing party, and a total that is wrong."""
    assert findings(edifact.file(edifact.replaced("CNT+2:2", "CNT+2:3"))) == [
        ("UCS-13", "the mandatory loop NAD (name and address) with NAD01 = DP is missing"),
        ("UCD-12", "the control total must be the number of lines"),
    ]


def test_the_samples_are_taken_and_refused_by_the_codec() -> None:
    """The valid one is taken, each bad one has one finding: its own."""
    files, opened_ = guide()
    made = samples(opened_, files.partners)
    assert ([], []) == (list(made.faults), findings(made.valid.text.encode()))
    assert [] == [term.about for term in made.without]
    assert len(opened_.terms) == len(made.bad)
    for sample in made.bad:
        assert sample.fault is not None
        assert [(f"{sample.fault.kind}-{sample.fault.code}", sample.fault.message)] == findings(sample.text.encode())


def test_the_page_has_the_envelope() -> None:
    """UNB and UNH as agreed, and a sample."""
    files, opened_ = guide()
    text = page(opened_, files.partners)
    for part in (
        "# Purchase order (ORDERS, EDIFACT D96A)",
        "| UNB S002 | sender | 5412345000013:14 |",
        "| UNH S009 | message type | ORDERS:D:96A:UN:EAN008 |",
        "| LIN0301 | item number | M |",
        "UNH+1+ORDERS:D:96A:UN:EAN008'",
    ):
        assert part in text


def test_a_guide_without_a_version_is_refused() -> None:
    """EDIFACT has no version that nearly everybody means."""
    found = kit.refusals(surroundings(GUIDE.replace("version: D96A\n", "")))
    assert found == ["g.guide.yaml:4:6: say which version: `version: D96A`"]


def test_a_set_of_ones_own() -> None:
    """A message of the project's, and what is wrong with one."""
    text = "set: ZORDER\ntitle: Own order\ngroup: ZORDER\nkeys: {}\nsegments: [UNH M 1, BGM M 1, UNT M 1]\n"
    own = {"config/grammars/edifact/D96A/ZORDER.yaml": text}
    small = "guide: g\nset: ZORDER\nversion: D96A\nsegments: { BGM: { BGM02: { required: true } } }\n"
    assert kit.refusals(kit.Files(files={**own, "g.guide.yaml": small})) == []
    own = {"config/grammars/edifact/D96A/ZORDER.yaml": text.replace("BGM M", "BGX M")}
    (fault,) = kit.refusals(kit.Files(files={**own, "g.guide.yaml": small}))
    assert fault.startswith("config/grammars/edifact/D96A/ZORDER.yaml:5:21: there is no segment, composite or element 'BGX'")
