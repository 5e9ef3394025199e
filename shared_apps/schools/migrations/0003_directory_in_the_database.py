"""What keeps lists of schools quick at any number of them, and old addresses from leading anywhere else.

Names are searched for any part of a word without an extension: three letters at a time, in an inverted index.
"""

from django.db import migrations

FOLDED = """
CREATE FUNCTION public.schools_folded(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lower(regexp_replace(normalize(name, NFKD), '[\\u0300-\\u036f]', '', 'g'))
"""
PLAIN = """
CREATE FUNCTION public.schools_plain(name text, timezone text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN public.schools_folded(name || ' ' || timezone)
"""
GRAMS = """
CREATE FUNCTION public.schools_grams(plain text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(array_agg(DISTINCT substr(plain, i, 3)), '{}') FROM generate_series(1, length(plain) - 2) AS i)
"""
INDEXES = [
    "CREATE INDEX school_grams ON public.tenants_school"
    " USING gin (public.schools_grams(public.schools_plain(name, timezone)))",
    "CREATE INDEX school_by_name ON public.tenants_school (public.schools_folded(name), id)",
    "CREATE INDEX school_by_state ON public.tenants_school (state, public.schools_folded(name), id)",
    "CREATE INDEX school_by_region ON public.tenants_school (region text_pattern_ops)",
]
TALLY = """
CREATE FUNCTION public.schools_tally() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND (OLD.region, OLD.state) = (NEW.region, NEW.state) THEN
    RETURN NULL;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO public.schools_schooltally (region, state, difference) VALUES (OLD.region, OLD.state, -1);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO public.schools_schooltally (region, state, difference) VALUES (NEW.region, NEW.state, 1);
  END IF;
  RETURN NULL;
END $$
"""
ADDRESS = """
CREATE FUNCTION public.schools_keep_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.schools_usedslug (slug, school_id) VALUES (NEW.slug, NEW.id) ON CONFLICT (slug) DO NOTHING;
  IF (SELECT school_id FROM public.schools_usedslug WHERE slug = NEW.slug) <> NEW.id THEN
    RAISE EXCEPTION 'this address was another school''s' USING ERRCODE = 'unique_violation';
  END IF;
  RETURN NULL;
END $$
"""
TRIGGERS = [
    "CREATE TRIGGER schools_tally AFTER INSERT OR DELETE OR UPDATE OF region, state ON public.tenants_school"
    " FOR EACH ROW EXECUTE FUNCTION public.schools_tally()",
    "CREATE TRIGGER schools_keep_address AFTER INSERT OR UPDATE OF slug ON public.tenants_school"
    " FOR EACH ROW EXECUTE FUNCTION public.schools_keep_address()",
]
BEFORE = [
    "INSERT INTO public.schools_schooltally (region, state, difference)"
    " SELECT region, state, count(*) FROM public.tenants_school GROUP BY region, state",
    "INSERT INTO public.schools_usedslug (slug, school_id) SELECT slug, id FROM public.tenants_school",
]


class Migration(migrations.Migration):
    dependencies = [("schools", "0002_directory")]

    operations = [
        migrations.RunSQL(
            [FOLDED, PLAIN, GRAMS, *INDEXES],
            [
                *(f"DROP INDEX public.{index.split()[2]}" for index in INDEXES),
                "DROP FUNCTION public.schools_grams(text)",
                "DROP FUNCTION public.schools_plain(text, text)",
                "DROP FUNCTION public.schools_folded(text)",
            ],
        ),
        migrations.RunSQL(
            [TALLY, ADDRESS, *TRIGGERS, *BEFORE],
            [
                "DROP TRIGGER schools_keep_address ON public.tenants_school",
                "DROP TRIGGER schools_tally ON public.tenants_school",
                "DROP FUNCTION public.schools_keep_address()",
                "DROP FUNCTION public.schools_tally()",
            ],
        ),
    ]
