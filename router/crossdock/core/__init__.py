"""Messages, outcomes, errors, specs, the route program, the engine and the ports."""
