"""Who is owed what, why, and how it is paid."""
