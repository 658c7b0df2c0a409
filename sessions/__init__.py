"""The clinic day, one room per noun, from booking up to the sweep.

Remember: the app's label is `clinic_sessions` (Django has a `sessions` of its own). Upper rooms call lower ones, never
the other way: sweep > boards | course | absences | evidence > visits > notes > dosing > integration | monitoring |
drugs > waitlist | reminders | calendars > booking.
A room's files are alike: models, rules, selectors, services, tasks, api.
"""
