"""Payment plans: in which parts a client means to pay a sum. They expect money and hold none."""
