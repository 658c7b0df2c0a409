"""The trend of vital signs as places on a chart, in whole thousandths of its width and height from the lower left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

SERIES = (
    ("systolic", "Systolic, mmHg"),
    ("diastolic", "Diastolic, mmHg"),
    ("heart_rate", "Heart rate, /min"),
)
SCALE = 1000  # places are whole thousandths of the chart's width and height
STEP = 20  # mmHg or beats between two lines
Row = Mapping[str, Any]


def chart(
    readings: Sequence[Row], doses: Sequence[Row], hour_of: Callable[[str], str]
) -> dict[str, Any] | None:
    """Blood pressure and heart rate over time as lines in whole thousandths; None below two standing readings.

    A value that could not be had leaves its place out.

    `ticks_x` and `ticks_y` are (place, words); `doses` the places of the standing doses.
    """
    names = [name for name, _ in SERIES]
    standing = [
        row for row in readings if row["void"] is None and any(row[name] is not None for name in names)
    ]
    moments = [datetime.fromisoformat(row["measured_at"]) for row in standing]
    if len(set(moments)) < 2:
        return None
    begin, span = moments[0], moments[-1] - moments[0]
    values = [row[name] for row in standing for name in names if row[name] is not None]
    low, high = min(values) // STEP * STEP, -(-max(values) // STEP) * STEP
    across = [_thousandths(moment - begin, span) for moment in moments]
    given = [datetime.fromisoformat(row["administered_at"]) for row in doses if row["void"] is None]

    def up(value: int) -> int:
        return _thousandths(value - low, max(high - low, STEP))

    return {
        "series": [
            {"name": label, "points": [[x, up(row[name])] for x, row in had]}
            for name, label in SERIES
            if (had := [pair for pair in zip(across, standing, strict=True) if pair[1][name] is not None])
        ],
        "ticks_x": [[x, hour_of(row["measured_at"])] for x, row in zip(across, standing, strict=True)],
        "ticks_y": [[up(value), str(value)] for value in range(low, high + 1, STEP)],
        "doses": [_thousandths(at - begin, span) for at in given if begin <= at <= moments[-1]],
    }


def _thousandths(part: Any, whole: Any) -> int:
    place: int = round(part / whole * SCALE)
    return place
