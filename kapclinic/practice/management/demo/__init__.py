"""The demo clinic: built through the API, by the roles that do it; all of it is visibly fictional."""
