"""The demo clinic. Everything in it goes in through the API, by the roles that do it; all of it is visibly fictional."""
