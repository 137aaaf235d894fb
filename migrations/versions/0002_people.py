"""People: profiles, households, members, workers, payees; users, grants and sign-in."""

from migrations.support import drop, run, shared_table, tenant_table

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE org_profile (
  org_id BIGINT NOT NULL,
  chart_id VARCHAR,
  legal_representative VARCHAR,
  address VARCHAR,
  phone VARCHAR,
  bank_name VARCHAR,
  bank_account_sealed BYTEA,
  boundary JSONB,
  row_version INTEGER DEFAULT 1 NOT NULL,
  PRIMARY KEY (org_id),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE TABLE household (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  code VARCHAR NOT NULL,
  head_name VARCHAR NOT NULL,
  address VARCHAR,
  archived_on DATE,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  row_version INTEGER DEFAULT 1 NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT household_code_key UNIQUE (org_id, code),
  CONSTRAINT household_code_form CHECK (code ~ '^[0-9]{18}$'),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE TABLE member (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  household_id UUID NOT NULL,
  name VARCHAR NOT NULL,
  relation VARCHAR NOT NULL,
  born_on DATE,
  id_number_sealed BYTEA,
  id_number_index BYTEA,
  id_number_mask VARCHAR,
  share_micro BIGINT NOT NULL,
  status VARCHAR NOT NULL,
  row_version INTEGER DEFAULT 1 NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT member_household_fkey FOREIGN KEY(org_id, household_id) REFERENCES household
      (org_id, id),
  CONSTRAINT member_share_not_negative CHECK (share_micro >= 0),
  CONSTRAINT member_status CHECK (status IN ('active', 'left', 'deceased')),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE INDEX member_household_idx ON member (org_id, household_id);

CREATE UNIQUE INDEX member_id_number_key ON member (org_id, id_number_index) WHERE id_number_index
    IS NOT NULL AND status = 'active';

CREATE TABLE worker (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  household_id UUID,
  name VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  born_on DATE,
  id_number_sealed BYTEA NOT NULL,
  id_number_index BYTEA NOT NULL,
  id_number_mask VARCHAR NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT worker_household_fkey FOREIGN KEY(org_id, household_id) REFERENCES household
      (org_id, id),
  CONSTRAINT worker_id_number_key UNIQUE (org_id, id_number_index),
  CONSTRAINT worker_kind CHECK (kind IN ('seasonal', 'staff')),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE TABLE payee_account (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  owner_kind VARCHAR NOT NULL,
  owner_id UUID NOT NULL,
  holder_name VARCHAR NOT NULL,
  bank_name VARCHAR NOT NULL,
  number_sealed BYTEA NOT NULL,
  number_index BYTEA NOT NULL,
  number_mask VARCHAR NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  superseded_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (org_id, id),
  CONSTRAINT payee_account_owner_kind CHECK (owner_kind IN ('household', 'worker')),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE UNIQUE INDEX payee_account_live_key ON payee_account (org_id, owner_kind, owner_id) WHERE
    superseded_at IS NULL;

CREATE INDEX payee_account_number_idx ON payee_account (org_id, number_index);

CREATE TABLE user_account (
  id UUID NOT NULL,
  kind VARCHAR NOT NULL,
  login_name VARCHAR,
  display_name VARCHAR NOT NULL,
  phone_index BYTEA,
  phone_sealed BYTEA,
  password_hash VARCHAR,
  failures INTEGER NOT NULL,
  locked_until TIMESTAMP WITH TIME ZONE,
  disabled_at TIMESTAMP WITH TIME ZONE,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT user_account_login_name_key UNIQUE (login_name),
  CONSTRAINT user_account_phone_key UNIQUE (phone_index),
  CONSTRAINT user_account_kind CHECK (kind IN ('staff', 'farmer')),
  CONSTRAINT user_account_credential CHECK ((kind = 'staff') = (password_hash IS NOT NULL))
);

CREATE TABLE role_grant (
  id UUID NOT NULL,
  user_id UUID NOT NULL,
  org_id BIGINT NOT NULL,
  role VARCHAR NOT NULL,
  household_id UUID,
  granted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  revoked_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  CONSTRAINT role_grant_household CHECK ((role = 'farmer') = (household_id IS NOT NULL)),
  FOREIGN KEY(user_id) REFERENCES user_account (id),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE UNIQUE INDEX role_grant_live_key ON role_grant (user_id, org_id, role, household_id) NULLS
    NOT DISTINCT WHERE revoked_at IS NULL;

CREATE TABLE otp_challenge (
  id UUID NOT NULL,
  phone_index BYTEA NOT NULL,
  code_hash BYTEA NOT NULL,
  sent_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  attempts INTEGER NOT NULL,
  used_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id)
);

CREATE INDEX otp_challenge_phone_idx ON otp_challenge (phone_index, sent_at);

CREATE TABLE refresh_token (
  id UUID NOT NULL,
  family_id UUID NOT NULL,
  user_id UUID NOT NULL,
  token_hash BYTEA NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  used_at TIMESTAMP WITH TIME ZONE,
  revoked_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  CONSTRAINT refresh_token_hash_key UNIQUE (token_hash),
  FOREIGN KEY(user_id) REFERENCES user_account (id)
);

CREATE INDEX refresh_token_family_idx ON refresh_token (family_id);
"""


def upgrade() -> None:
    """Apply the revision."""
    run(TABLES)
    for name in ("org_profile", "household", "member", "worker", "payee_account"):
        tenant_table(name)
    for name in ("user_account", "role_grant", "otp_challenge", "refresh_token"):
        shared_table(name)


def downgrade() -> None:
    """Undo the revision."""
    drop("refresh_token", "otp_challenge", "role_grant", "user_account")
    drop("payee_account", "worker", "member", "household", "org_profile")
