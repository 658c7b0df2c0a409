"""How far the hot paths are from the limit of this machine: ``make bench`` (docs/benchmarks.md is what it prints).

Three servers answer the same jobs over the same rows, one after the other, each started as production starts its own:
the clinic; a bare WSGI application that sends one prepared statement and nothing else (`bare`, the limit); and a plain
Django REST framework project (`plain`). Nothing here is the clinic's: `run` begins it, `clinic` and `seed` fill the
database, `jobs` says what is asked, `load` asks, `serving` starts servers and reads their CPU time, `page` writes.
"""
