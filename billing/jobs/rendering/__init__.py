"""How the files of jobs leave the house: tables, an archive of papers, and the books for an accountant."""
