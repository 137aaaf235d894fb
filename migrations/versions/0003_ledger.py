"""The ledger: accounts, periods, vouchers and postings, guarded by the database itself."""

from migrations.support import append_only, drop, run, tenant_table

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE ledger_account (
  org_id BIGINT NOT NULL,
  code VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  class VARCHAR NOT NULL,
  normal_side VARCHAR NOT NULL,
  parent_code VARCHAR,
  is_leaf BOOLEAN NOT NULL,
  PRIMARY KEY (org_id, code),
  CONSTRAINT ledger_account_parent_fkey FOREIGN KEY(org_id, parent_code) REFERENCES
      ledger_account (org_id, code),
  CONSTRAINT ledger_account_class CHECK (class IN ('asset', 'liability', 'equity', 'cost',
      'income', 'expense')),
  CONSTRAINT ledger_account_side CHECK (normal_side IN ('debit', 'credit', 'two_sided')),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE TABLE period (
  org_id BIGINT NOT NULL,
  period INTEGER NOT NULL,
  state VARCHAR NOT NULL,
  closed_at TIMESTAMP WITH TIME ZONE,
  closed_by UUID,
  PRIMARY KEY (org_id, period),
  CONSTRAINT period_state CHECK (state IN ('open', 'closed')),
  CONSTRAINT period_month CHECK (period / 100 BETWEEN 1949 AND 9999 AND period % 100 BETWEEN 1
      AND 12),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE TABLE voucher_counter (
  org_id BIGINT NOT NULL,
  period INTEGER NOT NULL,
  last_number INTEGER NOT NULL,
  PRIMARY KEY (org_id, period),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE TABLE voucher (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  period INTEGER NOT NULL,
  number INTEGER NOT NULL,
  booked_on DATE NOT NULL,
  summary VARCHAR NOT NULL,
  source_kind VARCHAR NOT NULL,
  source_id VARCHAR NOT NULL,
  attachments INTEGER NOT NULL,
  maker_id UUID NOT NULL,
  reviewer_id UUID,
  reverses UUID,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  made_in BIGINT DEFAULT txid_current() NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT voucher_number_key UNIQUE (org_id, period, number),
  CONSTRAINT voucher_reverses_key UNIQUE (org_id, reverses),
  CONSTRAINT voucher_source_key UNIQUE (org_id, source_kind, source_id),
  CONSTRAINT voucher_period_fkey FOREIGN KEY(org_id, period) REFERENCES period (org_id, period),
  CONSTRAINT voucher_reverses_fkey FOREIGN KEY(org_id, reverses) REFERENCES voucher (org_id, id),
  CONSTRAINT voucher_period_of_date CHECK (period = extract(year FROM booked_on)::int * 100 +
      extract(month FROM booked_on)::int),
  CONSTRAINT voucher_two_persons CHECK (reviewer_id <> maker_id),
  CONSTRAINT voucher_attachments CHECK (attachments >= 0),
  CONSTRAINT voucher_summary CHECK (length(summary) BETWEEN 1 AND 200),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE TABLE posting (
  org_id BIGINT NOT NULL,
  voucher_id UUID NOT NULL,
  line INTEGER NOT NULL,
  account_code VARCHAR NOT NULL,
  summary VARCHAR NOT NULL,
  debit_fen BIGINT NOT NULL,
  credit_fen BIGINT NOT NULL,
  party VARCHAR,
  contract_id UUID,
  season VARCHAR,
  stage VARCHAR,
  PRIMARY KEY (org_id, voucher_id, line),
  CONSTRAINT posting_voucher_fkey FOREIGN KEY(org_id, voucher_id) REFERENCES voucher (org_id, id),
  CONSTRAINT posting_account_fkey FOREIGN KEY(org_id, account_code) REFERENCES ledger_account
      (org_id, code),
  CONSTRAINT posting_one_side CHECK ((debit_fen = 0) <> (credit_fen = 0))
);

CREATE INDEX posting_account_idx ON posting (org_id, account_code, party);

CREATE TABLE account_balance (
  org_id BIGINT NOT NULL,
  period INTEGER NOT NULL,
  account_code VARCHAR NOT NULL,
  debit_fen BIGINT NOT NULL,
  credit_fen BIGINT NOT NULL,
  PRIMARY KEY (org_id, period, account_code),
  CONSTRAINT account_balance_account_fkey FOREIGN KEY(org_id, account_code) REFERENCES
      ledger_account (org_id, code),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);

CREATE TABLE voucher_draft (
  org_id BIGINT NOT NULL,
  id UUID NOT NULL,
  booked_on DATE NOT NULL,
  summary VARCHAR NOT NULL,
  attachments INTEGER NOT NULL,
  lines JSONB NOT NULL,
  maker_id UUID NOT NULL,
  state VARCHAR NOT NULL,
  voucher_id UUID,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  row_version INTEGER DEFAULT 1 NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT voucher_draft_state CHECK (state IN ('waiting', 'posted', 'rejected')),
  FOREIGN KEY(org_id) REFERENCES organisation (id)
);
"""

# The counter's row lock orders vouchers of one month; the period's lock makes closing wait.
NUMBERING = """
CREATE FUNCTION tgj_number_voucher() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE period_state text;
BEGIN
  SELECT state INTO period_state FROM period
    WHERE org_id = NEW.org_id AND period = NEW.period FOR SHARE;
  IF period_state IS DISTINCT FROM 'open' THEN
    RAISE EXCEPTION 'period % is not open', NEW.period USING ERRCODE = 'TG001';
  END IF;
  INSERT INTO voucher_counter AS c VALUES (NEW.org_id, NEW.period, 1)
    ON CONFLICT (org_id, period) DO UPDATE SET last_number = c.last_number + 1
    RETURNING last_number INTO NEW.number;
  NEW.made_in := txid_current();
  NEW.recorded_at := now();
  RETURN NEW;
END $$;

CREATE TRIGGER voucher_numbering BEFORE INSERT ON voucher
  FOR EACH ROW EXECUTE FUNCTION tgj_number_voucher();
"""

# One statement trigger for any number of lines: the creating transaction, leaves only, balances.
POSTING_GUARD = """
CREATE FUNCTION tgj_guard_postings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM (SELECT DISTINCT org_id, voucher_id FROM fresh) f
    JOIN voucher v ON v.org_id = f.org_id AND v.id = f.voucher_id
    WHERE v.made_in <> txid_current()
  ) THEN
    RAISE EXCEPTION 'lines come only with their voucher' USING ERRCODE = 'TG002';
  END IF;
  IF EXISTS (
    SELECT FROM (SELECT DISTINCT org_id, account_code FROM fresh) f
    JOIN ledger_account a ON a.org_id = f.org_id AND a.code = f.account_code
    WHERE NOT a.is_leaf
  ) THEN
    RAISE EXCEPTION 'only detail accounts take lines' USING ERRCODE = 'TG003';
  END IF;
  INSERT INTO account_balance AS b (org_id, period, account_code, debit_fen, credit_fen)
  SELECT f.org_id, v.period, f.account_code, sum(f.debit_fen), sum(f.credit_fen)
  FROM fresh f JOIN voucher v ON v.org_id = f.org_id AND v.id = f.voucher_id
  GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
  ON CONFLICT (org_id, period, account_code) DO UPDATE
    SET debit_fen = b.debit_fen + excluded.debit_fen,
        credit_fen = b.credit_fen + excluded.credit_fen;
  RETURN NULL;
END $$;

CREATE TRIGGER posting_guard AFTER INSERT ON posting
  REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION tgj_guard_postings();
"""

# Deferred, on the voucher only: a check for each line would be quadratic.
BALANCE = """
CREATE FUNCTION tgj_balance_voucher() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE debits numeric; credits numeric; lines bigint;
BEGIN
  SELECT coalesce(sum(debit_fen), 0), coalesce(sum(credit_fen), 0), count(*)
    INTO debits, credits, lines FROM posting
    WHERE org_id = NEW.org_id AND voucher_id = NEW.id;
  IF lines < 2 OR debits <> credits THEN
    RAISE EXCEPTION 'voucher %-% does not balance: debit %, credit %, % lines',
      NEW.period, NEW.number, debits, credits, lines USING ERRCODE = 'TG004';
  END IF;
  IF NEW.reverses IS NOT NULL AND EXISTS (
    SELECT FROM posting WHERE org_id = NEW.org_id AND voucher_id IN (NEW.id, NEW.reverses)
    GROUP BY account_code, party, contract_id
    HAVING sum(debit_fen) <> 0 OR sum(credit_fen) <> 0
  ) THEN
    RAISE EXCEPTION 'voucher %-% does not cancel what it reverses', NEW.period, NEW.number
      USING ERRCODE = 'TG005';
  END IF;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER voucher_balance AFTER INSERT ON voucher
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tgj_balance_voucher();
"""

TABLE_NAMES = (
    "voucher_draft",
    "account_balance",
    "posting",
    "voucher",
    "voucher_counter",
    "period",
    "ledger_account",
)


def upgrade() -> None:
    """Apply the revision."""
    run(TABLES, NUMBERING, POSTING_GUARD, BALANCE)
    for name in ("ledger_account", "period", "voucher_draft"):
        tenant_table(name)
    tenant_table("voucher_counter", rights="SELECT")
    tenant_table("account_balance", rights="SELECT")
    for name in ("voucher", "posting"):
        tenant_table(name, rights="SELECT, INSERT")
        append_only(name)


def downgrade() -> None:
    """Undo the revision."""
    drop(*TABLE_NAMES)
    run("DROP FUNCTION tgj_number_voucher, tgj_guard_postings, tgj_balance_voucher")
