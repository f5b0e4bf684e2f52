"""Derives the EDIFACT grammars from the UN/EDIFACT directories as DFDL schemas carry them (see edifact/grammars/README.md).

    python docs/grammars/derive_edifact.py d96a SCHEMAS transformers/crossdock_transformers/edifact/grammars/D96A

SCHEMAS is the folder with `EDIFACT-Segments.dfdl.xsd` and `EDIFACT-Messages.dfdl.xsd` of one directory. Only facts are taken:
tags, numbers, names, requirement, repetitions, lengths, codes. Keys, titles of messages and labels of codes are ours.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import yaml

XSD = "{http://www.w3.org/2001/XMLSchema}"
MESSAGES = {
    "APERAK": ("Application error and acknowledgement", "advice"),
    "DELFOR": ("Delivery schedule", "schedule"),
    "DESADV": ("Despatch advice", "shipment"),
    "HANMOV": ("Cargo or goods handling and movement", "instruction"),
    "IFTMIN": ("Instruction to forward goods", "instruction"),
    "IFTSTA": ("Status of a shipment", "report"),
    "INVOIC": ("Invoice", "invoice_number"),
    "INVRPT": ("Inventory report", "report"),
    "ORDCHG": ("Purchase order change", "change"),
    "ORDERS": ("Purchase order", "purchase_order"),
    "ORDRSP": ("Purchase order response", "response"),
    "PARTIN": ("Party information", "party_information"),
    "PRICAT": ("Price and sales catalogue", "catalog"),
    "RECADV": ("Receiving advice", "receiving_advice"),
    "REMADV": ("Remittance advice", "payment"),
    "SLSFCT": ("Sales forecast", "forecast"),
    "SLSRPT": ("Sales data report", "report"),
}
"""The messages that distribution needs, with their titles and business keys."""
HERE = Path(__file__).parent
TITLES: dict[str, str] = yaml.load((HERE / "edifact-titles.yaml").read_text(), Loader=yaml.BaseLoader)  # noqa: S506
CODES: dict[str, dict[str, str]] = yaml.load((HERE / "edifact-codes.yaml").read_text(), Loader=yaml.BaseLoader)  # noqa: S506
COMPONENTS = re.compile(r"C\d{3}-")
SEGMENTS = re.compile(r"[A-Z]{3}-")


def title(name: str) -> str:
    """Return the title of `E3035-PartyQualifier`: our own, or `party qualifier`."""
    key, words = name.split("-")
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", words).lower()
    return TITLES.get(key.removeprefix("E"), spaced.removesuffix(" coded"))


def uses(body: ET.Element) -> str:
    """Return the elements of a segment or composite: a repeated one stands as often as syntax version 3 writes it."""
    return " ".join(_use(one) for one in body.iter(f"{XSD}element"))


def _number(one: ET.Element) -> str:
    """Return `E1131b`, the second 1131 of a composite, as `1131`."""
    return one.attrib["name"].removeprefix("E")[:4]


def _use(one: ET.Element) -> str:
    number, most = _number(one), int(one.get("maxOccurs", "1"))
    first = number + ("!" if one.get("minOccurs") != "0" else "")
    if most == 1:
        return first
    if first == number:
        return f"({number})*{most}"
    return f"{first} {number}" if most == 2 else f"{first} ({number})*{most - 1}"


def nodes(body: ET.Element, depth: int) -> Iterator[str]:
    """Yield the lines of a message or a group, its first segment left out in a group."""
    seen: set[str] = set()
    for one in children(body):
        group = one.find(f"{XSD}complexType")
        inner = list(children(group)) if group is not None else []
        tag = inner[0].attrib["name"] if inner else one.attrib["name"]
        again = f"{tag}2" if tag == one.attrib["name"] else one.attrib["name"].replace("SegGrp-", "SG")
        name = again if tag in seen else tag
        if name in seen:
            raise SystemExit(f"{tag} occurs three times in one group")
        seen.add(name)
        line = f"{'  ' * depth}- {tag} {'M' if one.get('minOccurs') != '0' else 'C'} {one.get('maxOccurs', '1')}"
        line += f" as {name}" * (name != tag)
        if len(inner) == 1:
            yield f"{line}: []"
        elif inner and group is not None:
            yield f"{line}:"
            yield from list(nodes(group, depth + 2))[1:]
        else:
            yield line


def children(body: ET.Element) -> Iterator[ET.Element]:
    """Yield the segments and groups of a message or group, sequences opened."""
    for one in body:
        if one.tag == f"{XSD}element":
            yield one
        elif one.tag == f"{XSD}sequence":
            yield from children(one)


def size(base: str) -> str:
    """Return `alpha0-35` as `AN 1/35`, `numeric1-15` as `N 1/15`, `numeric3` as `N 3/3`."""
    found = re.fullmatch(r"\w+:(alpha|numeric)(\d+)(?:-(\d+))?", base)
    if not found:
        raise SystemExit(f"{base} is no length that is known here")
    kind = "AN" if found[1] == "alpha" else "N"
    return f"{kind} {max(int(found[2]), 1)}/{found[3] or found[2]}"


def codes(number: str, one: ET.Element) -> Iterator[str]:
    """Yield the code list of an element, if it has one and we have a label for each of its codes."""
    listed = [code.attrib["value"] for code in one.iter(f"{XSD}enumeration")]
    labels = CODES.get(number, {})
    if listed and set(listed) <= set(labels):
        yield f'"{number}":'
        yield from (f'  "{code}": {labels[code]}' for code in listed)


def derive(version: str, source: Path, target: Path) -> None:
    """Write a directory's grammars; files of messages that it has not are left alone."""
    segments = ET.parse(source / "EDIFACT-Segments.dfdl.xsd").getroot()  # noqa: S314 - a file that we chose
    types = {one.attrib["name"]: one for one in segments.findall(f"{XSD}complexType")}
    target.mkdir(exist_ok=True)
    lines = ["composites:", *_grouped(types, COMPONENTS), "", "segments:", *_grouped(types, SEGMENTS)]
    _write(target / "segments.yaml", lines)
    _write(target / "version.yaml", [f"version: {version.upper()}", "extends: service"])
    simple = {one.attrib["name"]: one for one in segments.findall(f"{XSD}simpleType") if one.attrib["name"].startswith("E")}
    _write(target / "elements.yaml", [_element(name, simple[name]) for name in sorted(simple)])
    lists = [line for name in sorted(simple) for line in codes(name[1:5], simple[name])]
    if lists:
        _write(target / "codes.yaml", lists)
    messages = ET.parse(source / "EDIFACT-Messages.dfdl.xsd").getroot()  # noqa: S314 - as above
    for one in messages.findall(f"{XSD}complexType"):
        if one.attrib["name"] in MESSAGES:
            _message(one, target, composite="C106" in uses(types["BGM-BeginningOfMessage"]))


def _grouped(types: Mapping[str, ET.Element], kind: re.Pattern[str]) -> Iterator[str]:
    for name in sorted(filter(kind.match, types)):
        yield f'  {name.split("-")[0]}: {{title: {title(name)}, elements: "{uses(types[name])}"}}'


def _element(name: str, one: ET.Element) -> str:
    restriction = one.find(f"{XSD}restriction")
    assert restriction is not None
    return f'"{name[1:5]}": {size(restriction.attrib["base"])} {title(name)}'


def _message(one: ET.Element, target: Path, *, composite: bool) -> None:
    """Write a message. The document's number, its business key, is a component (C106) from D.97A on."""
    name = one.attrib["name"]
    called, key = MESSAGES[name]
    number = "BGM/BGM02/BGM0201" if composite else "BGM/BGM02"
    head = [f"set: {name}", f"title: {called}", f"group: {name}", f"keys: {{{key}: {number}}}", "segments:", "  - UNH M 1"]
    _write(target / f"{name}.yaml", [*head, *nodes(one, 1), "  - UNT M 1"])


def _write(file: Path, lines: Sequence[str]) -> None:
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    derive(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
