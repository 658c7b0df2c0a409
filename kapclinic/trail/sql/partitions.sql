-- Tables that only grow are kept by the month: PARTITION BY RANGE of a key that tells when, a UUIDv7 or a timestamptz,
-- one partition a calendar month in UTC, and one named `<table>_default` for every row of no month that was made, so that
-- no insert fails for want of a partition. A partition holds what its table holds: columns, checks, indexes, foreign
-- keys and triggers. Nobody but the owner has a right on it by its own name.

-- The smallest UUIDv7 that can be made at this moment.
CREATE FUNCTION trail_key_of(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT rpad(lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0'), 32, '0')::uuid
$$;

-- The month's first moment as a value of the key by which the table is kept, quoted.
CREATE FUNCTION trail_bound(parent regclass, month date) RETURNS text LANGUAGE sql STABLE STRICT AS $$
    SELECT quote_literal(CASE a.atttypid
        WHEN 'uuid'::regtype THEN trail_key_of(month::timestamp AT TIME ZONE 'UTC')::text
        ELSE (month::timestamp AT TIME ZONE 'UTC')::text END)
    FROM pg_partitioned_table p JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
    WHERE p.partrelid = parent
$$;

CREATE FUNCTION trail_key(parent regclass) RETURNS text LANGUAGE sql STABLE STRICT AS $$
    SELECT quote_ident(a.attname)
    FROM pg_partitioned_table p JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
    WHERE p.partrelid = parent
$$;

CREATE FUNCTION trail_partition(parent regclass, month date) RETURNS text LANGUAGE sql STABLE STRICT AS $$
    SELECT relname || to_char(month, '"_"YYYY"_"MM') FROM pg_class WHERE oid = parent
$$;

CREATE FUNCTION trail_has_partition(parent regclass, month date) RETURNS boolean LANGUAGE sql STABLE STRICT AS $$
    SELECT EXISTS (
        SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = parent AND c.relname = trail_partition(parent, month))
$$;

-- Has this table such rows?
CREATE FUNCTION trail_holds(tab text, condition text) RETURNS boolean LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
    found boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %s)', tab, condition) INTO found;
    RETURN found;
END $$;

-- Does the default partition hold rows of this month?
CREATE FUNCTION trail_is_taken(parent regclass, month date) RETURNS boolean LANGUAGE sql STABLE STRICT AS $$
    SELECT trail_holds(relname || '_default', format('%1$s >= %2$s AND %1$s < %3$s', trail_key(parent),
        trail_bound(parent, month), trail_bound(parent, (month + interval '1 month')::date)))
    FROM pg_class WHERE oid = parent
$$;

-- A trigger for each row comes with a partition by itself; one that speaks once a statement does not.
CREATE FUNCTION trail_guard_partition(parent regclass, part text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    guard record;
BEGIN
    FOR guard IN
        SELECT tgname, tgfoid::regproc AS does FROM pg_trigger
        WHERE tgrelid = parent AND NOT tgisinternal AND tgtype & 35 = 34  -- before, truncate, once a statement
    LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION %s()',
            guard.tgname, part, guard.does);
    END LOOP;
END $$;

-- Makes the month's partition unless it is there; says whether it did. Made aside and then attached: that takes a lock
-- on the table which lets readers and writers pass, and the default partition for a moment.
-- Raises check_violation when the default partition holds rows of the month.
CREATE FUNCTION trail_add_partition(parent regclass, month date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    part text := trail_partition(parent, month);
BEGIN
    EXECUTE format('LOCK TABLE ONLY %s IN SHARE UPDATE EXCLUSIVE MODE', parent);
    IF trail_has_partition(parent, month) THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE %s INCLUDING ALL EXCLUDING IDENTITY)', part, parent);
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', parent, part,
        trail_bound(parent, month), trail_bound(parent, (month + interval '1 month')::date));
    PERFORM trail_guard_partition(parent, part);
    RETURN true;
END $$;

