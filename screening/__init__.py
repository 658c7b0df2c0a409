"""May this person go on? Screenings and their findings, clearances, medications, consents, measures, safety alerts.

Remember: what nobody answered, measured or could map is `unknown`, never "no risk", and waits for a prescriber's words.
`cleared` over an absolute finding is always refused. A safety alert stays open until somebody acknowledges it.
No questionnaire wording is shipped; consent texts in `documents/` are templates that counsel must approve.
"""
