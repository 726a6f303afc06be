"""What a song sounds like, measured from its notes, and how far it is from a request."""
