"""Letters of medical necessity: why a service treats a diagnosis, for an HSA or FSA, signed by a clinician."""
