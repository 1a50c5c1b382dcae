"""The approval page: server-rendered, on this computer only. Read guard.py and door.py first; app.py puts it together."""
