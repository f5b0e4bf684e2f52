"""Connectors, a room each: how messages come in and go out.

Beside the rooms stands what several need: `polling` (a directory that is looked at again and again), `names` (of files, as
documents or routes give them), `ssh_keys` (as settings have them).
"""
