"""A booked session, from the booking to its end: book, come, move, note, end; and what a freed slot is used for."""
