"""What load_state_dict would say, and against what."""
