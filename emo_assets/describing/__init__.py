"""Features → description: seven models, how they are trained, sampled, scored and chosen.

Belongs here: the encoding of features, the data set of description tokens, the networks, training, weights,
sampling inside the grammar, baselines, the scoreboard's numbers and the choice of the champion. Reading MIDI
is `symbolic`'s business, descriptions to notes `figaro`'s, and pictures of the numbers are `reports`'.
"""
