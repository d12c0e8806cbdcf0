"""An author's archive: what they may like to see again, and their figures."""
