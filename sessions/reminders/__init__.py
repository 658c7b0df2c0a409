"""What clients are told of their sessions, by e-mail and SMS: when, by which way, in which words."""
