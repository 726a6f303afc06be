"""What both models share: sampling, the training loop, building blocks of networks."""
