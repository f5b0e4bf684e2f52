"""What a guide says beyond its grammar: qualified segments, forms of values, rules across segments, guides on guides."""

from __future__ import annotations

import pytest

from crossdock.core.errors import Rejected
from crossdock_config import load
from tests.transformers.edi import guide_kit as kit
from tests.transformers.x12 import x12_kit as x12

PARTIES = """
    segments:
      N1:
        by: N101
        cases:
          ST:
            required: true
            max: 1
            N104: { required: true, min: 4, pattern: "[0-9]+" }
            segments: { N4: { required: true, N404: { codes: [US, CA] } } }
          BT: { max: 1, N103: { value: "92" } }
          SF: { forbidden: true }
"""
SHIP_TO = ["N1*ST*ACME DC 12*92*0012", "N3*12 INDUSTRIAL BLVD*DOCK 7", "N4*DALLAS*TX*75201*US"]


def order(*parties: str) -> list[str]:
    """Return an order with these segments in the place of its parties."""
    at = x12.ORDER.index(SHIP_TO[0])
    return [*x12.ORDER[:at], *parties, *x12.ORDER[at + 3 :]]


def test_an_order_as_agreed_passes() -> None:
    """Every case holds, and a party without a case is free."""
    assert kit.findings(PARTIES, order(*SHIP_TO, "N1*BT*ACME HQ*92*99", "N1*VN*US")) == []


@pytest.mark.parametrize(
    ("parties", "says"),
    [
        (["N1*BT*ACME HQ*92*99"], "segment 9 (N1): AK304-3 the mandatory loop N1 (party) with N101 = ST is missing"),
        (
            [*SHIP_TO, *SHIP_TO],
            "segment 7 (N1): AK304-4 the loop N1 (party) with N101 = ST may occur once at most here",
        ),
        (
            ["N1*ST*ACME DC 12", *SHIP_TO[1:]],
            "segment 4 (N1), element 4 (N104): AK403-1 N104 (identification code) is mandatory with N101 = ST and is empty",
        ),
        (
            ["N1*ST*ACME DC 12*92*12", *SHIP_TO[1:]],
            "segment 4 (N1), element 4 (N104): AK403-4 N104 (identification code) is too short: '12' has 2 characters, "
            "at least 4 are needed",
        ),
        (
            ["N1*ST*ACME DC 12*92*DC12", *SHIP_TO[1:]],
            "segment 4 (N1), element 4 (N104): AK403-7 N104 (identification code) is 'DC12', which does not have the form "
            "that is agreed: [0-9]+",
        ),
        (SHIP_TO[:2], "segment 4 (N4): AK304-3 the mandatory segment N4 (place) is missing"),
        (
            [*SHIP_TO[:2], "N4*PARIS**75001*FR"],
            "segment 6 (N4), element 4 (N404): AK403-7 N404 (country code) is 'FR', which is not one of US, CA",
        ),
        (
            [*SHIP_TO, "N1*BT*ACME HQ*91*99"],
            "segment 7 (N1), element 3 (N103): AK403-7 N103 (identification code qualifier) is '91', which is not 92",
        ),
        (
            [*SHIP_TO, "N1*SF*PLANT"],
            "segment 7 (N1): AK304-2 the loop N1 (party) with N101 = SF is not used with this partner here (its guide "
            "forbids it)",
        ),
    ],
)
def test_a_qualified_rule_is_broken_at_its_place(parties: list[str], says: str) -> None:
    """Each by the segment with that qualifier alone."""
    assert [says] == kit.findings(PARTIES, order(*parties))


def test_other_qualifiers_may_be_forbidden() -> None:
    """Then the element's codes are the cases, for maps as well."""
    text = 'segments: { REF: { by: REF01, others: forbidden, cases: { DP: { REF02: { pattern: "[0-9]{3}" } }, IA: {} } } }'
    assert kit.findings(text) == []
    assert kit.findings(text, x12.replaced("REF*DP*471", "REF*ZZ*471")) == [
        "segment 3 (REF), element 1 (REF01): AK403-7 REF01 (reference qualifier) is 'ZZ', which is not one of DP, IA"
    ]
    assert kit.findings(text, x12.replaced("REF*DP*471", "REF*DP*47A")) == [
        "segment 3 (REF), element 2 (REF02): AK403-7 REF02 (reference) is '47A', which does not have the form "
        "that is agreed: [0-9]{3}"
    ]


