"""What narrows every list of a program."""

from __future__ import annotations

from kapclinic.core.http.params import Param

OF_PROGRAM = (Param("program", "uuid", "program_id"), Param("client", "uuid", "program__client_id"))
