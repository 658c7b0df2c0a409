"""The simulated clinic: random days lived over the HTTP API, each from a number, judged by books kept apart."""
