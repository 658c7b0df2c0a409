"""How an e-mail address is compared: every spelling that somebody could mean by it has one key."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django.db import models

# The dotless and the dotted i of Turkish are upper and lower case of `i` to some programs and not to others.
_ONE_I = str.maketrans({"ı": "i", "İ": "i"})
_DOTTED = re.compile("i\u0307+")
_PASSES = 8  # two are enough for every letter that Unicode has today


def email_key(email: str) -> str:
    """The one key of an e-mail address: NFKC and case folded, one i, no spaces around it, no invisible letters.

    Taken again of a key, it is that key. An account is found and counted by it, and no two accounts share one.
    """
    key = _folded(email)
    for _ in range(_PASSES):
        key, before = _folded(key), key
        if key == before:
            break
    return key


def _folded(text: str) -> str:
    small = unicodedata.normalize("NFKC", text).translate(_ONE_I).casefold()
    plain = _DOTTED.sub("i", unicodedata.normalize("NFKC", small).translate(_ONE_I))
    return "".join(ch for ch in plain if unicodedata.category(ch) != "Cf").strip()


class EmailKeyField(models.CharField):  # type: ignore[type-arg]
    """The key of the e-mail in the column `of` of the same row, reckoned anew whenever the row is saved."""

    def __init__(self, *args: Any, of: str = "email", **kwargs: Any) -> None:
        self.of = of
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"of": self.of}

    def pre_save(self, model_instance: Any, add: bool) -> str:  # noqa: FBT001  (as Django calls it)
        key = email_key(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, key)
        return key
