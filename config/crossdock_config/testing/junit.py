"""Results as JUnit XML, as build servers read it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from crossdock_config.testing.result import CaseResult

_NOT_XML = re.compile("[^\x09\x0a\x0d\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(results: Iterable[CaseResult]) -> str:
    """Return the results: one suite a file, one case a case."""
    whole = list(results)
    top = Element("testsuites", _counts(whole))
    for path, cases in groupby(whole, key=lambda result: result.place.path):
        own = list(cases)
        suite = SubElement(top, "testsuite", {"name": path, **_counts(own)})
        for result in own:
            _case(suite, result)
    indent(top)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(top, encoding="unicode")}\n'


def _counts(results: list[CaseResult]) -> dict[str, str]:
    failed, seconds = sum(not result.ok for result in results), sum(result.seconds for result in results)
    return {"tests": str(len(results)), "failures": str(failed), "errors": "0", "time": f"{seconds:.3f}"}


def _case(suite: Element, result: CaseResult) -> None:
    path, line, name = result.place.path, str(result.place.line), _clean(result.name)
    case = SubElement(
        suite, "testcase", {"name": name, "classname": path, "file": path, "line": line, "time": f"{result.seconds:.3f}"}
    )
    if not result.ok:
        text = _clean(result.difference)
        failure = SubElement(case, "failure", {"message": text.splitlines()[0] if text else "failed", "type": "difference"})
        failure.text = f"{result.place.short}\n{text}"


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
