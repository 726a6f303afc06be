"""From the training-set table to the tensors that description models learn from."""
