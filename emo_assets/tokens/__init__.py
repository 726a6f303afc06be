"""Notes to FIGARO's events and descriptions and back: vocabularies, quantization, grammars."""