-- For the program, whose role owns nothing: the month's partition of one of our tables that are kept by the month.
-- Only of months to come: none that is over, none more than 13 months ahead of the database's own clock.
CREATE FUNCTION trail_make_partition(tab text, month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    parent regclass;
    today date := (now() AT TIME ZONE 'UTC')::date;
BEGIN
    SELECT c.oid INTO parent FROM pg_class c
    WHERE c.relname = tab AND c.relkind = 'p' AND c.relnamespace = 'public'::regnamespace
        AND c.relowner = current_user::regrole;
    IF parent IS NULL OR month <> date_trunc('month', month::timestamp)
        OR month < date_trunc('month', today::timestamp) OR month > today + interval '13 months' THEN
        RAISE EXCEPTION 'no partition of % is made for %', tab, month USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT trail_has_partition(parent, month) AND trail_is_taken(parent, month) THEN
        RAISE EXCEPTION '%_default holds rows of %', tab, month USING ERRCODE = 'check_violation';
    END IF;
    RETURN trail_add_partition(parent, month);
END $$;

-- For the program: one row a table that is kept by the month, and month from that of `moment` on, `ahead` more; months
-- that are over by the database's own clock, or too far ahead, are left out. Is its partition there, does the default
-- partition hold rows of the month, and any at all?
CREATE FUNCTION trail_partitions(moment timestamptz, ahead int)
RETURNS TABLE (tab text, month date, is_there boolean, is_taken boolean, has_strays boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.relname::text, m.month, trail_has_partition(c.oid, m.month), trail_is_taken(c.oid, m.month),
        trail_holds(c.relname || '_default', 'true')
    FROM pg_class c,
        (SELECT (date_trunc('month', moment AT TIME ZONE 'UTC') + make_interval(months => n))::date AS month
         FROM generate_series(0, ahead) n) m
    WHERE c.relkind = 'p' AND c.relnamespace = 'public'::regnamespace AND c.relowner = current_user::regrole
        AND m.month >= date_trunc('month', now() AT TIME ZONE 'UTC')
        AND m.month <= (now() AT TIME ZONE 'UTC') + interval '13 months'
    ORDER BY 1, 2
$$;

REVOKE EXECUTE ON FUNCTION trail_make_partition(text, date), trail_partitions(timestamptz, int) FROM PUBLIC;

-- Makes a table anew, by the month of `by_key` or, without it, whole; `its_key` are the columns of its primary key then.
-- Holds the table alone until the transaction ends, and returns how many rows went over, which is all of them. What
-- hangs on the table comes along under its own name: checks, keys, foreign keys from and to it, indexes, triggers,
-- comments, rights, the count of its identity column. A partition is made for every month of the last ten years that has
-- rows, and `ahead` months from now on.
CREATE FUNCTION trail_remake(tab text, by_key text, its_key text, ahead int DEFAULT 3) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    was regclass := tab::regclass;
    aside text := tab || '_aside';
    apart text[];  -- what is done before, and what after the rows went over
    again text[];
    counted text;  -- the identity column, and its sequence
    counter text;
    n int;
    month date;
    copied bigint;
    step text;
BEGIN
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', tab);
    SELECT array_agg(format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)) INTO apart
    FROM pg_constraint WHERE confrelid = was AND contype = 'f' AND conparentid = 0 AND conrelid <> was;
    SELECT array_agg(told ORDER BY first) INTO again FROM (
        SELECT 1, format('ALTER TABLE %I ADD CONSTRAINT %I PRIMARY KEY (%s)', tab, conname, its_key)
        FROM pg_constraint WHERE conrelid = was AND contype = 'p'
        UNION ALL
        SELECT 2, replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ')
        FROM pg_index WHERE indrelid = was
            AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
        UNION ALL
        SELECT 3, format('ALTER TABLE %I ADD CONSTRAINT %I %s', tab, conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE conrelid = was AND contype IN ('f', 'u', 'x') AND conparentid = 0
        UNION ALL
        SELECT 4, format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE confrelid = was AND contype = 'f' AND conparentid = 0 AND conrelid <> was
        UNION ALL
        SELECT 5, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = was AND NOT tgisinternal
        UNION ALL
        SELECT 6, format('COMMENT ON TABLE %I IS %L', tab, obj_description(was, 'pg_class'))
        WHERE obj_description(was, 'pg_class') IS NOT NULL
        UNION ALL
        SELECT 7, format('GRANT %s ON %I TO %s', privilege_type, tab,
            CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
        FROM pg_class, aclexplode(relacl) WHERE oid = was AND grantee <> relowner
    ) AS steps(first, told);
    SELECT attname, pg_get_serial_sequence(tab, attname) INTO counted, counter
    FROM pg_attribute WHERE attrelid = was AND attidentity <> '';

    FOREACH step IN ARRAY coalesce(apart, '{}') LOOP
        EXECUTE step;
    END LOOP;
    EXECUTE format('ALTER TABLE %I RENAME TO %I', tab, aside);
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL EXCLUDING INDEXES)%s', tab, aside,
        CASE WHEN by_key IS NULL THEN '' ELSE format(' PARTITION BY RANGE (%I)', by_key) END);
    IF by_key IS NOT NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', tab || '_default', tab);
        FOR n IN -120 .. ahead LOOP
            month := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => n))::date;
            IF n >= 0 OR trail_holds(aside, format(
                '%1$I >= %2$s AND %1$I < %3$s', by_key, trail_bound(tab::regclass, month),
                trail_bound(tab::regclass, (month + interval '1 month')::date))) THEN
                PERFORM trail_add_partition(tab::regclass, month);
            END IF;
        END LOOP;
    END IF;
    EXECUTE format('INSERT INTO %I OVERRIDING SYSTEM VALUE SELECT * FROM %I', tab, aside);
    GET DIAGNOSTICS copied = ROW_COUNT;
    IF counted IS NOT NULL THEN
        EXECUTE format('SELECT setval(%L, last_value, is_called) FROM %s',
            pg_get_serial_sequence(tab, counted), counter);
    END IF;
    EXECUTE format('DROP TABLE %I', aside);
    FOREACH step IN ARRAY again LOOP
        EXECUTE step;
    END LOOP;
    IF counted IS NOT NULL THEN
        EXECUTE format('ALTER SEQUENCE %s RENAME TO %I', pg_get_serial_sequence(tab, counted),
            (parse_ident(counter))[2]);
    END IF;
    PERFORM trail_guard_partition(tab::regclass, c.relname)
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = tab::regclass;
    RETURN copied;
END $$;
