"""Two-tier trusteeship: entrustments, service contracts, the menu and its prices."""
