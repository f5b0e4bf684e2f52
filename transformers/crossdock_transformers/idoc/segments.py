"""The segments of the IDocs that distribution uses: names, nesting, fields with their widths.

Written from what is commonly known of SAP's documented interface, not from a system's own repository. The control record and the
frame of data records are certain (524 and 63 characters before the data). Segments are cut off where we aren't sure; fields after
that are passed over when they are read and left blank when they are written. docs/formats.md says how sure we are of each.

`MENGE:15d` is a field of 15 characters with a number, `DATUM:8D` one with a date; all else are texts. In trees `*` says that a
segment may be repeated, `!` that it must be there, and brackets hold the segments below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from crossdock.core.errors import Refusal
from crossdock.core.words import nearest
from crossdock_transformers.fixed_width.fields import Slot
from crossdock_transformers.fixed_width.layout import FixedField
from crossdock_transformers.idoc.options import IdocLayout
from crossdock_transformers.records.values import Marks

CONTROL: Final = "EDI_DC40"
CONTROL_LENGTH: Final = 524
FRAME: Final = "SEGNAM:30 MANDT:3 DOCNUM:16 SEGNUM:6 PSGNUM:6 HLEVEL:2"
DATA: Final = 63
DATA_LENGTH: Final = 1000
_PARTNER: Final = """PARVW:3 PARTN:17 LIFNR:17 NAME1:35 NAME2:35 NAME3:35 NAME4:35 STRAS:35 STRS2:35 PFACH:35 ORT01:35 COUNC:9
    PSTLZ:9 PSTL2:9 LAND1:3 ABLAD:35 PERNR:30 PARNR:30 TELF1:25 TELF2:25 TELBX:25 TELFX:25 TELTX:25 TELX1:25 SPRAS:1 ANRED:15
    ORT02:35 HAUSN:6 STOCK:6 REGIO:3 PARGE:1 ISOAL:2 ISONU:2 FCODE:20 IHREZ:30 BNAME:35"""
_FIELDS: Final = {
    CONTROL: """TABNAM:10 MANDT:3 DOCNUM:16 DOCREL:4 STATUS:2 DIRECT:1 OUTMOD:1 EXPRSS:1 TEST:1 IDOCTYP:30 CIMTYP:30 MESTYP:30
        MESCOD:3 MESFCT:3 STD:1 STDVRS:6 STDMES:6 SNDPOR:10 SNDPRT:2 SNDPFC:2 SNDPRN:10 SNDSAD:21 SNDLAD:70 RCVPOR:10 RCVPRT:2
        RCVPFC:2 RCVPRN:10 RCVSAD:21 RCVLAD:70 CREDAT:8D CRETIM:6 REFINT:14 REFGRP:14 REFMES:14 ARCKEY:70 SERIAL:20""",
    "E1EDK01": """ACTION:3 KZABS:1 CURCY:3 HWAER:3 WKURS:12d ZTERM:17 KUNDEUINR:20 EIGENUINR:20 BSART:4 BELNR:35 NTGEW:18d
        BRGEW:18d GEWEI:3 FKART_RL:4 ABLAD:25 BSTZD:4 VSART:2 VSART_BEZ:20 RECIPNT_NO:10 KZAZU:1 AUTLF:1 AUGRU:3 AUGRU_BEZ:40
        ABRVW:3 ABRVW_BEZ:20 FKTYP:1 LIFSK:2 LIFSK_BEZ:20 EMPST:25 ABTNR:4 DELCO:3 WKURS_M:12d""",
    "E1EDK14": "QUALF:3 ORGID:35",
    "E1EDK03": "IDDAT:3 DATUM:8D UZEIT:6",
    "E1EDK04": "MWSKZ:7 MSATZ:17d MWSBT:18d TXJCD:15",
    "E1EDK05": "ALCKZ:3 KSCHL:4 KOTXT:80 BETRG:18d KPERC:8d KRATE:15d UPRBS:9d MEAUN:3 KOBTR:18d MWSKZ:7 MSATZ:17d KOEIN:3",
    "E1EDKA1": _PARTNER,
    "E1EDK02": "QUALF:3 BELNR:35 POSNR:6 DATUM:8D UZEIT:6",
    "E1EDK17": "QUALF:3 LKOND:3 LKTEXT:70",
    "E1EDK18": "QUALF:3 TAGE:8 PRZNT:8d ZTERM_TXT:70",
    "E1EDKT1": "TDID:4 TSSPRAS:3 TSSPRAS_ISO:2",
    "E1EDKT2": "TDLINE:70 TDFORMAT:2",
    "E1EDP01": """POSEX:6 ACTION:3 PSTYP:1 KZABS:1 MENGE:15d MENEE:3 BMNG2:15d PMENE:3 ABFTZ:7 VPREI:15d PEINH:9d NETWR:18d
        ANETW:18d SKFBP:18d NTGEW:18d GEWEI:3 EINKZ:1 CURCY:3 PREIS:18d MATKL:9 UEPOS:6 GRKOR:3 EVERS:7 BPUMN:6 BPUMZ:6 ABGRU:2
        ABGRT:40 ANTLF:1 FIXMG:1 KZAZU:1 BRGEW:18d PSTYV:4 EMPST:25 ABTNR:4 ABRVW:3 WERKS:4 LPRIO:2 LPRIO_BEZ:20 ROUTE:6
        ROUTE_BEZ:40 LGORT:4 VSTEL:4 DELCO:3 MATNR:35""",
    "E1EDP02": "QUALF:3 BELNR:35 ZEILE:6 DATUM:8D UZEIT:6 BSARK:35 IHREZ:30",
    "E1EDP03": "IDDAT:3 DATUM:8D UZEIT:6",
    "E1EDP04": "MWSKZ:7 MSATZ:17d MWSBT:18d TXJCD:15 KTEXT:50",
    "E1EDP05": """ALCKZ:3 KSCHL:4 KOTXT:80 BETRG:18d KPERC:8d KRATE:15d UPRBS:9d MEAUN:3 KOBTR:18d MENGE:15d PREIS:15d
        MWSKZ:7 MSATZ:17d""",
    "E1EDP19": "QUALF:3 IDTNR:35 KTEXT:70 MFRPN:42 MFRNR:10",
    "E1EDP20": "WMENG:15d AMENG:15d EDATU:8D EZEIT:6 EDATU_OLD:8D EZEIT_OLD:6 ACTION:3",
    "E1EDP26": "QUALF:3 BETRG:18d",
    "E1EDPA1": _PARTNER,
    "E1EDPT1": "TDID:4 TSSPRAS:3 TSSPRAS_ISO:2",
    "E1EDPT2": "TDLINE:70 TDFORMAT:2",
    "E1EDS01": "SUMID:3 SUMME:18d SUNIT:3 WAERQ:3",
    "E1EDL20": """VBELN:10 VSTEL:4 VKORG:4 LSTEL:2 VKBUR:4 LGNUM:3 ABLAD:25 INCO1:3 INCO2:28 ROUTE:6 VSBED:2 BTGEW:15d NTGEW:15d
        GEWEI:3 VOLUM:15d VOLEH:3 ANZPK:5 BOLNR:35 TRATY:4 TRAID:20 XABLN:10 LIFEX:35 PARID:35""",
    "E1ADRM1": """PARTNER_Q:3 ADDRESS_T:1 PARTNER_ID:17 JURISDIC:17 LANGUAGE:2 FORMOFADDR:15 NAME1:40 NAME2:40 NAME3:40 NAME4:40
        NAME_TEXT:40 NAME_CO:40 LOCATION:40 BUILDING:10 FLOOR:10 ROOM:10 STREET1:40 STREET2:40 STREET3:40 HOUSE_SUPL:4
        HOUSE_RANG:10 POSTL_COD1:10 POSTL_COD3:10 POSTL_AREA:15 CITY1:40 CITY2:40 POSTL_PBOX:10 POSTL_COD2:10 POSTL_CITY:40
        TELEPHONE1:30 TELEPHONE2:30 TELEFAX:30 TELEX:30 E_MAIL:70 COUNTRY1:3 COUNTRY2:3 REGION:3""",
    "E1EDT13": "QUALF:3 NTANF:8D NTANZ:6 NTEND:8D NTENZ:6 TZONE_BEG:6 ISDD:8D ISDZ:6 IEDD:8D IEDZ:6 TZONE_END:6",
    "E1EDL24": """POSNR:6 MATNR:18 MATWA:18 ARKTX:40 ORKTX:40 SUGRD:4 MATKL:9 WERKS:4 LGORT:4 CHARG:10 KDMAT:35 LFIMG:15d VRKME:3
        LGMNG:15d MEINS:3 NTGEW:15d BRGEW:15d GEWEI:3 VOLUM:15d VOLEH:3 LGPBE:10 HIPOS:6 HIEVW:1 LADGR:4 TRAGR:4 VKBUR:4 VKGRP:3
        VTWEG:2 SPART:2 GRKOR:3 EAN11:18""",
    "E1EDL41": "QUALI:3 BSTNR:35 BSTDT:8D BSARK:4 IHREZ:12 POSEX:6",
    "E1EDL43": "QUALF:1 BELNR:35 POSNR:6 DATUM:8D",
    "E1EDL37": "EXIDV:20 TARAG:15d GWEIT:3 BRGEW:15d NTGEW:15d MAGEW:15d GWEIM:3",
    "E1EDL44": "VELIN:1 VBELN:10 POSNR:6 EXIDV:20 VEMNG:15d VEMEH:3 MATNR:18",
}
_TREES: Final = {
    "ORDERS05": """E1EDK01! E1EDK14* E1EDK03* E1EDK04* E1EDK05* E1EDKA1* E1EDK02* E1EDK17* E1EDK18* E1EDKT1*( E1EDKT2* )
        E1EDP01*( E1EDP02* E1EDP03* E1EDP04* E1EDP05* E1EDP20* E1EDPA1* E1EDP19* E1EDPT1*( E1EDPT2* ) ) E1EDS01*""",
    "INVOIC02": """E1EDK01! E1EDKA1* E1EDK02* E1EDK03* E1EDK04* E1EDK05* E1EDK17* E1EDK18* E1EDK14* E1EDKT1*( E1EDKT2* )
        E1EDP01*( E1EDP02* E1EDP03* E1EDP19* E1EDP26* E1EDP05* E1EDP04* E1EDPA1* E1EDPT1*( E1EDPT2* ) ) E1EDS01*""",
    "DELVRY03": """E1EDL20!( E1ADRM1* E1EDT13* E1EDL24*( E1EDL41* E1EDL43* ) E1EDL37*( E1EDL44* ) )""",
}
MESSAGES: Final = {"ORDERS05": "ORDERS", "INVOIC02": "INVOIC", "DELVRY03": "DESADV"}
RELEASED: Final = {
    "E1EDK01": "E2EDK01005",
    "E1EDK04": "E2EDK04001",
    "E1EDK05": "E2EDK05001",
    "E1EDKA1": "E2EDKA1003",
    "E1EDKT1": "E2EDKT1002",
    "E1EDKT2": "E2EDKT2001",
    "E1EDP01": "E2EDP01007",
    "E1EDP02": "E2EDP02001",
    "E1EDP04": "E2EDP04001",
    "E1EDP05": "E2EDP05002",
    "E1EDP19": "E2EDP19001",
    "E1EDP20": "E2EDP20001",
    "E1EDPA1": "E2EDPA1003",
    "E1EDPT1": "E2EDPT1001",
    "E1EDPT2": "E2EDPT2001",
    "E1EDL20": "E2EDL20004",
    "E1EDL24": "E2EDL24006",
    "E1EDL37": "E2EDL37004",
    "E1EDL41": "E2EDL41002",
    "E1EDL44": "E2EDL44003",
    "E1EDT13": "E2EDT13001",
    "E1ADRM1": "E2ADRM1001",
}
"""What segments are called in flat files; releases differ, and `names:` of a route overrules it."""
_TOKEN: Final = re.compile(r"(\w+)(\*?)(!?)")
_FIELD: Final = re.compile(r"(\w+):(\d+)([dD]?)")
_VERSION: Final = re.compile(r"\d{3}")
_KINDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "": {},
    "d": {"type": "decimal", "sign": "trailing", "align": "left", "pad": " "},
    "D": {"type": "date"},
}


@dataclass
class Segment:
    """A segment: its fields at their places in the data, and the segments below it."""

    name: str
    slots: tuple[Slot, ...]
    many: bool = False
    required: bool = False
    inner: dict[str, Segment] = field(default_factory=dict)


def fields_of(text: str) -> dict[str, FixedField]:
    """Return fields from their notation."""
    found = (_FIELD.fullmatch(token) for token in text.split())
    return {one[1]: FixedField.model_validate({"length": int(one[2]), **_KINDS[one[3]]}) for one in found if one is not None}


def slots(fields: Mapping[str, FixedField], start: int = 0) -> tuple[Slot, ...]:
    """Return fields at their places, one after the other."""
    found: list[Slot] = []
    for name, one in fields.items():
        at = one.start - 1 if one.start is not None else start
        found.append(Slot(name, at, at + one.length, one, Marks()))
        start = at + one.length
    return tuple(found)


def document(layout: IdocLayout) -> Segment:
    """Return an IDoc as a segment that holds all others; raises Refusal."""
    tree = _TREES.get(layout.type)
    if tree is None:
        raise Refusal(f"there is no IDoc '{layout.type}' here{nearest(layout.type, _TREES)}", path=("type",))
    root = Segment(layout.type, ())
    root.inner[CONTROL] = Segment(CONTROL, slots(fields_of(_FIELDS[CONTROL])), required=True)
    _grow(root, iter(tree.replace("(", " ( ").split()))
    for name, own in layout.segments.items():
        parent = next((one for one in walked(root) if one.name == own.below), None) if own.below else root
        if parent is None:
            names = [one.name for one in walked(root)]
            raise Refusal(f"there is no segment '{own.below}'{nearest(own.below, names)}", path=("segments", name, "below"))
        parent.inner[name] = Segment(name, slots(own.fields), own.many, own.required)
    return root


def _grow(parent: Segment, words: Iterator[str]) -> None:
    last = parent
    for word in words:
        if word == ")":
            return
        if word == "(":
            _grow(last, words)
            continue
        found = _TOKEN.fullmatch(word)
        assert found is not None, word
        last = Segment(found[1], slots(fields_of(_FIELDS[found[1]])), bool(found[2]), bool(found[3]))
        parent.inner[last.name] = last


def walked(segment: Segment) -> Iterator[Segment]:
    """Yield the segments below one, at any depth."""
    for inner in segment.inner.values():
        yield inner
        yield from walked(inner)


def plain_name(name: str, known: Mapping[str, Any]) -> str:
    """Return the name of a segment of a flat file without its release: `E1EDK01` of `E2EDK01005`."""
    if name in known or not name.startswith("E2"):
        return name
    base = "E1" + name[2:]
    if base not in known and _VERSION.fullmatch(base[-3:]):
        base = base[:-3]
    return base if base in known else name


def shape_of(segment: Segment) -> dict[str, Any]:
    """Return the JSON Schema of a segment and all below it."""
    properties: dict[str, Any] = {slot.name: dict(slot.field.shape()) for slot in segment.slots}
    for name, inner in segment.inner.items():
        shape = shape_of(inner)
        properties[name] = {"type": "array", "items": shape} if inner.many else shape
    required = [slot.name for slot in segment.slots if slot.field.required]
    required += [name for name, inner in segment.inner.items() if inner.required]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def shape_named(type_: str, *, written: bool) -> dict[str, Any]:
    """Return the shape of an IDoc by its type, without segments of one's own; raises Refusal.

    When it is written, the control record may be left out: the encoder fills it in.
    """
    shape = shape_of(document(IdocLayout(type=type_)))
    return {**shape, "required": [name for name in shape["required"] if name != CONTROL or not written]}


__all__ = ["CONTROL", "Segment", "document", "plain_name", "shape_named", "shape_of", "slots", "walked"]
