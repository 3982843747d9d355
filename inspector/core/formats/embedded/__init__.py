"""Files of torch's inside the bytes of a pickle: what pickle.dump and joblib make of a tensor."""
