"""The marks of the boards, as functions of the database: has anything changed that a board shows?"""