def test_qualifiers_inside_a_loop_are_counted_in_each_of_its_occurrences() -> None:
    """Each order line needs its own."""
    text = "segments: { PO1/REF: { by: REF01, cases: { CT: { required: true } } } }"
    lines = ["PO1*1*12*EA*9.95**VN*A", "REF*CT*1", "PO1*2*6*EA*1.00**VN*B"]
    assert kit.findings(text, [*x12.ORDER[:5], *lines, "CTT*2"]) == [
        "segment 9 (REF): AK304-3 the mandatory segment REF (reference) with REF01 = CT is missing"
    ]


def test_cases_nest() -> None:
    """A reference of a ship-to, by its own qualifier."""
    text = """
        segments:
          N1:
            by: N101
            cases:
              ST: { segments: { REF: { by: REF01, others: forbidden, cases: { DP: { required: true } } } } }
    """
    assert kit.findings(text, order(*SHIP_TO, "REF*DP*1")) == []
    assert kit.findings(text, order(*SHIP_TO, "REF*IA*1")) == [
        "segment 4 (REF): AK304-3 the mandatory segment REF (reference) with REF01 = DP is missing",
        "segment 7 (REF), element 1 (REF01): AK403-7 REF01 (reference qualifier) is 'IA', which is not one of DP",
    ]


RULES = """
    rules:
      - id: line-count
        check: body.CTT.CTT01 == size(body.PO1)
        message: CTT01 must be the number of PO1 lines
        at: CTT01
        code: AK4 7
      - id: price
        each: PO1
        when: has(item.PO104)
        check: item.PO104 > 0
        message: an order line needs a price above zero
        at: PO104
      - id: dates
        when: has(body.DTM)
        check: body.DTM.all(date, date.DTM02 >= body.BEG.BEG05)
        message: no date may be before the order's own
"""


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (x12.ORDER, []),
        (
            x12.replaced("CTT*2", "CTT*3"),
            ["segment 10 (CTT), element 1 (CTT01): AK403-7 CTT01 must be the number of PO1 lines"],
        ),
        (
            x12.replaced("CTT*2", ""),
            ["segment 10 (CTT), element 1 (CTT01): AK403-7 CTT01 must be the number of PO1 lines (body.CTT is absent)"],
        ),
        (
            x12.replaced("PO1*2*6.5*CA*1.00**VN*SKU-0002", "PO1*2*6.5*CA*0**VN*SKU-0002"),
            ["segment 9 (PO1), element 4 (PO104): AK403-7 an order line needs a price above zero"],
        ),
        (
            [*x12.ORDER[:2], "DTM*002*20261001", *x12.ORDER[2:]],
            ["segment 12 (SE): AK502-5 no date may be before the order's own"],
        ),
    ],
)
def test_rules_across_segments(body: list[str], says: list[str]) -> None:
    """In the words of the guide, at the place that it names, once for each occurrence."""
    assert says == kit.findings(RULES, body)


def test_rules_are_in_the_acknowledgment() -> None:
    """With the code that the guide says."""
    stream = x12.decoded(x12.file(x12.replaced("CTT*2", "CTT*3")), kit.files(g=RULES), guide="g")
    (delivery,) = stream.finish().deliveries
    segments = delivery.body.render(1).decode().split("~")
    assert ["AK3*CTT*10**8", "AK4*1*354*7*3", "AK5*R*5"] == segments[5:8]


def test_rules_say_nothing_of_a_document_that_could_not_be_read() -> None:
    """The count of lines is not blamed for a line that is no line."""
    body = x12.replaced("PO1*1*12*EA*9.95**UP*012345678905*VN*SKU-0001", "PO1*1*MANY*EA*9.95")
    assert ["AK403-6"] == [one.split(": ")[1].split()[0] for one in kit.findings(RULES, body)]


def test_what_is_written_is_checked_as_well() -> None:
    """A fault names its path in the body."""
    body = {
        "BEG": {"BEG01": "00", "BEG02": "SA", "BEG03": "1", "BEG05": "2026-10-15"},
        "N1": [{"N101": "ST", "N102": "A", "N104": "1234", "N103": "92"}],
        "PO1": [{"PO101": "1", "PO102": 1, "PO103": "EA", "PO104": 0}],
        "CTT": {"CTT01": 2},
    }
    with pytest.raises(Rejected) as caught:
        x12.encoder(kit.files(g=PARTIES + RULES), guide="g").apply(x12.message(body))
    assert [(one.where, one.code) for one in caught.value.findings] == [
        ("/N1/0", "AK304-3"),
        ("/CTT/CTT01", "AK403-7"),
        ("/PO1/0/PO104", "AK403-7"),
    ]


