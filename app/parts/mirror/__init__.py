"""A mirror: the words and signs that give away a draft's author."""
