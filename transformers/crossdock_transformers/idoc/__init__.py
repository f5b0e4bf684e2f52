"""SAP IDocs, flat and XML: ORDERS05, INVOIC02 and DELVRY03, as far as distribution uses them.

Both forms make the same of a document, with SAP's own names; what may be repeated is a list, always:

    {"EDI_DC40": {"IDOCTYP": "ORDERS05", "MESTYP": "ORDERS", "DOCNUM": "0000000000123456", "SNDPRN": "SAPPRD"},
     "E1EDK01": {"CURCY": "EUR", "BELNR": "4500012345"},
     "E1EDKA1": [{"PARVW": "WE", "PARTN": "0000100217", "NAME1": "ACME DC 217"}],
     "E1EDP01": [{"POSEX": "000010", "MENGE": Decimal("10.000"), "MENEE": "PCE",
                  "E1EDP19": [{"QUALF": "002", "IDTNR": "SKU-0001"}]}]}
"""
