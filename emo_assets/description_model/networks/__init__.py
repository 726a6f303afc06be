"""The networks: tokens so far, features and earlier bars in, probabilities of the next token out.

Each file can be read in one sitting. Losses, data and sampling live above, in `describing`.
"""
