"""What Django REST framework says of a field, in our words: which value is expected, and never what was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

# its sentence -> ours
REWORDED: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"Ensure this field has at least 1 characters?\.", "This can't be empty."),
        (r"Ensure this field has at least (\S+) characters?\.", r"At least \1 characters are expected."),
        (r"Ensure this field has no more than (\S+) characters?\.", r"At most \1 characters are expected."),
        (r"Ensure this field has at least 1 elements?\.", "At least one entry is expected."),
        (r"Ensure this field has at least (\S+) elements?\.", r"At least \1 entries are expected."),
        (r"Ensure this field has no more than (\S+) elements?\.", r"At most \1 entries are expected."),
        (r"Ensure this value is greater than or equal to (\S+)\.", r"\1 or more is expected."),
        (r"Ensure this value is less than or equal to (\S+)\.", r"\1 or less is expected."),
        (r"Ensure that there are no more than (\S+) digits in total\.", r"At most \1 digits are expected."),
        (
            r"Ensure that there are no more than (\S+) decimal places?\.",
            r"At most \1 decimals are expected; more are not rounded.",
        ),
        (
            r"Ensure that there are no more than (\S+) digits before the decimal point\.",
            r"At most \1 digits before the decimal point are expected.",
        ),
        (r"This field may not be null\.", "This can't be null."),
        (r"This field may not be blank\.", "This can't be empty."),
        (r"This field is required\.", "This is required."),
        (r"This list may not be empty\.", "At least one entry is expected."),
        (r"This dictionary may not be empty\.", "At least one entry is expected."),
        (r"Null characters are not allowed\.", "A null character can't stand here."),
        (r"Not a valid string\.", "A text is expected."),
        (r"Must be a valid boolean\.", "true or false is expected."),
        (r"Must be a valid UUID\.", "An id (UUID) is expected."),
        (r"“?.*”? is not a valid UUID\.", "An id (UUID) is expected."),
        (r"A valid integer is required\.", "A whole number is expected."),
        (r"A valid number is required\.", "A number is expected."),
        (r"String value too large\.", "This is too long for a number."),
        (r"Enter a valid email address\.", "An e-mail address is expected, such as name@example.org."),
        (r"Date has wrong format\..*", "A date is expected, such as 2026-05-04."),
        (r"Expected a date but got a datetime\.", "A date is expected, such as 2026-05-04."),
        (
            r"Datetime has wrong format\..*",
            "A time with its UTC offset is expected, such as 2026-05-04T09:00:00Z.",
        ),
        (
            r"Expected a datetime but got a date\.",
            "A time with its UTC offset is expected, not a date alone.",
        ),
        (r"Invalid datetime for the timezone .*", "This time does not exist in its zone."),
        (r"Datetime value out of range\.", "This time is out of range."),
        (r"Time has wrong format\..*", "A local time is expected, such as 09:00."),
        (r"Expected a list of items but got type .*", "A list is expected."),
        (r"Expected a dictionary of items but got type .*", "An object is expected."),
        (r"Invalid data\. Expected a dictionary, but got .*", "An object is expected."),
        (r"Value must be valid JSON\.", "A JSON value is expected."),
        (r"\".*\" is not a valid choice\.", "This is none of the values that the schema names."),
    )
)

# what a field must look like -> in words
PATTERNS: Mapping[str, str] = {
    r"^([0-9]{4,5}-[0-9]{3,4}-[0-9]{1,2}|[0-9]{10,11})$": "An NDC is expected: "
    "10 or 11 digits, or groups such as 0143-9509-01.",
    r"^[0-9]{11}$": "An NDC of 11 digits is expected.",
    r"^[0-9]{2}$": "A place-of-service code of two digits is expected, such as 11.",
    r"^[A-Z][A-Z9][0-9]{7}$": "A DEA number is expected: two letters and 7 digits.",
    r"^[A-Z]{2}[0-9]{7}$": "A DEA number is expected: two letters and 7 digits.",
    r"^[A-Z]{2}$": "A state of two capital letters is expected, such as CO.",
    r"^[a-z]{2}(-[A-Z]{2})?$": "A language is expected, such as en or es-MX.",
    r"^[0-9]{10}$": "An NPI of 10 digits is expected.",
    r"^[0-9]{5}(-[0-9]{4})?$": "A ZIP code is expected, such as 80202 or 80202-1234.",
    r"^[0-9]{9}$": "An EIN of 9 digits is expected.",
    r"^[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?$": "An ICD-10-CM code is expected, such as F33.2.",
    r"^https://[^\s<>\"'\\]+$": "An address that begins with https:// is expected.",
    r"^US(-[A-Z]{2})?$": "US, or a state such as US-TX, is expected.",
    r"^[0-9A-Za-z][0-9A-Za-z.-]{0,9}$": "A version is expected, such as 2026-1: letters, digits, dots and dashes.",
}


def reworded(sentence: str) -> str:
    for pattern, words in REWORDED:
        if pattern.fullmatch(sentence):
            return pattern.sub(words, sentence)
    return sentence


# Any: fields of whatever kind
def explain(field: Any) -> None:
    """Let a field say which values it takes, where the sentence alone could not."""
    inner = getattr(field, "child", field)
    if isinstance(inner, serializers.ChoiceField):
        inner.error_messages["invalid_choice"] = f"One of {', '.join(map(str, inner.choices))} is expected."
    for check in getattr(inner, "validators", ()):
        pattern = str(getattr(getattr(check, "regex", None), "pattern", ""))
        if pattern in PATTERNS:
            check.message = PATTERNS[pattern]
