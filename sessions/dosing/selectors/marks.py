"""Has anything changed that the gates of a day look at? Their part of the day mark says so, and asks no gate."""

from __future__ import annotations

from kapclinic.core.versions import every_version, told, version

# For the sessions of the day that may still be dosed (`mine`) and their clients (`persons`), the versions of all that
# `asked.questions` reads. `tests/sessions/dosing/test_marks.py` holds this against the questions: no table of theirs
# may be missing. A dose has one version with its void, and so has all else that is voided or looked through.
ROWS = (
    "practice_client t WHERE t.id = ANY (persons)",
    "programs_protocol t WHERE t.id = ANY (protocols)",
    "practice_location t WHERE t.id = ANY (locations)",
    "clinic_sessions_attestation t WHERE t.session_id = ANY (visits)",
    """clinic_sessions_administration t LEFT JOIN clinic_sessions_administrationvoid v ON v.administration_id = t.id
        WHERE t.session_id = ANY (visits)""",
    """clinic_sessions_adverseevent t LEFT JOIN clinic_sessions_adverseeventreview v ON v.event_id = t.id
        WHERE t.session_id = ANY (visits)""",
    "clinic_sessions_obligation t WHERE t.program_id = ANY (courses)",
    """clinic_sessions_reading t LEFT JOIN clinic_sessions_readingvoid v ON v.reading_id = t.id
        WHERE t.session_id = ANY (visits) AND (t.session_id = ANY (mine) OR t.measured_at >= day_begins)""",
    """clinic_sessions_order t LEFT JOIN clinic_sessions_orderapproval v ON v.order_id = t.id
        WHERE t.session_id = ANY (mine)""",
    "clinic_sessions_gateoverride t WHERE t.session_id = ANY (mine)",
    "clinic_sessions_alarm t WHERE t.session_id = ANY (mine)",
    "screening_consent t WHERE t.program_id = ANY (courses)",
    "screening_screening t WHERE t.program_id = ANY (courses)",
    "screening_clearance t WHERE t.program_id = ANY (courses)",
    """screening_clearance c JOIN screening_suspension t ON t.clearance_id = c.id
        LEFT JOIN screening_uphold v ON v.suspension_id = t.id WHERE c.program_id = ANY (courses)""",
    "screening_suspendingfact t WHERE t.client_id = ANY (persons)",
    """screening_measure t LEFT JOIN screening_measurevoid v ON v.measure_id = t.id
        WHERE t.program_id = ANY (courses)""",
    "screening_safetyalert t WHERE t.program_id = ANY (courses)",
    """screening_safetyalert a JOIN screening_alertrelease t ON t.alert_id = a.id
        WHERE a.program_id = ANY (courses)""",
    """screening_safetyplan t LEFT JOIN screening_safetyplanvoid v ON v.plan_id = t.id
        WHERE t.client_id = ANY (persons)""",
    """screening_labresult t LEFT JOIN screening_labresultvoid v ON v.lab_result_id = t.id
        WHERE t.client_id = ANY (persons)""",
    """trail_task t
        WHERE t.client = ANY (persons) AND t.state = 'open' AND t.kind = 'check_in_safety_concern'""",
    "programs_legalrule t",
    "programs_legalrulevoid t",
    "screening_consentdocument t",
)
# Part of a function in PL/pgSQL with variables `mine`, `persons`, `courses`, `protocols`, `locations` and `visits`
# (uuid[]), `day_begins` (timestamptz), `counted` (text) and `seen` (text[]). Given are `day_begins` and the first two,
# `persons` as any of their registrations. A reading of an earlier session of the day says whether it ended on HOLD.
GATE_MARK = f"""
    persons := ARRAY(
        SELECT DISTINCT p.id FROM unnest(persons) AS c (id) CROSS JOIN LATERAL practice_person(c.id) AS p (id));
    SELECT array_agg(t.id), array_agg(DISTINCT t.protocol_id), array_agg(DISTINCT t.location_id),
           {told(version("t", 0))}
      INTO courses, protocols, locations, counted
      FROM programs_program t WHERE t.client_id = ANY (persons);
    seen := seen || counted;
    SELECT array_agg(t.id), {told(version("t", 0))} INTO visits, counted
      FROM clinic_sessions_session t WHERE t.client_id = ANY (persons);
    seen := seen || counted;
    SELECT {told("version")} INTO counted FROM ({every_version(ROWS)}) rows;
    seen := seen || counted;"""  # noqa: S608  (names of ours)
