"""How things are written here: a library without tables that knows nothing of a clinic's workflow.

Remember: nothing in this package imports an app; `http` is the only corner that may import Django REST framework.
"""
