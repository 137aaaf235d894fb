"""Payouts: work records, runs, explained lines, bank files and returns."""

from migrations.payout_guards import GUARDS
from migrations.support import append_only, drop, run, tenant_table

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE work_record (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  worker_id UUID NOT NULL,
  worked_on DATE NOT NULL,
  task VARCHAR NOT NULL,
  unit VARCHAR NOT NULL,
  quantity_milli BIGINT NOT NULL,
  rate_fen BIGINT NOT NULL,
  amount_fen BIGINT NOT NULL,
  submitted_by UUID NOT NULL,
  confirmed_by UUID,
  state VARCHAR NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT work_record_worker_fkey FOREIGN KEY(org_id, worker_id) REFERENCES worker (org_id, id),
  CONSTRAINT work_record_unit CHECK (unit IN ('day', 'hour', 'mu', 'piece')),
  CONSTRAINT work_record_quantity CHECK (quantity_milli > 0 AND rate_fen > 0),
  CONSTRAINT work_record_amount CHECK (amount_fen > 0),
  CONSTRAINT work_record_state CHECK (state IN ('submitted', 'confirmed', 'in_run', 'rejected')),
  CONSTRAINT work_record_two_persons CHECK (confirmed_by <> submitted_by),
  CONSTRAINT work_record_confirmed CHECK ((state IN ('confirmed', 'in_run')) = (confirmed_by IS
      NOT NULL)),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE INDEX work_record_worker_idx ON work_record (org_id, worker_id, worked_on);

CREATE TABLE payout_run (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  kind VARCHAR NOT NULL,
  title VARCHAR NOT NULL,
  covers_from DATE NOT NULL,
  covers_to DATE NOT NULL,
  parameters JSONB NOT NULL,
  line_count INTEGER NOT NULL,
  total_fen BIGINT NOT NULL,
  state VARCHAR NOT NULL,
  notice_from DATE,
  notice_until DATE,
  maker_id UUID NOT NULL,
  approver_id UUID,
  approved_at TIMESTAMP WITH TIME ZONE,
  accrual_voucher_id UUID,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  row_version INTEGER DEFAULT 1 NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT payout_run_voucher_fkey FOREIGN KEY(org_id, accrual_voucher_id) REFERENCES voucher
      (org_id, id),
  CONSTRAINT payout_run_kind CHECK (kind IN ('rent', 'wage', 'dividend')),
  CONSTRAINT payout_run_state CHECK (state IN ('computed', 'noticed', 'approved', 'paid',
      'cancelled')),
  CONSTRAINT payout_run_two_persons CHECK (approver_id <> maker_id),
  CONSTRAINT payout_run_approved CHECK ((state IN ('approved', 'paid')) = (approver_id IS NOT
      NULL)),
  CONSTRAINT payout_run_booked CHECK ((state IN ('approved', 'paid')) = (accrual_voucher_id IS
      NOT NULL)),
  CONSTRAINT payout_run_notice CHECK (notice_until >= notice_from),
  CONSTRAINT payout_run_covers CHECK (covers_to >= covers_from),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE INDEX payout_run_kind_idx ON payout_run (org_id, kind, id);

CREATE TABLE payment_item (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  run_id UUID NOT NULL,
  seq INTEGER NOT NULL,
  payee_kind VARCHAR NOT NULL,
  payee_id UUID NOT NULL,
  payee_name VARCHAR NOT NULL,
  amount_fen BIGINT NOT NULL,
  account_id UUID,
  state VARCHAR NOT NULL,
  failure VARCHAR,
  paid_on DATE,
  paid_voucher_id UUID,
  PRIMARY KEY (org_id, id),
  CONSTRAINT payment_item_run_fkey FOREIGN KEY(org_id, run_id) REFERENCES payout_run (org_id, id),
  CONSTRAINT payment_item_account_fkey FOREIGN KEY(org_id, account_id) REFERENCES payee_account
      (org_id, id),
  CONSTRAINT payment_item_voucher_fkey FOREIGN KEY(org_id, paid_voucher_id) REFERENCES voucher
      (org_id, id),
  CONSTRAINT payment_item_seq_key UNIQUE (org_id, run_id, seq),
  CONSTRAINT payment_item_payee_key UNIQUE (org_id, run_id, payee_kind, payee_id),
  CONSTRAINT payment_item_payee_kind CHECK (payee_kind IN ('household', 'worker')),
  CONSTRAINT payment_item_state CHECK (state IN ('draft', 'approved', 'exported', 'paid',
      'failed', 'cancelled')),
  CONSTRAINT payment_item_amount CHECK (amount_fen > 0),
  CONSTRAINT payment_item_paid CHECK ((state = 'paid') = (paid_voucher_id IS NOT NULL)),
  CONSTRAINT payment_item_account CHECK (state NOT IN ('exported', 'paid', 'failed') OR
      account_id IS NOT NULL)
) WITH (fillfactor = 45);

CREATE INDEX payment_item_payee_idx ON payment_item (org_id, payee_id);

CREATE TABLE payout_line (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  run_id UUID NOT NULL,
  seq INTEGER NOT NULL,
  item_id UUID NOT NULL,
  household_id UUID,
  amount_fen BIGINT NOT NULL,
  formula VARCHAR NOT NULL,
  inputs JSONB NOT NULL,
  source_kind VARCHAR NOT NULL,
  source_id UUID NOT NULL,
  claim_key VARCHAR NOT NULL,
  void BOOLEAN NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT payout_line_item_fkey FOREIGN KEY(org_id, item_id) REFERENCES payment_item (org_id,
      id),
  CONSTRAINT payout_line_seq_key UNIQUE (org_id, run_id, seq),
  CONSTRAINT payout_line_amount CHECK (amount_fen > 0)
);

CREATE UNIQUE INDEX payout_line_claim_key ON payout_line (org_id, claim_key) WHERE NOT void;

CREATE INDEX payout_line_household_idx ON payout_line (org_id, household_id);

CREATE INDEX payout_line_item_idx ON payout_line (org_id, item_id);

CREATE TABLE bank_batch (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  run_id UUID NOT NULL,
  number VARCHAR NOT NULL,
  layout_id VARCHAR NOT NULL,
  file_name VARCHAR NOT NULL,
  file_sealed BYTEA NOT NULL,
  file_sha256 BYTEA NOT NULL,
  item_count INTEGER NOT NULL,
  total_fen BIGINT NOT NULL,
  state VARCHAR NOT NULL,
  made_by UUID NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT bank_batch_number_key UNIQUE (org_id, number),
  CONSTRAINT bank_batch_run_fkey FOREIGN KEY(org_id, run_id) REFERENCES payout_run (org_id, id),
  CONSTRAINT bank_batch_state CHECK (state IN ('exported', 'returned')),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE TABLE bank_batch_item (
  org_id BIGINT NOT NULL,
  batch_id UUID NOT NULL,
  seq INTEGER NOT NULL,
  item_id UUID NOT NULL,
  account_id UUID NOT NULL,
  amount_fen BIGINT NOT NULL,
  live BOOLEAN NOT NULL,
  outcome VARCHAR,
  failure VARCHAR,
  PRIMARY KEY (org_id, batch_id, seq),
  CONSTRAINT bank_batch_item_batch_fkey FOREIGN KEY(org_id, batch_id) REFERENCES bank_batch
      (org_id, id),
  CONSTRAINT bank_batch_item_item_fkey FOREIGN KEY(org_id, item_id) REFERENCES payment_item
      (org_id, id),
  CONSTRAINT bank_batch_item_account_fkey FOREIGN KEY(org_id, account_id) REFERENCES
      payee_account (org_id, id),
  CONSTRAINT bank_batch_item_outcome CHECK (outcome IN ('paid', 'failed')),
  CONSTRAINT bank_batch_item_live CHECK (live = (outcome IS DISTINCT FROM 'failed')),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE UNIQUE INDEX bank_batch_item_live_key ON bank_batch_item (org_id, item_id) WHERE live;

CREATE TABLE bank_return (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  batch_id UUID NOT NULL,
  file_name VARCHAR NOT NULL,
  file_sealed BYTEA NOT NULL,
  file_sha256 BYTEA NOT NULL,
  paid_count INTEGER NOT NULL,
  paid_fen BIGINT NOT NULL,
  failed_count INTEGER NOT NULL,
  received_by UUID NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT bank_return_file_key UNIQUE (org_id, file_sha256),
  CONSTRAINT bank_return_batch_fkey FOREIGN KEY(org_id, batch_id) REFERENCES bank_batch (org_id,
      id),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE TABLE return_exception (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  return_id UUID NOT NULL,
  row INTEGER NOT NULL,
  kind VARCHAR NOT NULL,
  detail VARCHAR NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT return_exception_row_key UNIQUE (org_id, return_id, row),
  CONSTRAINT return_exception_return_fkey FOREIGN KEY(org_id, return_id) REFERENCES bank_return
      (org_id, id),
  CONSTRAINT return_exception_kind CHECK (kind IN ('duplicate', 'contradicts', 'unknown',
      'amount_differs')),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);
"""

# Nothing of a payout is ever deleted, by whatever role.
KEPT = ("work_record", "payout_run", "payment_item", "payout_line", "bank_batch", "bank_batch_item")

TABLE_NAMES = (
    "work_record",
    "payout_run",
    "payment_item",
    "payout_line",
    "bank_batch",
    "bank_batch_item",
    "bank_return",
    "return_exception",
)


def upgrade() -> None:
    """Apply the revision."""
    run(TABLES)
    for name in TABLE_NAMES:
        tenant_table(name)
    append_only("bank_return")
    append_only("return_exception")
    run(GUARDS)
    for name in KEPT:
        run(
            f"""CREATE TRIGGER {name}_kept BEFORE DELETE OR TRUNCATE ON {name}
                FOR EACH STATEMENT EXECUTE FUNCTION tgj_refuse_change()"""
        )


def downgrade() -> None:
    """Undo the revision."""
    drop(*reversed(TABLE_NAMES))
    run(
        "DROP FUNCTION tgj_guard_work_records, tgj_guard_payout_run,"
        " tgj_guard_payout_insert, tgj_guard_payment_items,"
        " tgj_guard_payout_lines, tgj_guard_bank_batch, tgj_guard_bank_batch_items"
    )
