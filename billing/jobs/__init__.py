"""Work that takes longer than a request: a period's superbills in one run, and files of what was issued and booked."""
