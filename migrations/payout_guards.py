"""Functions and triggers of revision 0007: what payouts refuse to become.

A state machine that only the service knew could be walked around by a statement; these hold for
every role. Codes: TG006 wrong step, TG007 frozen value, TG008 sums that differ.
"""

# Statement triggers over transition tables, so that a run of any size is one check. The FULL JOIN
# never becomes a nested loop, whatever size an earlier plan was cached for.
GUARDS = """
CREATE FUNCTION tgj_guard_work_records() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM was o FULL JOIN became n ON n.org_id = o.org_id AND n.id = o.id
    WHERE o.id IS NULL OR n.id IS NULL
      OR (o.worker_id, o.worked_on, o.task, o.unit, o.quantity_milli, o.rate_fen, o.amount_fen,
          o.submitted_by)
        IS DISTINCT FROM (n.worker_id, n.worked_on, n.task, n.unit, n.quantity_milli, n.rate_fen,
          n.amount_fen, n.submitted_by)
      OR (o.state, n.state) NOT IN (('submitted', 'confirmed'), ('submitted', 'rejected'),
          ('confirmed', 'in_run'), ('in_run', 'confirmed'))
  ) THEN
    RAISE EXCEPTION 'a work record keeps its numbers and follows its states'
      USING ERRCODE = 'TG006';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER work_record_guard AFTER UPDATE ON work_record
  REFERENCING OLD TABLE AS was NEW TABLE AS became
  FOR EACH STATEMENT EXECUTE FUNCTION tgj_guard_work_records();

CREATE FUNCTION tgj_guard_payout_run() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE of_lines numeric; of_items numeric; lines bigint; differing bigint;
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'computed' THEN
      RAISE EXCEPTION 'a run begins as computed' USING ERRCODE = 'TG006';
    END IF;
    RETURN NEW;
  END IF;
  IF (OLD.org_id, OLD.id, OLD.kind, OLD.title, OLD.covers_from, OLD.covers_to, OLD.parameters,
      OLD.maker_id, OLD.recorded_at)
    IS DISTINCT FROM (NEW.org_id, NEW.id, NEW.kind, NEW.title, NEW.covers_from, NEW.covers_to,
      NEW.parameters, NEW.maker_id, NEW.recorded_at)
  THEN
    RAISE EXCEPTION 'what a run was computed from is frozen' USING ERRCODE = 'TG007';
  END IF;
  IF OLD.state = NEW.state AND OLD.state <> 'computed' OR (OLD.state, NEW.state) NOT IN (
      ('computed', 'computed'), ('computed', 'noticed'), ('noticed', 'approved'),
      ('approved', 'paid'), ('computed', 'cancelled'), ('noticed', 'cancelled')) THEN
    RAISE EXCEPTION 'a run does not go from % to %', OLD.state, NEW.state USING ERRCODE = 'TG006';
  END IF;
  IF OLD.state <> 'computed' AND (OLD.line_count, OLD.total_fen, OLD.notice_from, OLD.notice_until)
      IS DISTINCT FROM (NEW.line_count, NEW.total_fen, NEW.notice_from, NEW.notice_until) THEN
    RAISE EXCEPTION 'what was laid open is frozen' USING ERRCODE = 'TG007';
  END IF;
  IF OLD.state = 'approved' AND (OLD.approver_id, OLD.approved_at, OLD.accrual_voucher_id)
      IS DISTINCT FROM (NEW.approver_id, NEW.approved_at, NEW.accrual_voucher_id) THEN
    RAISE EXCEPTION 'an approval is frozen' USING ERRCODE = 'TG007';
  END IF;
  IF NEW.state = 'noticed' THEN
    SELECT sum(l.fen), sum(l.lines), sum(i.amount_fen),
           count(*) FILTER (WHERE l.fen IS DISTINCT FROM i.amount_fen)
      INTO of_lines, lines, of_items, differing
      FROM (SELECT item_id, sum(amount_fen) AS fen, count(*) AS lines FROM payout_line
            WHERE org_id = NEW.org_id AND run_id = NEW.id GROUP BY item_id) l
      FULL JOIN (SELECT id, amount_fen FROM payment_item
                 WHERE org_id = NEW.org_id AND run_id = NEW.id) i ON i.id = l.item_id;
    IF (of_lines, of_items, lines, differing)
      IS DISTINCT FROM (NEW.total_fen, NEW.total_fen, NEW.line_count, 0)
    THEN
      RAISE EXCEPTION 'run total %, lines %, payments % differ', NEW.total_fen, of_lines, of_items
        USING ERRCODE = 'TG008';
    END IF;
  END IF;
  IF NEW.state = 'paid' AND EXISTS (SELECT FROM payment_item
      WHERE org_id = NEW.org_id AND run_id = NEW.id AND state <> 'paid') THEN
    RAISE EXCEPTION 'a payment of the run is not paid' USING ERRCODE = 'TG008';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER payout_run_guard BEFORE INSERT OR UPDATE ON payout_run
  FOR EACH ROW EXECUTE FUNCTION tgj_guard_payout_run();

CREATE FUNCTION tgj_guard_payout_insert() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM (SELECT DISTINCT org_id, run_id FROM fresh) f
    LEFT JOIN payout_run r ON r.org_id = f.org_id AND r.id = f.run_id
    WHERE r.state IS DISTINCT FROM 'computed'
  ) THEN
    RAISE EXCEPTION '% is added while its run is computed only', TG_TABLE_NAME
      USING ERRCODE = 'TG007';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER payment_item_insert AFTER INSERT ON payment_item
  REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION tgj_guard_payout_insert();
CREATE TRIGGER payout_line_insert AFTER INSERT ON payout_line
  REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION tgj_guard_payout_insert();

CREATE FUNCTION tgj_guard_payment_items() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE changed boolean; astray boolean;
BEGIN
  SELECT bool_or(o.id IS NULL OR n.id IS NULL
      OR (o.run_id, o.seq, o.payee_kind, o.payee_id, o.payee_name, o.amount_fen)
        IS DISTINCT FROM (n.run_id, n.seq, n.payee_kind, n.payee_id, n.payee_name, n.amount_fen)),
    bool_or((o.state, n.state) NOT IN (('draft', 'approved'), ('draft', 'cancelled'),
        ('approved', 'exported'), ('exported', 'paid'), ('exported', 'failed'),
        ('failed', 'approved'))
      OR (o.account_id IS DISTINCT FROM n.account_id AND n.state <> 'exported'))
    INTO changed, astray
    FROM was o FULL JOIN became n ON n.org_id = o.org_id AND n.id = o.id;
  IF changed THEN
    RAISE EXCEPTION 'payee and amount of a payment are frozen' USING ERRCODE = 'TG007';
  END IF;
  IF astray THEN
    RAISE EXCEPTION 'a payment does not go that way' USING ERRCODE = 'TG006';
  END IF;
  IF EXISTS (
    SELECT FROM (SELECT DISTINCT org_id, run_id, state = 'cancelled' AS cancelled FROM became) n
    JOIN payout_run r ON r.org_id = n.org_id AND r.id = n.run_id
    WHERE r.state NOT IN ('approved', 'cancelled') OR n.cancelled <> (r.state = 'cancelled')
  ) THEN
    RAISE EXCEPTION 'a payment follows its run' USING ERRCODE = 'TG006';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER payment_item_guard AFTER UPDATE ON payment_item
  REFERENCING OLD TABLE AS was NEW TABLE AS became
  FOR EACH STATEMENT EXECUTE FUNCTION tgj_guard_payment_items();

CREATE FUNCTION tgj_guard_payout_lines() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM was o FULL JOIN became n ON n.org_id = o.org_id AND n.id = o.id
    WHERE o.id IS NULL OR n.id IS NULL OR o.void OR NOT n.void
      OR (o.run_id, o.seq, o.item_id, o.household_id, o.amount_fen, o.formula, o.inputs,
          o.source_kind, o.source_id, o.claim_key)
        IS DISTINCT FROM (n.run_id, n.seq, n.item_id, n.household_id, n.amount_fen, n.formula,
          n.inputs, n.source_kind, n.source_id, n.claim_key)
  ) OR EXISTS (
    SELECT FROM (SELECT DISTINCT org_id, run_id FROM became) n
    JOIN payout_run r ON r.org_id = n.org_id AND r.id = n.run_id WHERE r.state <> 'cancelled'
  ) THEN
    RAISE EXCEPTION 'a line only becomes void, with its run' USING ERRCODE = 'TG007';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER payout_line_guard AFTER UPDATE ON payout_line
  REFERENCING OLD TABLE AS was NEW TABLE AS became
  FOR EACH STATEMENT EXECUTE FUNCTION tgj_guard_payout_lines();

CREATE FUNCTION tgj_guard_bank_batch() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF (OLD.state, NEW.state) <> ('exported', 'returned')
    OR (OLD.org_id, OLD.id, OLD.run_id, OLD.number, OLD.layout_id, OLD.file_name, OLD.file_sealed,
        OLD.file_sha256, OLD.item_count, OLD.total_fen, OLD.made_by)
      IS DISTINCT FROM (NEW.org_id, NEW.id, NEW.run_id, NEW.number, NEW.layout_id, NEW.file_name,
        NEW.file_sealed, NEW.file_sha256, NEW.item_count, NEW.total_fen, NEW.made_by)
  THEN
    RAISE EXCEPTION 'a bank file that was handed out is frozen' USING ERRCODE = 'TG007';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER bank_batch_guard BEFORE UPDATE ON bank_batch
  FOR EACH ROW EXECUTE FUNCTION tgj_guard_bank_batch();

CREATE FUNCTION tgj_guard_bank_batch_items() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM was o
    FULL JOIN became n ON n.org_id = o.org_id AND n.batch_id = o.batch_id AND n.seq = o.seq
    WHERE o.seq IS NULL OR n.seq IS NULL OR o.outcome IS NOT NULL OR n.outcome IS NULL
      OR (o.item_id, o.account_id, o.amount_fen)
        IS DISTINCT FROM (n.item_id, n.account_id, n.amount_fen)
  ) THEN
    RAISE EXCEPTION 'a row of a bank file takes its outcome once' USING ERRCODE = 'TG007';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER bank_batch_item_guard AFTER UPDATE ON bank_batch_item
  REFERENCING OLD TABLE AS was NEW TABLE AS became
  FOR EACH STATEMENT EXECUTE FUNCTION tgj_guard_bank_batch_items();
"""
