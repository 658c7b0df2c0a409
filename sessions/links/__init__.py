"""Links that are sent to clients: what they fill in, sign, confirm and join on their own phone, without a login."""
