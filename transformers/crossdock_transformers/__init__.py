"""Transformers: codecs, maps and expressions."""
