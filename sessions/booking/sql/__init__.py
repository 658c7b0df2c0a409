"""The statements of the book. They ask and are handed their values; nothing here is put together from a request."""
