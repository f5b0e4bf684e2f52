"""Connectors, one file each: how messages come in and go out."""
