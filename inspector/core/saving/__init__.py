"""Checkpoint -> SavePlan -> bytes, atomic and verified.

    plan_save ── targets (where to) ── losses (what safetensors cannot hold) ── pickled (the object's pickle)
       └── torch_zip, safetensors, shards: layouts, exact to the byte ──> SavePlan
    save ── atomic (lock, temporary, replacement) ── payloads (bytes in, bytes out) ── verify ──> SaveReport
"""
