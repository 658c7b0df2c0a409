"""What the clinic looks at all day: the day's sessions, and everybody who is being watched."""
