"""Contracts: the menu, dated prices, two tiers of trusteeship."""

from migrations.support import append_only, drop, run, tenant_table

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE service_item (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  name VARCHAR NOT NULL,
  crop VARCHAR NOT NULL,
  stage VARCHAR NOT NULL,
  unit VARCHAR NOT NULL,
  quality_standard VARCHAR,
  archived_on DATE,
  row_version INTEGER DEFAULT 1 NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT service_item_name_key UNIQUE (org_id, name, crop),
  CONSTRAINT service_item_stage CHECK (stage IN ('till', 'sow', 'protect', 'harvest', 'dry',
      'sell')),
  CONSTRAINT service_item_unit CHECK (unit IN ('mu', 'mu_round', 'kg')),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE TABLE service_price (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  item_id UUID NOT NULL,
  tier VARCHAR NOT NULL,
  price_fen BIGINT NOT NULL,
  valid_from DATE NOT NULL,
  document VARCHAR NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT service_price_from_key UNIQUE (org_id, item_id, tier, valid_from),
  CONSTRAINT service_price_item_fkey FOREIGN KEY(org_id, item_id) REFERENCES service_item
      (org_id, id),
  CONSTRAINT service_price_positive CHECK (price_fen > 0),
  CONSTRAINT service_price_tier CHECK (tier IN ('household_to_collective',
      'collective_to_provider')),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE TABLE trusteeship_contract (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  number VARCHAR NOT NULL,
  tier VARCHAR NOT NULL,
  mode VARCHAR NOT NULL,
  season VARCHAR NOT NULL,
  household_id UUID,
  provider_org_id BIGINT,
  entrustor JSONB NOT NULL,
  trustee JSONB NOT NULL,
  terms JSONB NOT NULL,
  starts_on DATE NOT NULL,
  ends_on DATE NOT NULL,
  total_fen BIGINT NOT NULL,
  state VARCHAR NOT NULL,
  signed_on DATE,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  row_version INTEGER DEFAULT 1 NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT trusteeship_contract_number_key UNIQUE (org_id, number),
  CONSTRAINT trusteeship_contract_household_fkey FOREIGN KEY(org_id, household_id) REFERENCES
      household (org_id, id),
  CONSTRAINT trusteeship_contract_tier CHECK (tier IN ('household_to_collective',
      'collective_to_provider')),
  CONSTRAINT trusteeship_contract_mode CHECK (mode IN ('full', 'menu')),
  CONSTRAINT trusteeship_contract_state CHECK (state IN ('draft', 'offered', 'signed',
      'in_force', 'completed', 'terminated')),
  CONSTRAINT trusteeship_contract_parties CHECK ((tier = 'household_to_collective') =
      (household_id IS NOT NULL) AND (tier = 'collective_to_provider') = (provider_org_id IS NOT
      NULL)),
  CONSTRAINT trusteeship_contract_term CHECK (ends_on >= starts_on),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE INDEX trusteeship_contract_household_idx ON trusteeship_contract (org_id, household_id);

CREATE TABLE contract_line (
  org_id BIGINT NOT NULL,
  contract_id UUID NOT NULL,
  line INTEGER NOT NULL,
  parcel_id UUID NOT NULL,
  item_id UUID NOT NULL,
  stage VARCHAR NOT NULL,
  crop VARCHAR NOT NULL,
  rounds INTEGER NOT NULL,
  area_centimu BIGINT NOT NULL,
  price_fen BIGINT NOT NULL,
  amount_fen BIGINT NOT NULL,
  covers_contract_id UUID,
  covers_line INTEGER,
  PRIMARY KEY (org_id, contract_id, line),
  CONSTRAINT contract_line_contract_fkey FOREIGN KEY(org_id, contract_id) REFERENCES
      trusteeship_contract (org_id, id),
  CONSTRAINT contract_line_parcel_fkey FOREIGN KEY(org_id, parcel_id) REFERENCES parcel (org_id,
      id),
  CONSTRAINT contract_line_item_fkey FOREIGN KEY(org_id, item_id) REFERENCES service_item
      (org_id, id),
  CONSTRAINT contract_line_covers_fkey FOREIGN KEY(org_id, covers_contract_id, covers_line)
      REFERENCES contract_line (org_id, contract_id, line),
  CONSTRAINT contract_line_stage CHECK (stage IN ('till', 'sow', 'protect', 'harvest', 'dry',
      'sell')),
  CONSTRAINT contract_line_quantity CHECK (area_centimu > 0 AND rounds > 0),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE INDEX contract_line_parcel_idx ON contract_line (org_id, parcel_id, stage);

CREATE TABLE entrusted_stage (
  org_id BIGINT NOT NULL,
  tier VARCHAR NOT NULL,
  season VARCHAR NOT NULL,
  parcel_id UUID NOT NULL,
  stage VARCHAR NOT NULL,
  contract_id UUID NOT NULL,
  line INTEGER NOT NULL,
  PRIMARY KEY (org_id, tier, season, parcel_id, stage),
  CONSTRAINT entrusted_stage_line_fkey FOREIGN KEY(org_id, contract_id, line) REFERENCES
      contract_line (org_id, contract_id, line),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE INDEX entrusted_stage_contract_idx ON entrusted_stage (org_id, contract_id);

CREATE TABLE contract_event (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  contract_id UUID NOT NULL,
  from_state VARCHAR,
  to_state VARCHAR NOT NULL,
  actor_id UUID,
  reason VARCHAR,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT contract_event_contract_fkey FOREIGN KEY(org_id, contract_id) REFERENCES
      trusteeship_contract (org_id, id),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE INDEX contract_event_contract_idx ON contract_event (org_id, contract_id, id);
"""

TABLE_NAMES = (
    "service_item",
    "service_price",
    "trusteeship_contract",
    "contract_line",
    "entrusted_stage",
    "contract_event",
)


def upgrade() -> None:
    """Apply the revision."""
    run(TABLES)
    for name in TABLE_NAMES:
        tenant_table(name)
    # A hold is given back when its contract or plan ends.
    run("GRANT DELETE ON entrusted_stage TO tgj_app")
    append_only("contract_event")
    append_only("service_price")


def downgrade() -> None:
    """Undo the revision."""
    drop(*reversed(TABLE_NAMES))
