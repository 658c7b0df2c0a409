"""A program's whole course: its plan, its progress and timeline, and the verbs that need its sessions."""
