"""Features to descriptions: seven models, their data, training, generation, evaluation and registry."""
