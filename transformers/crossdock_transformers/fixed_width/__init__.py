"""Fixed-width files: records whose fields have places, as mainframes and warehouses write them.

    layout: wms-shipments
    fixed_width:
      discriminator: { start: 1, length: 3 }          # where each record says what it is
      split: shipment                                 # a document is one of these, with all that follows it
      records:
        header: { is: HDR, required: true, fields: { created_on: { type: date, length: 8 } } }
        shipment:
          is: SHP
          many: true
          fields:
            number: { length: 10, required: true }
            weight: { type: decimal, length: 9, decimals: 3 }
          records:
            line: { is: LIN, many: true, fields: { sku: { length: 20 }, quantity: { type: integer, length: 7 } } }
        trailer: { is: TRL, required: true, fields: { shipments: { type: integer, length: 6, counts: shipment } } }

Taken whole a file is `{"header": {...}, "shipment": [{"number": "S-1", "line": [...]}], "trailer": {"shipments": 1}}`. A document
of `split` is one shipment, with the records of which there is one before it: `{"header": {...}, "number": "S-1", "line": [...]}`.
"""
