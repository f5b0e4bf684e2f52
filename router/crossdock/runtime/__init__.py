"""The journal, Celery wake-ups, leases and the sweeper."""
