"""Training data of the description models: the training set as songs, tokens, windows and batches."""
