"""Who may pay beside the client: payers, who is covered by them from when to when, how long a claim may take."""
