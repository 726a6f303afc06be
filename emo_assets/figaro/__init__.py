"""FIGARO: the network that turns descriptions into events, its weights, generation and training."""
