"""The waitlist: who waits for which kind of session and when; a freed slot is offered, best reason first."""
