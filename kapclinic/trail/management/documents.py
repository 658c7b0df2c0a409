"""Documents that the code writes about itself: printed, kept with --write, compared with --check."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


class DocumentCommand(ABC, BaseCommand):
    """Subclasses name a `document` in docs/ and `render` its text."""

    document: ClassVar[str]
    requires_system_checks = []

    @abstractmethod
    def render(self) -> str:
        """The page's text, from the code."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true", help=f"write docs/{self.document}")
        parser.add_argument("--check", action="store_true", help=f"fail when docs/{self.document} differs")

    def handle(self, *args: Any, **options: Any) -> None:
        path, text = settings.BASE_DIR / "docs" / self.document, self.render()
        if options["check"]:
            if not path.exists() or path.read_text() != text:
                raise CommandError(f"docs/{self.document} is not what the code says: make docs.")
            self.stdout.write(f"docs/{self.document} holds.")
        elif options["write"]:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            self.stdout.write(f"docs/{self.document} written.")
        else:
            self.stdout.write(text, ending="")
