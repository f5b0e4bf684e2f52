"""Real services for tests, the demo and the benchmarks."""
