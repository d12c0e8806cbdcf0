"""A mirror: by what a draft stands out as its author's."""