BASE = """
    segments:
      BEG: { BEG02: { codes: { SA: a single order, NE: a new order } } }
      REF: { max: 3 }
    rules:
      - { id: line-count, check: body.CTT.CTT01 == size(body.PO1), at: CTT01, message: wrong count }
      - { id: lines, check: size(body.PO1) <= 10, message: ten lines at most }
"""


def test_a_guide_extends_another() -> None:
    """Both hold; a rule of the same id takes the place of the other."""
    child = """
        extends: base
        segments: { BEG: { BEG02: { codes: [NE] } } }
        rules: [{ id: lines, check: size(body.PO1) <= 1, message: one line at most }]
    """
    surroundings = kit.files(base=BASE, child=child)
    (part,) = x12.parts(x12.file(x12.replaced("CTT*2", "CTT*3")), surroundings, guide="child")
    assert part.error is not None
    assert ["AK403-7", "AK403-7", "AK502-5"] == [one.code for one in part.error.findings]
    assert "which is not NE" in part.error.findings[0].message
    assert "one line at most" == part.error.findings[2].message


def test_a_guide_may_not_widen_the_one_that_it_extends() -> None:
    """It is refused where it says so."""
    child = "extends: base\nsegments:\n  BEG: { BEG02: { codes: [RL] } }\n  REF: { max: 4 }\n"
    assert kit.refusals(kit.files(base=BASE, child=child), "child") == [
        "child.guide.yaml:5:27: 'RL' is no code of BEG02 (purchase order type); there is NE, SA",
        "child.guide.yaml:6:15: REF may occur 3 times at most; a guide only narrows",
    ]


