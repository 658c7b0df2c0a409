"""What a client may ask of their record: to have it corrected, and to know to whom it was disclosed."""
