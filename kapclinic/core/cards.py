"""Numbers of payment cards among words: they are never to be stored here (PCI DSS 3)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_BLANK = r"[ \u00a0\u2007\u2009\u202f]{0,3}"
_BETWEEN = rf"{_BLANK}[-.\u00b7\u2010-\u2015_]?{_BLANK}"  # of two groups of one number, on one line
_RUN = re.compile(rf"\d(?:{_BETWEEN}\d)*")
_GROUP = range(
    4, 7
)  # digits of a group that another one follows: 4-4-4-4, 4-6-5; no part of a date or a telephone
_LONGEST = 19  # digits (ISO/IEC 7812)
_CARD = re.compile(  # how the numbers of the brands begin, and how long each is; a date and a telephone are none
    r"4(\d{12}|\d{15}|\d{18})|5\d{15}|2[2-7]\d{14}|3[47]\d{13}|3[0689]\d{12}|35\d{14}|(6|5[0678])\d{15,18}"
)


def holds_card_number(text: str) -> bool:
    """Do whole groups of digits, next to each other on a line, make the number of a payment card, which passes Luhn?

    Blanks, hyphens, dots and the like may stand between the groups, and other words before or after; the digits of any
    script count. Dates, scores and pressures below or beside one another are none.
    """
    plain = re.sub(r"\d", lambda digit: str(int(digit[0])), unicodedata.normalize("NFKC", text))
    return any(_in_run(run[0]) for run in _RUN.finditer(plain))


def _in_run(run: str) -> bool:
    groups = re.findall(r"\d+", run)
    return any(
        _CARD.fullmatch(number) and _passes_luhn(number)
        for first in range(len(groups))
        for number in _numbers(groups[first:])
    )


def _numbers(groups: list[str]) -> Iterator[str]:
    """The first group, with the second, with the third too, and so on."""
    number = ""
    for group in groups:
        number += group
        if len(number) > _LONGEST:
            return
        yield number
        if len(group) not in _GROUP:
            return


def _passes_luhn(digits: str) -> bool:
    odd = [int(ch) for ch in digits[-1::-2]]
    even = [2 * int(ch) for ch in digits[-2::-2]]
    return (sum(odd) + sum(n - 9 if n > 9 else n for n in even)) % 10 == 0
