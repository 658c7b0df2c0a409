"""The pages behind a link: plain forms without script, for a client who is not signed in.

A GET consumes and marks nothing: mail scanners open links too. A page that names somebody is the answer to a POST with
the birth date, or with the signed word that it was given (`seen`), which a form carries for an hour. No cookie is read
or set, so no other site can act as the client: whoever posts here knows the token.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from kapclinic.core import clock, scope
from kapclinic.core.errors import ClinicError
from kapclinic.core.languages import best_of
from sessions.links import rules, selectors, services
from sessions.links.api import page_forms as forms
from sessions.links.api import page_parts as parts
from sessions.links.api.page_forms import Form
from sessions.links.models import ClientLink
from sessions.links.rules.words import LANGUAGES, months, words
from sessions.links.services.opening import actor
from sessions.links.services.visits import SessionMoved

logger = logging.getLogger(__name__)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
STYLES = ("tokens", "link")
Handler = Callable[[HttpRequest, str], HttpResponseBase]


def guarded(view: Handler) -> Handler:
    """Whatever goes wrong is answered by a page, and logged by its class alone: the address is a secret."""

    @wraps(view)
    def answer(request: HttpRequest, token: str) -> HttpResponseBase:
        try:
            with scope.named("link"):
                response = view(request, token)
        except Exception as exc:  # Django would log the address
            busy = isinstance(exc, DatabaseError)
            told = None if busy else exc  # what a database says of itself may hold data
            logger.error("%s at a client's page", type(exc).__name__, exc_info=told)  # noqa: TRY400
            response = _plain(request, "broken", status=503 if busy else 500)
        response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
        return response

    return answer


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@guarded
def page(request: HttpRequest, token: str) -> HttpResponseBase:
    """The one page of a link: who is here, then what is asked, then that it was sent."""
    at = clock.now()
    link = selectors.link_of(token)
    if link is None:
        return _plain(request, "missing", status=404)
    scope.become(actor(link))
    opens = selectors.opens(link, at=at)
    if opens is None:
        return _plain(request, "over", status=410)
    if request.method != "POST":
        return _born(request, link)
    if "seen" not in request.POST:
        return _try_birth(request, link, at=at)
    if not parts.is_seen(request.POST["seen"], link=link, at=at):
        return _born(request, link, error="born_again", status=403)
    if opens == rules.LOOK or "language" in request.POST:
        return _asked(request, link, forms.kept(request.POST), at=at)
    return _send(request, link, at=at)


def _language(request: HttpRequest) -> str:
    for chosen in (request.POST.get("language"), request.POST.get("lang"), request.GET.get("lang")):
        if chosen in LANGUAGES:
            return chosen
    return best_of(request.headers.get("Accept-Language", ""), LANGUAGES)


def _page(request: HttpRequest, name: str, status: int, **more: Any) -> HttpResponse:
    lang = _language(request)
    other = next(code for code in LANGUAGES if code != lang)
    styles = [static(f"ui/css/{file}.css") for file in STYLES]
    context = {"lang": lang, "other": other, "styles": styles, "w": words(lang)} | more
    return HttpResponse(render_to_string(f"links/{name}.html", context), status=status, headers=HEADERS)


def _plain(request: HttpRequest, what: str, *, status: int) -> HttpResponse:
    """A page that names nobody: nothing here, over, or it did not work."""
    said = words(_language(request))
    title, lead = said[f"{what}_title"], said[f"{what}_lead"]
    return _page(request, "plain", status, title=title, lead=lead)


def _born(request: HttpRequest, link: ClientLink, *, error: str = "", status: int = 200) -> HttpResponse:
    """The page that asks for the birth date; what was filled in before goes along."""
    lang = _language(request)
    return _page(
        request,
        "born",
        status,
        error=words(lang)[error] if error else "",
        months=list(months(lang)),
        carried=forms.carried(request.POST),
    )


def _try_birth(request: HttpRequest, link: ClientLink, *, at: datetime) -> HttpResponse:
    born = forms.birth(request.POST)
    if born is None:
        return _born(request, link, error="" if "language" in request.POST else "born_bad", status=400)
    try:
        right = services.try_birth(link_id=link.pk, born=born, at=at)
    except services.LinkOver:
        return _plain(request, "over", status=410)
    if right:
        return _asked(request, link, forms.kept(request.POST), at=at)
    fresh = selectors.link_by_id(link.pk)
    if selectors.opens(fresh, at=at) is None:
        return _plain(request, "over", status=410)
    return _born(request, link, error="born_wrong", status=403)


def _asked(
    request: HttpRequest, link: ClientLink, form: Form, *, at: datetime, status: int = 200
) -> HttpResponse:
    """What the link asks, or the session that it confirmed, with the client's name: a read of the record (R10)."""
    services.note_read(link=link, at=at)
    context = parts.asked(link, form, language=_language(request), at=at)
    name = link.purpose if selectors.opens(link, at=at) == rules.ANSWER else "look"
    return _page(request, name, status, **context, seen=parts.seen(link, at=at))


def _send(request: HttpRequest, link: ClientLink, *, at: datetime) -> HttpResponse:
    """Read the form and act on it; a form with a fault comes back as it was filled in."""
    lang = _language(request)
    form = forms.read(link, request.POST, at=at)
    if form.errors:
        return _asked(request, link, form, at=at, status=400)
    try:
        done = parts.act(link, form, language=lang, at=at)
    except services.LinkOver:
        return _plain(request, "over", status=410)
    except SessionMoved:
        fresh = selectors.link_by_id(link.pk)
        form.errors[""] = "moved"
        return _asked(request, fresh, form, at=at, status=409)
    except ClinicError as exc:
        logger.info("a client's page was refused: %s", exc.code)
        return _plain(request, "refused", status=409)
    return _done(request, link, done, at=at)


def _done(request: HttpRequest, link: ClientLink, done: str, *, at: datetime) -> HttpResponse:
    said, fresh = words(_language(request)), selectors.link_by_id(link.pk)
    danger = done == parts.DANGER
    context: dict[str, Any] = {"lead": said[done], "danger": danger}
    context["title"] = said["danger_title" if danger else "done_title"]
    if selectors.opens(fresh, at=at) == rules.LOOK:
        context["visit"] = parts.visit(fresh, language=_language(request), at=at)
    return _page(request, "done", 200, **context)
