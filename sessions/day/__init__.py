"""The top room: sessions, availability and programs as staff meet them, composed from the rooms below."""
