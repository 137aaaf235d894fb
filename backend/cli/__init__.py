"""The command line ``tgj``: the one floor that reads settings and starts things."""
