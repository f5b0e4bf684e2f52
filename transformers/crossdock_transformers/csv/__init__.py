"""CSV: rows in and out, with typed columns, any dialect, and rows gathered into documents.

    layout: acme-orders                   # acme-orders.layout.yaml, or the same options in the route's step
    csv:
      delimiter: ";"
      encoding: cp1252
      decimal: ","
      group_by: order_number              # rows that stand together with one number are one document
      lines: [sku, quantity, price]       # these differ from row to row; all others are the document's own
      columns:
        order_number: { header: "Order No", required: true }
        ordered_on: { type: date, format: "%d.%m.%Y" }
        sku: { required: true }
        quantity: { type: decimal, required: true }
        price: decimal

A row is `{"order_number": "4711", "quantity": Decimal("10"), ...}`; an empty cell is left out. Grouped, a document is
`{"order_number": "4711", "ordered_on": "2026-10-15", "lines": [{"sku": "S-1", "quantity": Decimal("10")}]}`.
"""
