"""The statement that locks what is owed: the program first, then the obligation, as every writer does."""

# (version of the program, version of the obligation) as they are once both are locked; no row when one of them is gone.
LOCK_OWED = """
WITH course AS MATERIALIZED (
    SELECT version FROM programs_program WHERE id = %(program)s FOR NO KEY UPDATE
),
owed AS MATERIALIZED (
    SELECT version FROM clinic_sessions_obligation
    WHERE (SELECT count(*) FROM course) = 1 AND id = %(obligation)s
    FOR UPDATE
)
SELECT course.version, owed.version FROM course, owed
"""
