"""Secret iCalendar addresses: one person's or one room's sessions in any calendar program, without names or kinds."""
