"""Facts that this app announces. Receivers stand above and only enqueue."""

from django.dispatch import Signal

program_discontinued = Signal()  # program_id: the course ended early; nothing further is owed or reminded
