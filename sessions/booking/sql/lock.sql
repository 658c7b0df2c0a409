-- Takes the locks of some resources and of a client under every id, in the order of their keys
-- (`allocations.lock_key`), until the transaction ends. The ids of the client, sorted; null, without `waits`, when
-- somebody else has one of the locks.
CREATE FUNCTION clinic_sessions_lock(whose uuid, wanted uuid[], waits boolean) RETURNS uuid[]
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    ids uuid[];
    done boolean;
BEGIN
    WITH person AS MATERIALIZED (
        SELECT practice_person(whose) AS id
    ),
    keys AS MATERIALIZED (
        SELECT DISTINCT ('x' || encode(substr(sha256(uuid_send(id)), 1, 8), 'hex'))::bit(64)::bigint AS key
        FROM (SELECT unnest(wanted) AS id UNION ALL SELECT id FROM person) AS resource
        ORDER BY key
    ),
    locked AS MATERIALIZED (
        SELECT CASE WHEN waits THEN pg_advisory_xact_lock(key) IS NOT NULL
                    ELSE pg_try_advisory_xact_lock(key) END AS done
        FROM keys
    )
    SELECT (SELECT array_agg(id ORDER BY id) FROM person), (SELECT bool_and(locked.done) FROM locked) INTO ids, done;
    RETURN CASE WHEN done THEN ids END;
END $$;
