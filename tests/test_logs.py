"""What must never stand in a log."""

from __future__ import annotations

import runpy

from kapclinic.local.places import CHECKOUT


def test_the_access_log_leaves_out_what_was_searched_for() -> None:
    """`clients/?search=` holds names, so neither the request line nor the query is logged."""
    config = runpy.run_path(str(CHECKOUT / "deploy/gunicorn.conf.py"))
    for part in ("%(r)s", "%(q)s", "%(f)s", "%(a)s", "%(u)s"):
        assert part not in config["access_log_format"]
    assert "%(U)s" in config["access_log_format"]
