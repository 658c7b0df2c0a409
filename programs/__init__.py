"""The course: protocols (versioned, frozen once approved), programs on one protocol version, dated phases.

Remember: every clinical threshold is data of the protocol. Phases are rows (PhaseSpan), at most one open per program.
The `programs/` addresses live in sessions/course, because they show session facts.
"""
