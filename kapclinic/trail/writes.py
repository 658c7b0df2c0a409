"""The transaction of a write: when it begins, the key that it takes first, and what it leaves.

A write whose first question needs nothing but who asks begins with that question (`begin`): what takes its key, and
what is read behind its locks, goes out behind it in the same message (`kapclinic/core/postgresql/scoped.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework.response import Response

from kapclinic.core import writing
from kapclinic.core.errors import Invalid
from kapclinic.core.postgresql.scoped import ahead
from kapclinic.trail import idempotency

REFUSED = 400


def begin(view: Any) -> None:
    """Begin the transaction of this request now, if it has a key that may be taken.

    What takes the key, with what the view `locks`, goes out behind the next statement, and what it asks
    `behind_locks` follows. The view answers for it that these lock nothing of what the user may not see.
    """
    if not view.may_begin():
        return
    try:
        view.query()
        key = _key(view)
    except Invalid:
        return  # told in its turn
    if key is None:
        return
    view.within.enter_context(writing.whole())
    view.has_begun = True
    ahead([idempotency.claim(view.request, key, locks=view.locks()), *view.behind_locks()])


def run(view: Any, work: Callable[[], Response]) -> Response:
    """The answer of a write, whose transaction has begun or begins now."""
    if view.has_begun:
        return _answer(view, work)
    view.before_write()
    with writing.whole():
        return _answer(view, work)


def _key(view: Any) -> str | None:
    request = view.request
    if request.method != "POST" or not view.idempotent or view.only_looks():
        return None
    return idempotency.key_of(request, required=view.action in view.key_required)


def _answer(view: Any, work: Callable[[], Response]) -> Response:
    def work_and_log() -> Response:
        response = work()
        if view.user.is_authenticated and response.status_code < REFUSED:
            view.log(outcome="ok", detail={"preview": True} if view.only_looks() else None)
        elif view.user.is_authenticated:  # answered and not raised, so that what it counted stays
            view.log(outcome="refused", detail={"code": response.data["code"]})
        return response

    key = _key(view)
    if key is None:
        return work_and_log()
    locks = view.locks()
    view.has_locked = locks is not None
    if view.has_locked and not view.has_begun:
        ahead(view.behind_locks())
    return idempotency.run_once(
        view.request,
        key,
        at=view.at,
        work=work_and_log,
        reauthorise=view.reauthorise,
        again=view.replay if view.replay_by_id else None,
        locks=locks,
    )
