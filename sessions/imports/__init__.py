"""What an older system held, brought in from a table: clients, appointments, measures; all rows or none."""
