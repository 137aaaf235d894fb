"""Operations: spray orders, drones, plans, records, settlement."""

from migrations.support import append_only, drop, run, tenant_table

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE spray_order (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  number VARCHAR NOT NULL,
  contract_id UUID NOT NULL,
  provider_org_id BIGINT NOT NULL,
  season VARCHAR NOT NULL,
  crop VARCHAR NOT NULL,
  target VARCHAR NOT NULL,
  product VARCHAR NOT NULL,
  registration_no VARCHAR NOT NULL,
  manufacturer VARCHAR NOT NULL,
  dose_ml_per_mu INTEGER NOT NULL,
  liquid_ml_per_mu INTEGER NOT NULL,
  pre_harvest_days INTEGER NOT NULL,
  earliest_at TIMESTAMP WITH TIME ZONE NOT NULL,
  latest_at TIMESTAMP WITH TIME ZONE NOT NULL,
  priority INTEGER NOT NULL,
  state VARCHAR NOT NULL,
  release_version INTEGER NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  row_version INTEGER DEFAULT 1 NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT spray_order_number_key UNIQUE (org_id, number),
  CONSTRAINT spray_order_contract_fkey FOREIGN KEY(org_id, contract_id) REFERENCES
      trusteeship_contract (org_id, id),
  CONSTRAINT spray_order_state CHECK (state IN ('draft', 'released', 'planned', 'in_progress',
      'reported', 'accepted', 'settled', 'cancelled')),
  CONSTRAINT spray_order_window CHECK (latest_at > earliest_at),
  CONSTRAINT spray_order_priority CHECK (priority BETWEEN 0 AND 100),
  CONSTRAINT spray_order_quantities CHECK (dose_ml_per_mu > 0 AND liquid_ml_per_mu > 0),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE TABLE spray_order_parcel (
  org_id BIGINT NOT NULL,
  order_id UUID NOT NULL,
  parcel_id UUID NOT NULL,
  contract_id UUID NOT NULL,
  contract_line INTEGER NOT NULL,
  round INTEGER NOT NULL,
  ordered_centimu BIGINT NOT NULL,
  skip_reason VARCHAR,
  withdrawn_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (org_id, order_id, parcel_id),
  CONSTRAINT spray_order_parcel_order_fkey FOREIGN KEY(org_id, order_id) REFERENCES spray_order
      (org_id, id),
  CONSTRAINT spray_order_parcel_parcel_fkey FOREIGN KEY(org_id, parcel_id) REFERENCES parcel
      (org_id, id),
  CONSTRAINT spray_order_parcel_line_fkey FOREIGN KEY(org_id, contract_id, contract_line)
      REFERENCES contract_line (org_id, contract_id, line),
  CONSTRAINT spray_order_parcel_area CHECK (ordered_centimu > 0),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE UNIQUE INDEX spray_order_parcel_round_key ON spray_order_parcel (org_id, contract_id,
    contract_line, round) WHERE withdrawn_at IS NULL;

CREATE TABLE operation_record (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  order_id UUID NOT NULL,
  parcel_id UUID NOT NULL,
  release_version INTEGER NOT NULL,
  drone_registration VARCHAR NOT NULL,
  pilot VARCHAR NOT NULL,
  started_at TIMESTAMP WITH TIME ZONE NOT NULL,
  finished_at TIMESTAMP WITH TIME ZONE NOT NULL,
  product VARCHAR NOT NULL,
  liquid_ml BIGINT NOT NULL,
  flown_centimu BIGINT NOT NULL,
  report_reason VARCHAR,
  weather JSONB,
  state VARCHAR NOT NULL,
  accepted_centimu BIGINT,
  acceptance_reason VARCHAR,
  accepted_by UUID,
  accepted_at TIMESTAMP WITH TIME ZONE,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT operation_record_order_fkey FOREIGN KEY(org_id, order_id, parcel_id) REFERENCES
      spray_order_parcel (org_id, order_id, parcel_id),
  CONSTRAINT operation_record_once_key UNIQUE (org_id, order_id, parcel_id, release_version),
  CONSTRAINT operation_record_state CHECK (state IN ('reported', 'accepted', 'disputed')),
  CONSTRAINT operation_record_accepted CHECK ((state = 'accepted') = (accepted_centimu IS NOT
      NULL)),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE INDEX operation_record_parcel_idx ON operation_record (org_id, parcel_id);

CREATE TABLE settlement (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  order_id UUID NOT NULL,
  farmer_fen BIGINT NOT NULL,
  provider_fen BIGINT NOT NULL,
  voucher_id UUID,
  settled_by UUID NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT settlement_order_key UNIQUE (org_id, order_id),
  CONSTRAINT settlement_order_fkey FOREIGN KEY(org_id, order_id) REFERENCES spray_order (org_id,
      id),
  CONSTRAINT settlement_voucher_fkey FOREIGN KEY(org_id, voucher_id) REFERENCES voucher (org_id,
      id),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE TABLE settlement_line (
  org_id BIGINT NOT NULL,
  settlement_id UUID NOT NULL,
  parcel_id UUID NOT NULL,
  household_id UUID NOT NULL,
  accepted_centimu BIGINT NOT NULL,
  farmer_price_fen BIGINT NOT NULL,
  farmer_fen BIGINT NOT NULL,
  provider_price_fen BIGINT NOT NULL,
  provider_fen BIGINT NOT NULL,
  PRIMARY KEY (org_id, settlement_id, parcel_id),
  CONSTRAINT settlement_line_settlement_fkey FOREIGN KEY(org_id, settlement_id) REFERENCES
      settlement (org_id, id),
  CONSTRAINT settlement_line_parcel_fkey FOREIGN KEY(org_id, parcel_id) REFERENCES parcel
      (org_id, id),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE INDEX settlement_line_household_idx ON settlement_line (org_id, household_id);

CREATE TABLE order_event (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  order_id UUID NOT NULL,
  from_state VARCHAR,
  to_state VARCHAR NOT NULL,
  actor_id UUID,
  reason VARCHAR,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT order_event_order_fkey FOREIGN KEY(org_id, order_id) REFERENCES spray_order
      (org_id, id),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE INDEX order_event_order_idx ON order_event (org_id, order_id, id);

CREATE TABLE crew (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  name VARCHAR NOT NULL,
  pilot VARCHAR NOT NULL,
  pilot_user_id UUID,
  certificate_until DATE NOT NULL,
  home_lon FLOAT NOT NULL,
  home_lat FLOAT NOT NULL,
  row_version INTEGER DEFAULT 1 NOT NULL,
  PRIMARY KEY (org_id, id),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE TABLE drone (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  name VARCHAR NOT NULL,
  serial_no VARCHAR NOT NULL,
  registration_no VARCHAR NOT NULL,
  model VARCHAR NOT NULL,
  crew_id UUID NOT NULL,
  insured_until DATE NOT NULL,
  state VARCHAR NOT NULL,
  row_version INTEGER DEFAULT 1 NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT drone_serial_key UNIQUE (org_id, serial_no),
  CONSTRAINT drone_name_key UNIQUE (org_id, name),
  CONSTRAINT drone_crew_fkey FOREIGN KEY(org_id, crew_id) REFERENCES crew (org_id, id),
  CONSTRAINT drone_state CHECK (state IN ('ready', 'broken', 'retired')),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE TABLE spray_job (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  source_org_id BIGINT NOT NULL,
  source_order_id UUID NOT NULL,
  release_version INTEGER NOT NULL,
  number VARCHAR NOT NULL,
  collective_name VARCHAR NOT NULL,
  crop VARCHAR NOT NULL,
  target VARCHAR NOT NULL,
  product VARCHAR NOT NULL,
  registration_no VARCHAR NOT NULL,
  manufacturer VARCHAR NOT NULL,
  dose_ml_per_mu INTEGER NOT NULL,
  liquid_ml_per_mu INTEGER NOT NULL,
  earliest_at TIMESTAMP WITH TIME ZONE NOT NULL,
  latest_at TIMESTAMP WITH TIME ZONE NOT NULL,
  priority INTEGER NOT NULL,
  area_tolerance_permille INTEGER NOT NULL,
  state VARCHAR NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT spray_job_source_key UNIQUE (org_id, source_org_id, source_order_id, release_version),
  CONSTRAINT spray_job_state CHECK (state IN ('received', 'planned', 'in_progress', 'reported',
      'withdrawn')),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE TABLE spray_job_plot (
  org_id BIGINT NOT NULL,
  job_id UUID NOT NULL,
  parcel_id UUID NOT NULL,
  parcel_code VARCHAR NOT NULL,
  block VARCHAR,
  area_centimu BIGINT NOT NULL,
  polygon JSONB NOT NULL,
  PRIMARY KEY (org_id, job_id, parcel_id),
  CONSTRAINT spray_job_plot_job_fkey FOREIGN KEY(org_id, job_id) REFERENCES spray_job (org_id, id),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE TABLE dispatch_plan (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  day DATE NOT NULL,
  state VARCHAR NOT NULL,
  request JSONB NOT NULL,
  grounded JSONB DEFAULT '[]'::jsonb NOT NULL,
  snapshot VARCHAR NOT NULL,
  progress JSONB,
  plan JSONB,
  problem JSONB,
  ordered_centimu BIGINT NOT NULL,
  planned_centimu BIGINT,
  violations INTEGER,
  failure VARCHAR,
  made_by UUID NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  row_version INTEGER DEFAULT 1 NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT dispatch_plan_state CHECK (state IN ('queued', 'solving', 'solved', 'published',
      'in_progress', 'reported', 'failed', 'cancelled')),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE INDEX dispatch_plan_day_idx ON dispatch_plan (org_id, day);

CREATE TABLE plan_stop (
  org_id BIGINT NOT NULL,
  plan_id UUID NOT NULL,
  drone_id UUID NOT NULL,
  seq INTEGER NOT NULL,
  job_id UUID NOT NULL,
  parcel_id UUID NOT NULL,
  start_at TIMESTAMP WITH TIME ZONE NOT NULL,
  finish_at TIMESTAMP WITH TIME ZONE NOT NULL,
  area_centimu BIGINT NOT NULL,
  liquid_ml BIGINT NOT NULL,
  state VARCHAR NOT NULL,
  flown_centimu BIGINT,
  flown_from TIMESTAMP WITH TIME ZONE,
  flown_to TIMESTAMP WITH TIME ZONE,
  used_ml BIGINT,
  weather JSONB,
  reported_at TIMESTAMP WITH TIME ZONE,
  reason VARCHAR,
  PRIMARY KEY (org_id, plan_id, drone_id, seq),
  CONSTRAINT plan_stop_plan_fkey FOREIGN KEY(org_id, plan_id) REFERENCES dispatch_plan (org_id, id),
  CONSTRAINT plan_stop_drone_fkey FOREIGN KEY(org_id, drone_id) REFERENCES drone (org_id, id),
  CONSTRAINT plan_stop_plot_fkey FOREIGN KEY(org_id, job_id, parcel_id) REFERENCES
      spray_job_plot (org_id, job_id, parcel_id),
  CONSTRAINT plan_stop_plot_key UNIQUE (org_id, plan_id, job_id, parcel_id),
  CONSTRAINT plan_stop_state CHECK (state IN ('planned', 'done', 'skipped')),
  CONSTRAINT plan_stop_times CHECK (finish_at > start_at),
  CONSTRAINT plan_stop_done CHECK ((state = 'done') = (flown_centimu IS NOT NULL AND flown_from
      IS NOT NULL AND flown_to IS NOT NULL AND used_ml IS NOT NULL)),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE INDEX plan_stop_plot_idx ON plan_stop (org_id, job_id, parcel_id);

CREATE TABLE drone_day (
  org_id BIGINT NOT NULL,
  drone_id UUID NOT NULL,
  day DATE NOT NULL,
  plan_id UUID NOT NULL,
  PRIMARY KEY (org_id, drone_id, day),
  CONSTRAINT drone_day_plan_fkey FOREIGN KEY(org_id, plan_id) REFERENCES dispatch_plan (org_id, id),
  CONSTRAINT drone_day_drone_fkey FOREIGN KEY(org_id, drone_id) REFERENCES drone (org_id, id),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);
"""

TABLE_NAMES = (
    "spray_order",
    "spray_order_parcel",
    "operation_record",
    "settlement",
    "settlement_line",
    "order_event",
    "crew",
    "drone",
    "spray_job",
    "spray_job_plot",
    "dispatch_plan",
    "plan_stop",
    "drone_day",
)


def upgrade() -> None:
    """Apply the revision."""
    run(TABLES)
    for name in TABLE_NAMES:
        tenant_table(name)
    # A hold is given back when its contract or plan ends.
    run("GRANT DELETE ON drone_day TO tgj_app")
    append_only("order_event")
    append_only("settlement")
    append_only("settlement_line")


def downgrade() -> None:
    """Undo the revision."""
    drop(*reversed(TABLE_NAMES))
