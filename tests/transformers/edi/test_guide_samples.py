"""Samples of guides: the valid one is taken, and each bad one is refused for exactly the rule that it is named after."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossdock.core.partner import Partner
from crossdock_transformers.edi.check_digits import fault_of
from crossdock_transformers.edi.guide import Guide, opened
from crossdock_transformers.edi.guide_files import SampleFile, Samples, samples
from crossdock_transformers.edi.sample_values import like
from tests.transformers.edi import guide_kit as kit
from tests.transformers.edi.test_guide_language import BASE, PARTIES, RULES
from tests.transformers.x12 import x12_kit as x12

ROOT = Path(__file__).parents[3]
EVERYTHING = """
    partner: acme
    segments:
      BEG:
        BEG01: { codes: ["00"] }
        BEG02: { codes: { SA: stand-alone order, NE: new order } }
        BEG03: { pattern: "45[0-9]{8}", note: our order number }
        BEG04: { forbidden: true }
        BEG07: { required: true }
      CUR: { required: true, CUR02: { value: USD } }
      REF: { max: 3, by: REF01, others: forbidden, cases: { DP: { required: true, REF02: { min: 3, max: 4 } }, IA: { max: 1 } } }
      CSH: { forbidden: true }
      DTM:
        required: true
        by: DTM01
        cases: { "002": { required: true, DTM03: { forbidden: true } }, "010": { forbidden: true } }
      N1:
        by: N101
        cases:
          ST:
            required: true
            max: 1
            N104: { required: true, pattern: "[0-9]{4}", example: "0471" }
            segments:
              N2: { forbidden: true }
              N3: { required: true, max: 1 }
              N4: { required: true, N403: { pattern: "[0-9]{5}(-[0-9]{4})?" } }
              REF: { by: REF01, cases: { CR: { required: true } } }
          BT: { max: 1 }
      PO1: { max: 50, PO104: { required: true }, PO106: { codes: [VN] } }
      PO1/PID: { required: true, PID01: { value: F } }
      MEA: { MEA0401: { codes: [LB, KG] } }
"""
GUIDES = {
    "nothing": "segments: {}",
    "parties": PARTIES,
    "rules": RULES,
    "base": BASE,
    "both": PARTIES + RULES,
    "everything": EVERYTHING + RULES,
    "response": """
        set: 855
        segments: { BAK: { BAK02: { codes: [AC, AD, RD] } }, PO1/ACK: { required: true, ACK01: { codes: [IA, IR] } } }
        rules: [{ id: lines, check: int(body.CTT.CTT01) == size(body.PO1), at: CTT01, message: wrong number of lines }]
    """,
    "shipment": """
        set: 856
        segments:
          HL: { HL03: { codes: { S: shipment, O: order, P: carton, I: item } } }
        rules:
          - id: order
            check: size(body.HL[0].HL) == 1 && body.HL[0].HL[0].HL03 == "O" && has(body.HL[0].HL[0].PRF)
            message: a shipment is of one order
            at: HL
          - { id: to, check: 'body.HL[0].N1.exists(party, party.N101 == "ST")', message: it names who gets it, at: HL }
    """,
    "levels": """
        set: 856
        segments:
          HL:
            by: HL03
            cases:
              S: { required: true, max: 1, segments: { TD5: { required: true } } }
              O: { segments: { PRF: { required: true, PRF01: { pattern: "45[0-9]{8}" } } } }
              I: { segments: { SN1: { required: true } } }
    """,
    "remittance": """
        set: 820
        segments: { ENT/RMR: { RMR01: { codes: [IV] }, RMR04: { required: true } } }
        rules:
          - id: total
            check: sum(body.ENT.map(entity, default(entity.RMR, []).map(open, open.RMR04)).flatten()) == body.BPR.BPR02
            message: BPR02 must be what the invoices add up to
            at: BPR02
    """,
    "each": """
        set: 947
        segments: { W19: { W1901: { codes: ["01", "05", "06"] } } }
        rules:
          - { id: some, each: W19, check: item.W1902 != 0, message: nothing changes, at: W19/W1902, code: AK4 7 }
          - id: hold
            each: W19
            when: item.W1901 in ["05", "06"]
            check: item.W1902 > 0
            message: what is put on hold has a quantity above zero
            at: W19/W1902
    """,
    "invoice": """
        set: 810
        segments: { BIG: { BIG02: { pattern: "INV-[0-9]{4,6}" } }, REF: { by: REF01, cases: { IA: { required: true } } } }
    """,
}


def made(text: str) -> tuple[kit.Files, Guide, Samples]:
    """Return the samples of a guide."""
    surroundings = kit.files(g=text)
    guide = opened(surroundings, "g")
    return surroundings, guide, samples(guide, surroundings.partners)


def refused(surroundings: kit.Files, sample: SampleFile) -> list[tuple[str, str]]:
    """Return what the decode step refuses a sample for: code and message."""
    (part,) = x12.parts(sample.text.encode(), surroundings, guide="g")
    return [(one.code, one.message) for one in part.error.findings] if part.error else []


def samples_as_acme(sample: SampleFile) -> SampleFile:
    """Return a sample in the envelope that the kit's agreement with ACME wants."""
    lines = sample.text.replace("*T*>~", "*P*>~")
    for wrong, right in (("*ZZ*PARTNER        ", "*ZZ*ACMERETAIL     "), ("*ZZ*US             ", "*01*080192334      ")):
        lines = lines.replace(wrong, right)
    return SampleFile(sample.name, lines, sample.about, sample.place, sample.fault)


