"""gunicorn, in production and in the demo. The access log leaves the query string out: a search may hold a name."""

worker_class = "gthread"
workers = 2
threads = 4
control_socket_disable = True
accesslog = "-"
access_log_format = "%(t)s %(m)s %(U)s %(s)s %(L)s"
