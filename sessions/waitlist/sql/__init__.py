"""The statements of the waitlist."""
