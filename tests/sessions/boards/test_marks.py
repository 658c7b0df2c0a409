"""The marks of the boards: the database has those of the code, and they are for whoever may see the place."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kapclinic.core import scope
from sessions.boards.api.worklists import ListedTaskViewSet
from sessions.boards.sql import day_mark, watched_mark
from sessions.booking.http import NamedList
from sessions.booking.sql.about import NAMED
from sessions.integration.api.obligations import ObligationViewSet
from sessions.monitoring.api.alarms import AlarmViewSet
from tests import cast as people
from tests.asking import sql
from tests.cast import MONDAY, Cast
from tests.sessions.dosing.test_marks import TABLE


@pytest.mark.django_db
def test_a_mark_is_the_codes_and_for_whoever_may_see_the_place(cast: Cast) -> None:
    made = dict(sql("SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'clinic_sessions_%%_mark%%'"))
    assert made == {
        "clinic_sessions_day_mark": day_mark.BODY,
        "clinic_sessions_watched_marks": watched_mark.BODY,
    }
    session = people.dosed_session(cast)
    of_day = [cast.north.pk, MONDAY - timedelta(hours=8), MONDAY + timedelta(hours=16)]
    marks = {}
    for who in (cast.frontdesk, cast.np, cast.south_np):
        with scope.of(who):
            ((marks[who.pk],),) = sql("SELECT clinic_sessions_day_mark(%s, %s, %s)", *of_day)
            found = sql("SELECT session FROM clinic_sessions_watched_marks(%s, true)", cast.north.pk)
        assert found == ([] if who == cast.south_np else [(session.pk,)])
    assert marks[cast.south_np.pk] is None
    assert None not in {marks.pop(cast.frontdesk.pk), marks.pop(cast.np.pk)}
    with scope.nobody():
        assert sql("SELECT clinic_sessions_day_mark(%s, %s, %s)", *of_day) == [(None,)]
        assert sql("SELECT * FROM clinic_sessions_watched_marks(%s, false)", cast.north.pk) == []


@pytest.mark.parametrize("view", [ListedTaskViewSet, ObligationViewSet, AlarmViewSet])
def test_no_table_that_a_list_shows_is_missing_in_its_mark(view: type[NamedList]) -> None:
    shown = set(TABLE.findall(NAMED + " ".join(view.joins.values())))
    assert len(shown) >= 4
    assert shown - set(TABLE.findall(view.versions())) == {"jsonb_array_elements"}  # no table
