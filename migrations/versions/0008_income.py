"""Income: the farmer's year in one statement, authority and isolation included."""

from migrations.support import run

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Runs with the caller's rights: it sets the row-level-security settings from the user's own
# grants before its query is run, so that one round trip does what else takes four.
MY_INCOME = """
CREATE FUNCTION tgj_my_income(caller uuid, income_year integer) RETURNS json
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE orgs bigint[]; households uuid[]; answer json;
BEGIN
  SELECT array_agg(g.org_id), array_agg(g.household_id) INTO orgs, households
  FROM role_grant g JOIN user_account u ON u.id = g.user_id
  WHERE g.user_id = caller AND g.role = 'farmer' AND g.revoked_at IS NULL
    AND u.disabled_at IS NULL;
  IF orgs IS NULL THEN
    RETURN NULL;
  END IF;
  PERFORM set_config('tgj.org_id', '', true),
          set_config('tgj.read_orgs', array_to_string(orgs, ','), true);
  WITH lines AS (
    SELECT l.id, l.amount_fen, l.formula, r.kind, r.title, o.name AS collective,
           CASE WHEN i.state = 'draft' THEN 'approved' ELSE i.state END AS payment,
           i.paid_on, v.booked_on
    FROM payout_line l
    JOIN payout_run r ON r.org_id = l.org_id AND r.id = l.run_id
    JOIN voucher v ON v.org_id = r.org_id AND v.id = r.accrual_voucher_id
    JOIN payment_item i ON i.org_id = l.org_id AND i.id = l.item_id
    JOIN organisation o ON o.id = l.org_id
    WHERE l.org_id = ANY (orgs) AND l.household_id = ANY (households) AND NOT l.void
      AND v.booked_on >= make_date(income_year, 1, 1)
      AND v.booked_on < make_date(income_year + 1, 1, 1)
  )
  SELECT json_build_object(
    'year', income_year,
    'total_fen', coalesce(sum(amount_fen), 0),
    'paid_fen', coalesce(sum(amount_fen) FILTER (WHERE payment = 'paid'), 0),
    'rent_fen', coalesce(sum(amount_fen) FILTER (WHERE kind = 'rent'), 0),
    'wage_fen', coalesce(sum(amount_fen) FILTER (WHERE kind = 'wage'), 0),
    'dividend_fen', coalesce(sum(amount_fen) FILTER (WHERE kind = 'dividend'), 0),
    'months', (
      SELECT coalesce(json_agg(m ORDER BY m.month), '[]') FROM (
        SELECT extract(month FROM booked_on)::int AS month, sum(amount_fen) AS total_fen,
          coalesce(sum(amount_fen) FILTER (WHERE kind = 'rent'), 0) AS rent_fen,
          coalesce(sum(amount_fen) FILTER (WHERE kind = 'wage'), 0) AS wage_fen,
          coalesce(sum(amount_fen) FILTER (WHERE kind = 'dividend'), 0) AS dividend_fen
        FROM lines GROUP BY 1) m),
    'lines', coalesce(json_agg(json_build_object(
      'id', id, 'kind', kind, 'title', title, 'collective', collective,
      'amount_fen', amount_fen, 'formula', formula, 'earned_on', booked_on,
      'payment', payment, 'paid_on', paid_on) ORDER BY booked_on, id), '[]'))
  INTO answer FROM lines;
  RETURN answer;
END $$
"""


def upgrade() -> None:
    """Apply the revision."""
    run(
        MY_INCOME,
        "REVOKE ALL ON FUNCTION tgj_my_income FROM PUBLIC",
        "GRANT EXECUTE ON FUNCTION tgj_my_income TO tgj_app",
    )


def downgrade() -> None:
    """Undo the revision."""
    run("DROP FUNCTION tgj_my_income")
