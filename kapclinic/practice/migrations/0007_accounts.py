"""The practice keeps an administrator; and the log of Django's admin site, which is gone, goes with it."""

from typing import ClassVar

from django.db import migrations

GUARD = """
CREATE FUNCTION practice_user_last_administrator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('practice:administrators', 0));
    IF NOT EXISTS (SELECT FROM practice_user WHERE is_active AND 'admin' = ANY(roles) AND id <> OLD.id) THEN
        RAISE EXCEPTION 'the last administrator stays' USING ERRCODE = 'KA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER practice_user_last_administrator BEFORE UPDATE ON practice_user FOR EACH ROW
WHEN (OLD.is_active AND 'admin' = ANY(OLD.roles) AND NOT (NEW.is_active AND 'admin' = ANY(NEW.roles)))
EXECUTE FUNCTION practice_user_last_administrator();
"""
UNGUARD = """
DROP TRIGGER practice_user_last_administrator ON practice_user;
DROP FUNCTION practice_user_last_administrator();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("practice", "0006_client_links")]

    operations: ClassVar = [
        migrations.RunSQL(GUARD, UNGUARD),
        migrations.RunSQL("DROP TABLE IF EXISTS django_admin_log", migrations.RunSQL.noop),
    ]
