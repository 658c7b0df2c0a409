-- What an index answers whose operator tells of what it compares (LIKE, &&): a policy keeps a statement from using it
-- before the policy has spoken. These functions run as the owner, before whom there is no wall then (`wall_is_down`), and
-- look at the scope themselves. Whoever asks for a row that one of them names stands before the wall again.

-- Clients whose search text is like every one of these patterns.
CREATE OR REPLACE FUNCTION practice_found(patterns text[]) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    scope text := current_setting('kap.scope', true);
    places text[] := wall_places(scope);
    longest text := (SELECT one FROM unnest(patterns) AS one ORDER BY length(one) DESC, one LIMIT 1);
BEGIN
    RETURN QUERY SELECT c.id FROM practice_client c
        WHERE c.search_text LIKE longest AND c.search_text LIKE ALL (patterns)
            AND (wall_is_whole(scope) OR coalesce(c.reach, c.locations::text[]) && places);
END $$;

-- Clients who were born on this day, or whose search text is like one of these patterns.
CREATE OR REPLACE FUNCTION practice_near(born date, patterns text[]) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    scope text := current_setting('kap.scope', true);
    places text[] := wall_places(scope);
    one text;
BEGIN
    RETURN QUERY SELECT c.id FROM practice_client c
        WHERE c.date_of_birth = born AND (wall_is_whole(scope) OR coalesce(c.reach, c.locations::text[]) && places);
    FOREACH one IN ARRAY patterns LOOP
        RETURN QUERY SELECT c.id FROM practice_client c
            WHERE c.search_text LIKE one
                AND (wall_is_whole(scope) OR coalesce(c.reach, c.locations::text[]) && places);
    END LOOP;
END $$;

-- Events about one of these clients from `since` on and before `until`, where they are given.
CREATE OR REPLACE FUNCTION trail_about(which uuid[], since timestamptz, until timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE PARALLEL SAFE ROWS 200 SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT e.id FROM trail_auditevent e
    WHERE e.clients && which AND (since IS NULL OR e.created_at >= since) AND (until IS NULL OR e.created_at < until)
        AND (wall_is_whole(current_setting('kap.scope', true))
            OR wall_whose(current_setting('kap.scope', true)) = e.created_by::text
            OR wall_of_clients(e.clients, current_setting('kap.scope', true)))
$$;

-- Superbills and receipts that hold any of these charges.
CREATE OR REPLACE FUNCTION billing_papers(which uuid[]) RETURNS SETOF uuid
LANGUAGE sql STABLE PARALLEL SAFE ROWS 5 SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH asked AS MATERIALIZED (SELECT current_setting('kap.scope', true) AS scope),
    held AS (
        SELECT id, client_id, locations FROM billing_superbill WHERE charges && which
        UNION ALL
        SELECT id, client_id, locations FROM billing_receipt WHERE charges && which
    )
    SELECT held.id FROM held, asked
    WHERE wall_is_whole(scope) OR held.locations::text[] && wall_places(scope)
        OR wall_of_practice_client(held.client_id, scope)
$$;
