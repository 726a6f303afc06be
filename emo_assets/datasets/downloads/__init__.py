"""Downloads of the published data sets and of checkpoints."""
