"""What narrows every list of a program."""

from __future__ import annotations

from kapclinic.core.http.params import Param
from kapclinic.practice.selectors import of_person

OF_PROGRAM = (
    Param("program", "uuid", "program_id"),
    Param("client", "uuid", of_person("program__client_id")),
)
