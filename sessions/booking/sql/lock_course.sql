-- Locks the row of a course until the transaction ends, and behind it, as every booking does, some resources and its
-- client. The ids of the client; null, and nothing is locked, when there is no such course.
--
-- A function, so that a request can lock with the statement that takes its key: each of its statements sees what was
-- committed by then, so the client's ids are read behind the lock of the course.
CREATE FUNCTION clinic_sessions_lock_course(course uuid, wanted uuid[]) RETURNS uuid[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    whose uuid;
BEGIN
    SELECT client_id INTO whose FROM programs_program WHERE id = course FOR NO KEY UPDATE;
    RETURN CASE WHEN whose IS NOT NULL THEN clinic_sessions_lock(whose, wanted, true) END;
END $$;
