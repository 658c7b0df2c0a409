"""Files of a client that came from elsewhere, sealed; and the holds under which nothing of a record goes away."""
