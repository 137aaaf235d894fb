"""Read the demo's last line and fail when it does not say what it must."""

import json
import sys

told = json.loads(sys.stdin.read())
print(json.dumps(told, ensure_ascii=False))
wrong = {
    name: told[name]
    for name, wanted in {
        "drones": 10,
        "plan_violations": 0,
        "trial_balance_difference_fen": 0,
        "audit_chain_ok": True,
    }.items()
    if told[name] != wanted
}
if told["spray_mu_planned"] < 0.99 * told["spray_mu_ordered"]:
    wrong["spray_mu_planned"] = told["spray_mu_planned"]
if told["failed_then_repaid"] < 1:
    wrong["failed_then_repaid"] = told["failed_then_repaid"]
sys.exit(f"the demo is wrong: {wrong}" if wrong else 0)
