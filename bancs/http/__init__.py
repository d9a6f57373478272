"""Le débit et la latence de l'API, mesurés à travers HTTP : `python -m bancs.http`."""