@pytest.mark.parametrize(
    ("guides", "says"),
    [
        ({"a": "extends: b", "b": "extends: a"}, "b.guide.yaml:3:10: guides go in a circle: a extends b extends a"),
        ({"a": "extends: c"}, "a.guide.yaml:3:10: there is no guide 'c'"),
        (
            {"a": "extends: b\nset: 855", "b": "set: 850"},
            "a.guide.yaml:4:6: this guide is for set 855, b that it extends for 850",
        ),
        ({"a": "extends: b\n", "b": "extends: ''"}, "a.guide.yaml:1:8: say which set this guide narrows: `set: 850`"),
    ],
)
def test_a_chain_that_does_not_hold_is_refused(guides: dict[str, str], says: str) -> None:
    """Circles, missing links, and two sets."""
    assert [says] == kit.refusals(kit.files(**guides), "a")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("segments: { BEK: {} }", ["3:13: there is no segment 'BEK' in a 850; did you mean 'BEG'?"]),
        ("segments: { N1: { by: N111, cases: { ST: {} } } }", ["3:23: 'N111' is no element of N1; did you mean 'N101'?"]),
        (
            "segments: { N1: { by: N101 } }",
            ["3:19: `by` needs `cases`: by which element, and what holds for each value"],
        ),
        (
            "segments: { N1: { cases: { ST: {} } } }",
            ["3:19: `cases` needs `by`: by which element, and what holds for each value"],
        ),
        (
            "segments: { N1: { by: N101, cases: { ST: { N144: { required: true } } } } }",
            ["3:44: 'N144' is no element of N1; did you mean 'N104'?"],
        ),
        (
            "segments: { N1: { by: N101, cases: { ST: { segments: { N5: { required: true } } } } } }",
            ["3:56: there is no segment 'N5' in the loop N1"],
        ),
        (
            "segments: { N1: { by: N101, cases: { SHIPTO: {} } } }",
            ["3:46: 'SHIPTO' does not fit N101: its length is 2 to 3"],
        ),
        ("segments: { BEG: { BEG03: { pattern: '[0-9' } } }", ["3:38: this pattern is not valid: missing ]: [0-9"]),
        ("segments: { PO1: { PO102: { pattern: '[0-9]' } } }", ["3:38: PO102 is no text; narrow it by a rule in `rules:`"]),
        (
            "segments: { BEG: { BEG07: { required: true, forbidden: true } } }",
            ["3:56: BEG07 can't be both required and forbidden"],
        ),
        ("segments: { BEG: { forbidden: true } }", ["3:31: BEG is mandatory in the base grammar and can't be forbidden"]),
        (
            "segments: { BEG: { BEG02: { codes: [SA], value: SA } } }",
            ["3:29: BEG02 has both `value` and `codes`; write one of them"],
        ),
        (
            "segments: { MEA: { MEA04: { codes: [IN] } } }",
            ["3:29: MEA04 is made of components; say `codes` of one of MEA0401, "],
        ),
        (
            "segments: { N1/N4: {}, PO1/N1: {}, PO1: {}, N1: {} , 'N1/N4 ': {} }",
            ["3:54: there is no segment 'N1/N4 ' in a 850; did"],
        ),
        ("rules: [{ id: a, check: size(body.PO9) > 1, message: m }]", ["3:35: "]),
        ("rules: [{ id: a, check: size(body.PO1), message: m }]", ["3:25: `check` must be true or false, this is integer"]),
        (
            "rules: [{ id: a, check: 'true', message: m, at: CTT09 }]",
            ["3:49: 'CTT09' is no element of CTT; did you mean 'CTT07'?"],
        ),
        ("rules: [{ id: a, check: 'true', message: m, at: ZZZ }]", ["3:49: there is no segment 'ZZZ' in a 850"]),
        (
            "rules: [{ id: a, check: 'true', message: m, at: N401 }]",
            ["3:49: 'N4' occurs in several places; write one of N1/N4, "],
        ),
        (
            "rules: [{ id: a, check: 'true', message: m, each: PO11 }]",
            ["3:51: there is no segment 'PO11' in a 850; did you mean 'PO1'?"],
        ),
        (
            "rules: [{ id: a, check: 'true', message: m, code: AK9 7 }]",
            ["3:51: 'AK9 7' is no code of an acknowledgment; write it as one of AK4 7"],
        ),
        ("rules: [{ id: a, check: 'true', message: m, code: AK4 7 }]", ["3:51: AK4 7 reports an element: say which in `at`"]),
        (
            "rules: [{ id: a, check: 'true', message: m }, { id: a, check: 'true', message: m }]",
            ["3:53: there are two rules 'a' in this guide"],
        ),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_place(text: str, says: list[str]) -> None:
    """File, line, column, and the nearest word."""
    found = kit.refusals(kit.files(g=text))
    assert len(says) == len(found), found
    for said, one in zip(says, found, strict=True):
        assert one.startswith(f"g.guide.yaml:{said}"), one


def test_a_value_is_told_once() -> None:
    """A value that is no code has no wrong form besides, and an empty pair no broken note."""
    text = "segments: { PO1: { PO106: { codes: [VN, UP], pattern: '[VU].', required: true }, PO107: { required: true } } }"
    line = "PO1*2*6.5*CA*1.00**VN*SKU-0002"
    assert len(kit.findings(text, x12.replaced(line, line.replace("VN", "XX")))) == 1
    assert len(kit.findings(text, x12.replaced(line, line.replace("*SKU-0002", "")))) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("segments: { BEG: { requird: true } }", "3:29: 'requird' is no word of a guide here; did you mean 'required'?"),
        ("segments: { BEG: { BEG02: { code: [SA] } } }", "3:35: 'code' is no word of a guide here; did you mean 'codes'?"),
        (
            "segments: { N1: { by: N101, cases: { ST: { segmants: {} } } } }",
            "3:44: 'segmants' is no word of a guide here; did you mean 'segments'?",
        ),
        ("segments: { BEG: { max: many } }", "3:25: 'max' of this guide takes a whole number, not 'many'"),
        ("segments: { BEG: { BEG02: [SA] } }", "3:27: 'BEG02' of this guide takes a mapping, not a list"),
        ("rules: [{ id: a, check: x, mesage: m }]", "3:28: unknown option 'mesage' for `rules` of this guide; did you mean"),
    ],
)
def test_a_misspelt_word_is_answered_with_the_nearest(text: str, says: str) -> None:
    """By `crossdock check`, for a guide that no route uses."""
    found = [str(one) for one in load({"routes/a/g.guide.yaml": f"guide: g\nset: 850\n{text}\n"}).problems]
    (told,) = [one for one in found if one.startswith("routes/a/")]
    assert says in told
