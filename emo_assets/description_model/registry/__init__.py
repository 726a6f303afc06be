"""Which model serves requests: selection of the champion and the record of it."""
