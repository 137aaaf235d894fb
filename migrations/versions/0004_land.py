"""Land: parcels, their areas, transfers of the operating right."""

from migrations.support import append_only, drop, run, tenant_table

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE parcel (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  code VARCHAR NOT NULL,
  household_id UUID,
  name VARCHAR NOT NULL,
  crop VARCHAR,
  block VARCHAR,
  polygon JSONB,
  polygon_m2 FLOAT,
  min_lon FLOAT,
  min_lat FLOAT,
  max_lon FLOAT,
  max_lat FLOAT,
  archived_on DATE,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  row_version INTEGER DEFAULT 1 NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT parcel_code_key UNIQUE (org_id, code),
  CONSTRAINT parcel_household_fkey FOREIGN KEY(org_id, household_id) REFERENCES household
      (org_id, id),
  CONSTRAINT parcel_code_form CHECK (code ~ '^[0-9]{19}$'),
  CONSTRAINT parcel_polygon_whole CHECK ((polygon IS NULL) = (polygon_m2 IS NULL) AND (polygon
      IS NULL) = (min_lon IS NULL)),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE INDEX parcel_household_idx ON parcel (org_id, household_id);

CREATE TABLE parcel_area (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  parcel_id UUID NOT NULL,
  kind VARCHAR NOT NULL,
  area_centimu BIGINT NOT NULL,
  source VARCHAR NOT NULL,
  measured_on DATE,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT parcel_area_parcel_fkey FOREIGN KEY(org_id, parcel_id) REFERENCES parcel (org_id, id),
  CONSTRAINT parcel_area_positive CHECK (area_centimu > 0),
  CONSTRAINT parcel_area_kind CHECK (kind IN ('registered', 'contract', 'surveyed')),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE INDEX parcel_area_newest_idx ON parcel_area (org_id, parcel_id, kind, id);

CREATE TABLE land_transfer (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  number VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  household_id UUID NOT NULL,
  transferee_kind VARCHAR NOT NULL,
  transferee_name VARCHAR NOT NULL,
  land_use VARCHAR NOT NULL,
  starts_on DATE NOT NULL,
  ends_on DATE NOT NULL,
  right_ends_on DATE,
  rent_fen_per_mu BIGINT NOT NULL,
  state VARCHAR NOT NULL,
  clauses JSONB DEFAULT '{}'::jsonb NOT NULL,
  signed_on DATE,
  terminated_on DATE,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  row_version INTEGER DEFAULT 1 NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT land_transfer_number_key UNIQUE (org_id, number),
  CONSTRAINT land_transfer_household_fkey FOREIGN KEY(org_id, household_id) REFERENCES household
      (org_id, id),
  CONSTRAINT land_transfer_kind CHECK (kind IN ('lease', 'equity', 'other')),
  CONSTRAINT land_transfer_transferee CHECK (transferee_kind IN ('collective', 'operator')),
  CONSTRAINT land_transfer_state CHECK (state IN ('draft', 'in_force', 'ended', 'terminated')),
  CONSTRAINT land_transfer_term CHECK (ends_on > starts_on),
  CONSTRAINT land_transfer_within_right CHECK (right_ends_on IS NULL OR ends_on <= right_ends_on),
  CONSTRAINT land_transfer_rent CHECK (rent_fen_per_mu > 0),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE INDEX land_transfer_household_idx ON land_transfer (org_id, household_id);

CREATE TABLE land_transfer_parcel (
  org_id BIGINT NOT NULL,
  transfer_id UUID NOT NULL,
  parcel_id UUID NOT NULL,
  area_centimu BIGINT NOT NULL,
  PRIMARY KEY (org_id, transfer_id, parcel_id),
  CONSTRAINT land_transfer_parcel_transfer_fkey FOREIGN KEY(org_id, transfer_id) REFERENCES
      land_transfer (org_id, id),
  CONSTRAINT land_transfer_parcel_parcel_fkey FOREIGN KEY(org_id, parcel_id) REFERENCES parcel
      (org_id, id),
  CONSTRAINT land_transfer_parcel_area CHECK (area_centimu > 0),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE INDEX land_transfer_parcel_parcel_idx ON land_transfer_parcel (org_id, parcel_id);
"""

TABLE_NAMES = (
    "parcel",
    "parcel_area",
    "land_transfer",
    "land_transfer_parcel",
)


def upgrade() -> None:
    """Apply the revision."""
    run(TABLES)
    for name in TABLE_NAMES:
        tenant_table(name)
    append_only("parcel_area")


def downgrade() -> None:
    """Undo the revision."""
    drop(*reversed(TABLE_NAMES))
