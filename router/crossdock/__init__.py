"""Crossdock: the core package; `import crossdock`."""
