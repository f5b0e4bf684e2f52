"""The EDI engine that X12 and EDIFACT share: grammars as data, compiled; guides; the exact examination of a document; shapes.

    grammar   what a grammar says, plain frozen data        load      reads it from files
    guide     a partner's narrowing of a set                machine   a set compiled: the fast way through a correct document
    examine   the slow and exact way: every fault           faults    one fault, for a clerk, a developer and an acknowledgement
    values    single values: recognise, read, check, write  shape     the decoded shape as a JSON Schema

The dialects (`x12`, `edifact`) bring envelopes, delimiters, acknowledgements and their grammars.
"""
