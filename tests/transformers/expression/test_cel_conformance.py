"""CEL's own conformance cases: what passes, what does not and why, and the table that the docs show of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from crossdock_transformers.expression.functions import FUNCTIONS, MACROS
from tests.transformers.expression.conformance.conformance_kit import cases, deviations, outcome

DOCS = Path(__file__).parents[3] / "docs" / "expressions.md"
DEVIATING = {name: reason for reason, names in deviations().items() for name in names}
SUITES = sorted({case.suite for case in cases()})


@pytest.mark.parametrize("suite", SUITES)
def test_every_case_passes_but_for_the_known_deviations(suite):
    failing = {case.name: outcome(case) for case in cases() if case.suite == suite and outcome(case) != "pass"}
    assert {name: failing.get(name, "passes now: take it off the list") for name in _expected(suite)} == failing


def _expected(suite: str) -> list[str]:
    return [name for name in DEVIATING if name.startswith(f"{suite}/")]


def test_every_deviation_is_a_case_that_exists_and_is_listed_once():
    names = [name for names in deviations().values() for name in names]
    assert (sorted(set(names)), set()) == (sorted(names), set(names) - {case.name for case in cases()})


def test_the_docs_say_what_every_reason_means():
    assert [] == [reason for reason in deviations() if f"| `{reason}` |" not in DOCS.read_text(encoding="utf-8")]


def test_the_docs_show_the_pass_rate_of_every_section():
    shown = DOCS.read_text(encoding="utf-8").partition("<!-- conformance -->\n")[2].partition("<!-- end -->")[0]
    assert "".join(f"{line}\n" for line in table()) == shown


def test_the_docs_name_every_function():
    text = DOCS.read_text(encoding="utf-8")
    assert [] == [name for name in (*FUNCTIONS, *MACROS) if name.rpartition(".")[2] not in text]


def test_the_docs_show_the_rate_without_protobuf():
    left = [case.name for case in cases() if DEVIATING.get(case.name) not in ("protobuf", "block")]
    passed = sum(name not in DEVIATING for name in left)
    assert f"{passed} of {len(left)} ({100 * passed / len(left):.1f} %) of the cases pass" in DOCS.read_text(encoding="utf-8")


def table() -> list[str]:
    """Return the lines of the docs' table."""
    rows = [_row(suite, [case.name for case in cases() if case.suite == suite]) for suite in SUITES]
    return [
        "| section | cases | pass | rate | what goes otherwise |",
        "|---|--:|--:|--:|---|",
        *rows,
        _row("**all**", [case.name for case in cases()]),
    ]


def _row(title: str, names: list[str]) -> str:
    reasons = Counter(DEVIATING[name] for name in names if name in DEVIATING)
    passed = len(names) - reasons.total()
    why = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
    return f"| {title} | {len(names)} | {passed} | {100 * passed / len(names):.1f} % | {why} |"


if __name__ == "__main__":
    text = DOCS.read_text(encoding="utf-8")
    before, _, rest = text.partition("<!-- conformance -->\n")
    after = rest.partition("<!-- end -->")[2]
    DOCS.write_text(before + "<!-- conformance -->\n" + "".join(f"{line}\n" for line in table()) + "<!-- end -->" + after)
