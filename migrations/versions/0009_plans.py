"""Plans of several days, by the forecast and anew: crews, skills, harvests, places, successors."""

from migrations.support import drop, run, tenant_table

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KINDS = "('insecticide', 'fungicide', 'herbicide', 'foliar')"
TABLES = """
CREATE TABLE mix_point (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  name VARCHAR NOT NULL,
  lon FLOAT NOT NULL,
  lat FLOAT NOT NULL,
  fill_s INTEGER NOT NULL,
  open_s INTEGER NOT NULL,
  close_s INTEGER NOT NULL,
  in_use BOOLEAN NOT NULL,
  row_version INTEGER DEFAULT 1 NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT mix_point_name_key UNIQUE (org_id, name),
  CONSTRAINT mix_point_hours CHECK (fill_s >= 0 AND open_s >= 0 AND close_s <= 86400
      AND open_s + fill_s <= close_s AND open_s < close_s),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE TABLE spray_zone (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  name VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  polygon JSONB NOT NULL,
  buffer_m INTEGER NOT NULL,
  products JSONB DEFAULT '[]'::jsonb NOT NULL,
  in_use BOOLEAN NOT NULL,
  row_version INTEGER DEFAULT 1 NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT spray_zone_name_key UNIQUE (org_id, name),
  CONSTRAINT spray_zone_kind CHECK (kind IN ('no_spray', 'no_fly')),
  CONSTRAINT spray_zone_buffer CHECK (buffer_m BETWEEN 0 AND 10000),
  CONSTRAINT spray_zone_products CHECK (kind = 'no_spray' OR products = '[]'::jsonb),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);
"""
COLUMNS = f"""
ALTER TABLE crew
  ADD COLUMN pilots INTEGER DEFAULT 1 NOT NULL,
  ADD COLUMN cluster_permit VARCHAR,
  ADD COLUMN water_ml BIGINT,
  ADD COLUMN rests JSONB DEFAULT '[]'::jsonb NOT NULL,
  ADD COLUMN shift_start_s INTEGER DEFAULT 18000 NOT NULL,
  ADD COLUMN shift_end_s INTEGER DEFAULT 75600 NOT NULL,
  ADD CONSTRAINT crew_pilots CHECK (pilots BETWEEN 1 AND 20),
  ADD CONSTRAINT crew_water CHECK (water_ml > 0),
  ADD CONSTRAINT crew_shift CHECK (shift_start_s >= 0 AND shift_start_s < shift_end_s
      AND shift_end_s <= 86400);

ALTER TABLE drone ADD COLUMN skills JSONB DEFAULT '[]'::jsonb NOT NULL;

ALTER TABLE spray_order
  ADD COLUMN product_kind VARCHAR DEFAULT 'insecticide' NOT NULL,
  ADD COLUMN harvest_on DATE,
  ADD COLUMN skills JSONB DEFAULT '[]'::jsonb NOT NULL,
  ADD CONSTRAINT spray_order_product_kind CHECK (product_kind IN {KINDS});

ALTER TABLE spray_job
  ADD COLUMN product_kind VARCHAR DEFAULT 'insecticide' NOT NULL,
  ADD COLUMN pre_harvest_days INTEGER DEFAULT 0 NOT NULL,
  ADD COLUMN harvest_on DATE,
  ADD COLUMN skills JSONB DEFAULT '[]'::jsonb NOT NULL,
  ADD CONSTRAINT spray_job_product_kind CHECK (product_kind IN {KINDS});

ALTER TABLE dispatch_plan
  ADD COLUMN days INTEGER DEFAULT 1 NOT NULL,
  ADD COLUMN predecessor_id UUID,
  ADD COLUMN drone_names JSONB,
  ADD COLUMN forecast VARCHAR,
  ADD COLUMN weather JSONB,
  ADD CONSTRAINT dispatch_plan_days CHECK (days BETWEEN 1 AND 14),
  ADD CONSTRAINT dispatch_plan_predecessor_fkey FOREIGN KEY(org_id, predecessor_id)
      REFERENCES dispatch_plan (org_id, id),
  DROP CONSTRAINT dispatch_plan_state,
  ADD CONSTRAINT dispatch_plan_state CHECK (state IN ('queued', 'solving', 'solved', 'published',
      'in_progress', 'reported', 'failed', 'cancelled', 'superseded'));

ALTER TABLE plan_stop
  DROP CONSTRAINT plan_stop_state,
  ADD CONSTRAINT plan_stop_state CHECK (state IN ('planned', 'done', 'skipped', 'superseded'));
"""
BACK = """
ALTER TABLE plan_stop DROP CONSTRAINT plan_stop_state;
UPDATE plan_stop SET state = 'skipped', reason = coalesce(reason, '改排')
WHERE state = 'superseded';
ALTER TABLE plan_stop
  ADD CONSTRAINT plan_stop_state CHECK (state IN ('planned', 'done', 'skipped'));

ALTER TABLE dispatch_plan DROP CONSTRAINT dispatch_plan_state;
UPDATE dispatch_plan SET state = 'cancelled' WHERE state = 'superseded';
ALTER TABLE dispatch_plan
  ADD CONSTRAINT dispatch_plan_state CHECK (state IN ('queued', 'solving', 'solved', 'published',
      'in_progress', 'reported', 'failed', 'cancelled')),
  DROP COLUMN days, DROP COLUMN predecessor_id, DROP COLUMN drone_names, DROP COLUMN forecast,
  DROP COLUMN weather;

ALTER TABLE spray_job
  DROP COLUMN product_kind, DROP COLUMN pre_harvest_days, DROP COLUMN harvest_on,
  DROP COLUMN skills;

ALTER TABLE spray_order
  DROP COLUMN product_kind, DROP COLUMN harvest_on, DROP COLUMN skills;

ALTER TABLE drone DROP COLUMN skills;

ALTER TABLE crew
  DROP COLUMN pilots, DROP COLUMN cluster_permit, DROP COLUMN water_ml, DROP COLUMN rests,
  DROP COLUMN shift_start_s, DROP COLUMN shift_end_s;
"""


def upgrade() -> None:
    """Apply the revision."""
    run(TABLES, COLUMNS)
    for name in ("mix_point", "spray_zone"):
        tenant_table(name)
    # A solved plan that a person edits gets its stops anew.
    run("GRANT DELETE ON plan_stop TO tgj_app")


def downgrade() -> None:
    """Undo the revision; an owner who is no superuser has to see the rows that it changes."""
    run(
        "REVOKE DELETE ON plan_stop FROM tgj_app",
        "ALTER TABLE plan_stop NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE dispatch_plan NO FORCE ROW LEVEL SECURITY",
        BACK,
        "ALTER TABLE plan_stop FORCE ROW LEVEL SECURITY",
        "ALTER TABLE dispatch_plan FORCE ROW LEVEL SECURITY",
    )
    drop("spray_zone", "mix_point")
