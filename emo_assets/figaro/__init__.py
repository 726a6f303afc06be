"""Description to events: FIGARO's network, its released and our own weights, sampling, training, fidelity."""
