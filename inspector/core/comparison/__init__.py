"""Checkpoint x Checkpoint -> Comparison: pairing by names and inferred rules, what differs, and what `load_state_dict` would say."""
