"""The grammars of descriptions and of events.

A grammar parses and validates a sequence of tokens, says where and why one is wrong, and gives the mask of
the tokens that may come next.
"""
