"""Which sequences of tokens are descriptions and which are events: one small grammar for each.

A grammar parses and validates, says where and why a sequence is wrong, and gives the mask of the tokens that
may come next. How tokens are drawn from such a mask is the models' business.
"""
