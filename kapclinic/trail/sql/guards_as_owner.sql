-- Guards look at all rows, whoever makes them look: every trigger's function runs as the owner.
DO $$
DECLARE
    guard regprocedure;
BEGIN
    FOR guard IN
        SELECT p.oid FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace AND p.prorettype = 'trigger'::regtype
            AND pg_get_userbyid(p.proowner) = current_user
            AND NOT p.prosecdef
    LOOP
        EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER SET %I TO public, pg_temp', guard, 'search_path');
    END LOOP;
END $$
