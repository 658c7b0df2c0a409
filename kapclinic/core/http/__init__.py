"""HTTP habits shared by every app: problems, pages, parameters, permissions, ETags. Knows no app."""
