"""Clinical notes, signed and then never changed; and the therapist's private psychotherapy notes, kept apart.

Remember: psychotherapy notes (45 CFR 164.501) are their author's alone. They are sealed in their own table and stand
outside every list of others, export, search and history.
"""
