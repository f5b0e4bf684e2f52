"""YAML with positions, models, the compiled release, lint and secrets."""
