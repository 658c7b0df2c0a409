"""Has anything changed that the gates of a day look at? One mark says so, without asking the gates."""

from __future__ import annotations

# For the sessions of the day that may still be dosed, everything that `asked.questions` reads: of rows that may be
# edited the sum of their versions, of those that are only ever added how many there are. Each of these numbers only
# rises, so two changes never make up for one another; of the tasks, which leave by being closed, the ids.
# `tests/sessions/dosing/test_marks.py` holds this against the questions: no table of theirs may be missing.
GATE_MARK = """
(WITH named(location, begins, ends) AS MATERIALIZED (SELECT {day}),
 day AS MATERIALIZED (SELECT *, begins - interval '{longest} seconds' AS earliest FROM named),
 mine AS MATERIALIZED (
   SELECT s.id, s.client_id, s.program_id
     FROM day JOIN clinic_sessions_session s ON s.location_id = day.location
    WHERE s.kind = 'dosing' AND s.status IN ('held', 'scheduled', 'checked_in', 'in_progress')
      AND s.starts_at >= day.earliest AND s.starts_at < day.ends
      AND s.ends_at > day.begins),
 who AS MATERIALIZED (
   SELECT DISTINCT p.id FROM mine CROSS JOIN LATERAL (SELECT practice_person(mine.client_id) AS id) p),
 course AS MATERIALIZED (
   SELECT p.id, p.version, p.protocol_id, p.location_id FROM who JOIN programs_program p ON who.id = p.client_id),
 visit AS MATERIALIZED (
   SELECT s.id, s.version FROM who JOIN clinic_sessions_session s ON who.id = s.client_id),
 warned AS MATERIALIZED (
   SELECT t.id, t.version FROM course JOIN screening_safetyalert t ON t.program_id = course.id)
 SELECT concat_ws('.',
   (SELECT sum(version) FROM course),
   (SELECT sum(version) FROM visit),
   (SELECT sum(version) FROM warned),
   (SELECT sum(t.version) FROM who JOIN practice_client t ON t.id = who.id),
   (SELECT sum(t.version) FROM course JOIN programs_protocol t ON t.id = course.protocol_id),
   (SELECT sum(t.version) FROM course JOIN practice_location t ON t.id = course.location_id),
   (SELECT count(*) FROM visit JOIN clinic_sessions_attestation t ON t.session_id = visit.id),
   (SELECT count(*) + count(v.id)
      FROM visit JOIN clinic_sessions_administration t ON t.session_id = visit.id
      LEFT JOIN clinic_sessions_administrationvoid v ON v.administration_id = t.id),
   (SELECT count(*) + count(v.id)
      FROM visit JOIN clinic_sessions_adverseevent t ON t.session_id = visit.id
      LEFT JOIN clinic_sessions_adverseeventreview v ON v.event_id = t.id),
   (SELECT sum(t.version) FROM course JOIN clinic_sessions_obligation t ON t.program_id = course.id),
   (SELECT count(*) + count(v.id)
      FROM mine JOIN clinic_sessions_reading t ON t.session_id = mine.id
      LEFT JOIN clinic_sessions_readingvoid v ON v.reading_id = t.id),
   (SELECT count(*) + count(v.id)
      FROM mine JOIN clinic_sessions_order t ON t.session_id = mine.id
      LEFT JOIN clinic_sessions_orderapproval v ON v.order_id = t.id),
   (SELECT count(*) FROM mine JOIN clinic_sessions_gateoverride t ON t.session_id = mine.id),
   (SELECT sum(t.version) FROM mine JOIN clinic_sessions_alarm t ON t.session_id = mine.id),
   (SELECT sum(t.version) FROM course JOIN screening_consent t ON t.program_id = course.id),
   (SELECT sum(t.version) FROM course JOIN screening_screening t ON t.program_id = course.id),
   (SELECT sum(t.version) FROM course JOIN screening_clearance t ON t.program_id = course.id),
   (SELECT count(*) + count(v.id)
      FROM course JOIN screening_clearance t ON t.program_id = course.id
      JOIN screening_suspension n ON n.clearance_id = t.id
      LEFT JOIN screening_uphold v ON v.suspension_id = n.id),
   (SELECT count(*) FROM who JOIN screening_suspendingfact t ON who.id = t.client_id),
   (SELECT count(*) + count(v.id)
      FROM course JOIN screening_measure t ON t.program_id = course.id
      LEFT JOIN screening_measurevoid v ON v.measure_id = t.id),
   (SELECT count(*) FROM warned JOIN screening_alertrelease t ON t.alert_id = warned.id),
   (SELECT count(*) + count(v.id)
      FROM who JOIN screening_safetyplan t ON who.id = t.client_id
      LEFT JOIN screening_safetyplanvoid v ON v.plan_id = t.id),
   (SELECT count(*) + count(v.id)
      FROM who JOIN screening_labresult t ON who.id = t.client_id
      LEFT JOIN screening_labresultvoid v ON v.lab_result_id = t.id),
   (SELECT string_agg(t.id::text, ',' ORDER BY t.id)
      FROM who JOIN trail_task t ON who.id = t.client
     WHERE t.state = 'open' AND t.kind = 'check_in_safety_concern'),
   (SELECT count(*) FROM mine CROSS JOIN programs_legalrule),
   (SELECT count(*) FROM mine CROSS JOIN programs_legalrulevoid),
   (SELECT count(*) FROM mine CROSS JOIN screening_consentdocument)))
"""


def gate_mark(*, day: str, longest_seconds: int) -> str:
    """The mark of one day at one location, as SQL for a text.

    `day` is what follows SELECT: the location's id, when the day begins, and when the next one does.
    """
    return GATE_MARK.replace("{day}", day).replace("{longest}", str(longest_seconds))
