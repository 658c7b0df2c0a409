"""Backups of the whole cluster: a copy of its files, and all that was written since, sealed, checked and put back.

A backup is a base copy (`pg_basebackup`) and the write-ahead log behind it (`pg_receivewal`), each file compressed and
sealed with BACKUP_KEY before it touches the shelf. It counts once its manifest stands beside it, which is written last:
after all of it was restored into a scratch cluster and every table there was the same.
"""
