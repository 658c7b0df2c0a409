-- Takes the lock of an Idempotency-Key until the transaction ends, and looks whether the key has acted before.
--
-- A function, because the look must come after the lock: each of its statements sees what was committed by then, while
-- one statement that did both would see what was there when it began, and miss the record of the request before it.
CREATE FUNCTION trail_take_key(lock_of bigint, whose uuid, by_method text, on_path text, named text)
RETURNS TABLE (is_ours boolean, has_acted boolean, was_hmac text, was_status int, was_answer text, was_etag text)
LANGUAGE plpgsql VOLATILE ROWS 1 AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(lock_of) THEN
        RETURN QUERY SELECT false, false, NULL::text, NULL::int, NULL::text, NULL::text;
        RETURN;
    END IF;
    RETURN QUERY
        SELECT true, true, r.body_hmac::text, r.status::int, r.answer::text, r.etag::text
        FROM trail_idempotencyrecord AS r
        WHERE r.user_id = whose AND r.method = by_method AND r.path = on_path AND r.key = named;
    IF NOT FOUND THEN
        RETURN QUERY SELECT true, false, NULL::text, NULL::int, NULL::text, NULL::text;
    END IF;
END $$;
