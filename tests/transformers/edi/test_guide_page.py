"""What holds with a partner, and its page: each rule with the line that it comes from."""

from __future__ import annotations

from html.parser import HTMLParser

from crossdock_transformers.edi.effective import rows
from crossdock_transformers.edi.guide import opened
from crossdock_transformers.edi.guide_page import page
from tests.transformers.edi import guide_kit as kit
from tests.transformers.edi.test_guide_language import BASE
from tests.transformers.edi.test_guide_samples import EVERYTHING, RULES

CHILD = """
    extends: base
    segments:
      BEG: { BEG02: { codes: [NE], note: new orders only } }
"""


def sources(guide: str = "child") -> dict[str, list[tuple[str, str]]]:
    """Return each rule and its source by what it is about."""
    found = rows(opened(kit.files(base=BASE, child=CHILD), guide))
    return {row.about: [(fact.word, fact.source) for fact in row.facts] for row in found}


def test_each_rule_has_its_source() -> None:
    """The base grammar, or the line of the guide that said it last."""
    found = sources()
    assert [("mandatory", "X12 004010 850"), ("codes", "child.guide.yaml:5")] == found["BEG/BEG02"]
    assert [("optional", "X12 004010 850"), ("max", "base.guide.yaml:5")] == found["REF"]
    assert "CSH" not in found


def test_everything_can_be_shown() -> None:
    """What is optional in the base grammar as well."""
    guide = opened(kit.files(base=BASE, child=CHILD), "child")
    assert {"CSH", "PO1/SCH", "PO1/N1/N4"} <= {row.about for row in rows(guide, everything=True)}


def test_cases_are_shown_by_their_qualifiers() -> None:
    """With what holds inside them."""
    found = {row.about: row for row in rows(kit.guide(EVERYTHING + RULES))}
    assert ("mandatory", 1) == (found["N1[N101 = ST]"].usage, found["N1[N101 = ST]"].most)
    assert "not used" == found["N1[N101 = ST]/N2"].usage
    assert "[0-9]{4}" == found["N1[N101 = ST]/N104"].pattern
    assert "mandatory" == found["N1[N101 = ST]/REF[REF01 = CR]"].usage
    assert "not used" == found["CSH"].usage
    assert {"SA": "stand-alone order", "NE": "new order"} == found["BEG/BEG02"].codes


def test_a_row_is_plain_data() -> None:
    """As `--json` prints it."""
    found = {row.about: row.record() for row in rows(opened(kit.files(base=BASE, child=CHILD), "child"))}
    assert found["BEG/BEG02"] == {
        "kind": "element",
        "path": "BEG/BEG02",
        "title": "purchase order type",
        "usage": "mandatory",
        "max": 1,
        "type": "ID",
        "lengths": [2, 2],
        "codes": {"NE": "a new order"},
        "note": "new orders only",
        "rules": [
            {"rule": "mandatory", "value": True, "source": "X12 004010 850"},
            {"rule": "codes", "value": {"NE": ""}, "source": "child.guide.yaml:5"},
        ],
    }


def test_the_page_says_all_of_it() -> None:
    """Envelope, segments, codes with labels, forms, notes, rules, a sample."""
    surroundings = kit.files(g=EVERYTHING + RULES)
    text = page(opened(surroundings, "g"), surroundings.partners)
    for part in (
        "# Purchase order (850, X12 004010)",
        "| ISA05, ISA06 | sender | ZZ / ACMERETAIL |",
        "| BEG02 | purchase order type | M | ID | 2 | SA (stand-alone order), NE (new order) |",
        "| BEG03 | purchase order number | M | AN | 1/22 | form 45[0-9]{8}; our order number |",
        "| CSH | sales requirements | X |  |  |",
        "| N104 in N1[N101 = ST] | identification code | M |",
        "| line-count | CTT01 must be the number of PO1 lines | CTT01 |",
        "## Sample\n\n```\nISA*00*",
    ):
        assert part in text


class Tags(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.attributes: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_endtag(self, tag: str) -> None:
        self.closed.append(tag)


def test_the_page_is_html_that_stands_alone() -> None:
    """Every tag is closed, nothing is loaded from elsewhere, and what a guide says is text."""
    surroundings = kit.files(g=EVERYTHING.replace("our order number", "<script>alert(1)</script>"))
    text = page(opened(surroundings, "g"), surroundings.partners, html=True)
    tags = Tags(text)
    assert sorted(tag for tag in tags.opened if tag != "meta") == sorted(tags.closed)
    assert {"charset", "lang"} == set(tags.attributes)
    assert "script" not in tags.opened
    assert "&lt;script&gt;" in text
