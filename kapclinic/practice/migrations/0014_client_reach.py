"""From which places a client's record may be reached: what the second wall asks of a client (kapclinic/trail/wall.py)."""

from django.db import migrations

# Every place of the person: where any of their registrations is or ever was, and where they have a course or a session.
# It is the database's own, and kept by triggers; it shrinks only when two turn out not to be one person after all.
ADD = """
ALTER TABLE practice_client ADD COLUMN reach text[];

CREATE FUNCTION practice_reach_anew(which uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE practice_client c SET reach = ARRAY(
        SELECT DISTINCT place::text FROM practice_person(c.id) AS same (pk), LATERAL (
            SELECT unnest(own.locations) FROM practice_client own WHERE own.id = same.pk
            UNION ALL SELECT unnest(was.locations) FROM practice_historicalclient was WHERE was.id = same.pk
            UNION ALL SELECT location_id FROM programs_program WHERE client_id = same.pk
            UNION ALL SELECT location_id FROM clinic_sessions_session WHERE client_id = same.pk
        ) AS known (place) ORDER BY 1)
    WHERE c.id = ANY (which);
END $$;

CREATE FUNCTION practice_reach_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NOT coalesce(NEW.reach, '{}') @> NEW.locations::text[] THEN
        NEW.reach := ARRAY(SELECT DISTINCT unnest(coalesce(NEW.reach, '{}') || NEW.locations::text[]) ORDER BY 1);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER practice_reach_grows BEFORE INSERT OR UPDATE OF locations ON practice_client
FOR EACH ROW EXECUTE FUNCTION practice_reach_grows();

CREATE FUNCTION practice_reach_of_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE practice_client SET reach = ARRAY(SELECT DISTINCT unnest(reach || NEW.reach) ORDER BY 1)
    WHERE id IN (SELECT practice_person(NEW.id)) AND id <> NEW.id AND NOT reach @> NEW.reach;
    RETURN NULL;
END $$;
CREATE TRIGGER practice_reach_of_person AFTER UPDATE OF locations ON practice_client FOR EACH ROW
WHEN (OLD.reach IS DISTINCT FROM NEW.reach) EXECUTE FUNCTION practice_reach_of_person();

CREATE FUNCTION practice_reach_of_alias() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM practice_reach_anew(ARRAY(
        SELECT practice_person(NEW.client_id) UNION SELECT practice_person(NEW.into_id)
    ));
    RETURN NULL;
END $$;
CREATE TRIGGER practice_reach_of_alias AFTER INSERT OR UPDATE ON practice_clientalias
FOR EACH ROW EXECUTE FUNCTION practice_reach_of_alias();

-- Of a row with a client and a location, a course or a session, whose tables get it with the wall.
CREATE FUNCTION practice_reach_of_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE practice_client
    SET reach = ARRAY(SELECT DISTINCT unnest(coalesce(reach, '{}') || NEW.location_id::text) ORDER BY 1)
    WHERE id IN (SELECT practice_person(NEW.client_id)) AND NOT coalesce(reach, '{}') @> ARRAY[NEW.location_id::text];
    RETURN NULL;
END $$;
"""
DROP = """
DROP FUNCTION practice_reach_of_row() CASCADE;
DROP TRIGGER practice_reach_of_alias ON practice_clientalias;
DROP TRIGGER practice_reach_of_person ON practice_client;
DROP TRIGGER practice_reach_grows ON practice_client;
DROP FUNCTION practice_reach_of_alias(), practice_reach_of_person(), practice_reach_grows(), practice_reach_anew(uuid[]);
ALTER TABLE practice_client DROP COLUMN reach;
"""


class Migration(migrations.Migration):
    dependencies = [("practice", "0013_narrowed_tokens")]

    operations = [migrations.RunSQL(ADD, DROP)]