@pytest.mark.parametrize("name", GUIDES)
def test_the_valid_sample_is_taken(name: str) -> None:
    """By the decode step with the same guide."""
    surroundings, _, found = made(GUIDES[name])
    assert ([], []) == (list(found.faults), refused(surroundings, samples_as_acme(found.valid)))


@pytest.mark.parametrize("name", GUIDES)
def test_every_bad_sample_is_refused_for_its_rule_alone(name: str) -> None:
    """With one finding, at the place that the rule speaks of; every rule has its sample."""
    surroundings, guide, found = made(GUIDES[name])
    assert [] == [term.about for term in found.without]
    assert len(guide.terms) == len({one.name for one in found.bad})
    for sample in found.bad:
        assert sample.fault is not None
        (finding,) = refused(surroundings, samples_as_acme(sample))
        assert (f"{sample.fault.kind}-{sample.fault.code}", sample.fault.message) == finding


def test_samples_are_named_by_their_rules() -> None:
    """A person finds the one that a rule is about."""
    _, _, found = made(EVERYTHING + RULES)
    names = {one.name for one in found.bad}
    expected = {
        "g.bad.beg03-pattern.edi",
        "g.bad.csh-forbidden.edi",
        "g.bad.n1-st-required.edi",
        "g.bad.n1-st-n4-n403-pattern.edi",
        "g.bad.n1-st-ref-cr-required.edi",
        "g.bad.rule-line-count.edi",
        "g.bad.mea-mea0401-codes.edi",
    }
    assert expected - names <= {"g.bad.mea-mea0401-codes.edi"}


def test_samples_are_the_same_every_time() -> None:
    """The same guide, the same bytes."""
    assert made(EVERYTHING)[2].valid.text == made(EVERYTHING)[2].valid.text


def test_a_sample_that_can_not_be_valid_says_what_is_missing() -> None:
    """An example in the guide helps."""
    text = "rules: [{ id: odd, check: body.BEG.BEG03 == '77', message: the number must be 77, at: BEG03 }]\n"
    _, _, found = made(text)
    assert ["the number must be 77"] == [fault.message for fault in found.faults]
    _, _, found = made(text + "segments: { BEG: { BEG03: { example: '77' } } }\n")
    assert [] == list(found.faults)


def test_the_reference_guide_has_samples() -> None:
    """routes/sales/acme-850.guide.yaml, with the partner's envelope."""
    text = (ROOT / "routes/sales/acme-850.guide.yaml").read_text()
    surroundings = kit.Files(files={"acme-850.guide.yaml": text})
    found = samples(opened(surroundings, "acme-850"), surroundings.partners)
    assert found.valid.text.startswith("ISA*00*          *00*          *ZZ*ACMERETAIL     *01*080192334      *")
    assert ([], []) == (list(found.faults), list(found.without))


REFERENCE = sorted(ROOT.glob("routes/*/*.guide.yaml"))


@pytest.mark.parametrize("path", REFERENCE, ids=lambda path: path.name.partition(".")[0])
def test_every_guide_of_the_reference_integration_has_a_valid_sample(path: Path) -> None:
    """Trees, totals and rules of each line among them."""
    name = path.name.removesuffix(".guide.yaml")
    partners = {who: Partner(who, x12=x12.agreement()) for who in ("acme", "westdock", "northmill", "fastlane")}
    surroundings = kit.Files(partners, files={f"{name}.guide.yaml": path.read_text()})
    found = samples(opened(surroundings, name), surroundings.partners)
    assert ([], True) == ([fault.message for fault in found.faults], bool(found.bad))


def test_a_shipment_has_a_level_of_each_kind() -> None:
    """Numbered, each below the one before it, with what a level of its kind always holds."""
    _, _, found = made("set: 856\nsegments: { HL: { HL03: { codes: [I, P, T, O, S] } } }\n")
    segments = [line.rstrip("~\n") for line in found.valid.text.split("\n")]
    assert [one for one in segments if one.startswith("HL")] == [
        "HL*1**S*1",
        "HL*2*1*O*1",
        "HL*3*2*T*1",
        "HL*4*3*P*1",
        "HL*5*4*I*0",
    ]
    units = [one.split("*")[2][2:] for one in segments if one.startswith("MAN")]
    assert (len(set(units)), [fault_of(one, (18,)) for one in units]) == (2, ["", ""])
    assert [one.split("*")[0] for one in segments if one[:3] in ("N1*", "PRF", "LIN", "SN1")] == ["N1", "PRF", "LIN", "SN1"]
    assert "CTT*5" in segments


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("45[0-9]{8}", "4511111111"), ("(A|B)-\\d+", "A-1"), ("[A-Z]{2,3}x?", "AAx"), ("[^ab]", None), ("INV.", "INVA")],
)
def test_a_text_is_made_that_has_a_form(pattern: str, text: str | None) -> None:
    """Where the form is simple."""
    assert text == like(pattern)


@pytest.mark.parametrize(
    "number", ["810", "820", "830", "832", "846", "850", "852", "855", "856", "860", "861", "862", "869", "870", "997"]
)
def test_a_set_without_rules_has_a_valid_sample(number: str) -> None:
    """An empty guide is one for documents as the standard has them."""
    _, _, found = made(f"set: {number}\nsegments: {{}}")
    assert [] == list(found.faults)
