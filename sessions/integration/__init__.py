"""The main job: each KAP dose owes one integration session inside its window; it is booked, or somebody is told."""
