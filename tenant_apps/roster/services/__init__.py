"""Reading across the school: `learners` as lists and records show them, `today` as the Today page does."""
