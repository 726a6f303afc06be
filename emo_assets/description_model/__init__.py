"""Features to descriptions: data, networks, training, generation, evaluation and model registry."""
