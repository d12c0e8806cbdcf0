"""Who would have said this: answers, their reasons and years, the card, the quiz, pictures."""
