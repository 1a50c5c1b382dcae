"""A busy machine makes no example wrong: no generated test has a deadline."""

from hypothesis import settings

settings.register_profile("followupd", deadline=None)
settings.load_profile("followupd")
