"""Questions to the book."""
