"""Building blocks of the description models and FIGARO: sampling, attention, training, weight files."""
