-- Locks a session's row until the transaction ends, and before it, `with_course`, the row of its program: the order of
-- every writer. True, also where there is no such session.
--
-- A function, so that a request can lock with the statement that takes its key, and reads all else behind the lock.
CREATE FUNCTION clinic_sessions_hold(which uuid, with_course boolean) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF with_course THEN
        PERFORM FROM programs_program
            WHERE id = (SELECT program_id FROM clinic_sessions_session WHERE id = which) FOR NO KEY UPDATE;
    END IF;
    PERFORM FROM clinic_sessions_session WHERE id = which FOR UPDATE;
    RETURN true;
END $$;
