"""What the formats of records share: values with types, text with places, and files whose records go on one at a time.

A record is what a route takes as one document: a row, a line of JSON, an element, a group of rows. `values` reads and writes one
field, `text` gives lines of any character set in bounded memory, `stream` makes records the parts of a message, `faults` says
what is wrong with them.
"""
