"""Conformance suites and fakes for people who add components."""
