"""The clinic day, one room per noun: booking, waitlist, reminders, calendars, integration, monitoring, drugs, dosing,
notes, and `day` above them all.

Remember: the app's label is `clinic_sessions` (Django has a `sessions` of its own). Upper rooms call lower ones, never
the other way: day > notes > dosing > integration | monitoring | drugs > waitlist | reminders | calendars > booking.
A room's files are alike: models, rules, selectors, services, tasks, api.
"""
