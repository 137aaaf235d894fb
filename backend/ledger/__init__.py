"""Accounts, vouchers, periods and balances; knows nothing of rent or drones."""
