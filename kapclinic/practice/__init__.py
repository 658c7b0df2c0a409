"""Who and where: locations, rooms, staff and their roles, working hours and time off, clients.

Remember: a client is not a login. Staff belong to locations and see only what belongs to those. Nobody is deleted:
staff are deactivated, hours end, clients stay.
"""
