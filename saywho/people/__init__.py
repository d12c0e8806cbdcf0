"""Reading people: habits, phrases, names and times of writers, each tested against chance."""
