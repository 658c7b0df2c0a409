"""Development only: a real PostgreSQL and a real Valkey from wheels, the demo's runner and the pytest plugin.

Production imports nothing of this package. Things to remember:

- servers are reached over TCP on 127.0.0.1 with passwords, as root they run as ``nobody``;
- whoever uses the pair holds a shared lock (``places.Place.users``), so the last one out may stop it;
- nothing here imports Django at import time: the plugin runs before settings can be read.
"""
