"""Gathers the rooms' models for Django."""

from sessions.booking.models import Allocation, Session, Stage

__all__ = ["Allocation", "Session", "Stage"]
