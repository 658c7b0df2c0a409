"""The pages: shells that name files and addresses, and nothing of anybody."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.http import urlencode
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_safe

from kapclinic.ui.languages import LANGUAGES, language_of
from kapclinic.ui.modules import loaded_by, words_of
from kapclinic.ui.screens import SCREENS, Screen, home_of

FRAME_STYLES = ("tokens", "components", "frame")


def _roles(request: HttpRequest) -> frozenset[str]:
    user: Any = request.user
    return frozenset(user.role_set) if user.is_authenticated and user.is_active else frozenset()


def _must_choose(request: HttpRequest) -> bool:
    """Did somebody else set this person's password? Then the API answers nothing but a new one."""
    user: Any = request.user
    return bool(user.password_change_required)


@require_safe
def front_door(request: HttpRequest) -> HttpResponseBase:
    """To the screen that this person's day starts on."""
    if not request.user.is_authenticated:
        return redirect("sign-in")
    return redirect("password" if _must_choose(request) else home_of(_roles(request)))


@require_safe
@ensure_csrf_cookie
def sign_in(request: HttpRequest) -> HttpResponse:
    """Also for somebody who is signed in: they may be somebody else by now."""
    return _shell(request, title="Sign in", module="door/page", styles=("sign-in",))


@require_safe
@ensure_csrf_cookie
def password(request: HttpRequest) -> HttpResponseBase:
    """A new password of one's own, for whoever is signed in."""
    if not request.user.is_authenticated:
        return _to_sign_in(request)
    return _shell(request, title="New password", module="door/password", styles=("sign-in",))


@require_safe
@ensure_csrf_cookie
def second_factors(request: HttpRequest) -> HttpResponseBase:
    """Authenticator app, passkeys and recovery codes of one's own, also for whoever may open nothing else yet."""
    if not request.user.is_authenticated:
        return _to_sign_in(request)
    return _shell(request, title="Second factor", module="door/factors", styles=("sign-in",))


def shell_of(screen: Screen) -> Any:
    """The view of one screen. A stranger is sent to sign in; another role's screen is refused, and says whose it is."""

    @require_safe
    @ensure_csrf_cookie
    def view(request: HttpRequest, **_: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        if _must_choose(request):
            return redirect(f"/password?{urlencode({'next': request.get_full_path()})}")
        if not _roles(request) & set(screen.roles):
            return render(request, "ui/not_yours.html", {"home": "/"} | _page(request), status=403)
        return _shell(
            request,
            title=screen.title,
            module=screen.module,
            styles=screen.styles,
            dim=screen.dim,
            early=True,
        )

    return view


def _to_sign_in(request: HttpRequest) -> HttpResponseBase:
    return redirect(f"/sign-in?{urlencode({'next': request.get_full_path()})}")


def _page(request: HttpRequest) -> dict[str, Any]:
    return {"lang": language_of(request), "styles": [static(f"ui/css/{name}.css") for name in FRAME_STYLES]}


def _shell(
    request: HttpRequest,
    *,
    title: str,
    module: str,
    styles: tuple[str, ...],
    dim: bool = False,
    early: bool = False,
) -> HttpResponse:
    """`early`: whoever is here is asked for while the page is still on its way."""
    page = _page(request)
    page["styles"] += [static(f"ui/css/{name}.css") for name in styles]
    page |= {"title": title, "dim": dim, "early": early, "module": static(f"ui/js/{module}.js")}
    page["words"] = [static(f"ui/{path}") for path in words_of(module, page["lang"])]
    page["preloads"] = [static(f"ui/{path}") for path in loaded_by(f"js/{module}.js")]
    return render(request, "ui/shell.html", page)


@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker that lets the bedside open again without a network. It keeps shells and files, never an answer."""
    files = sorted({static(f"ui/{path}") for path in _kept_files()})
    shells = ["/bedside"]
    text = _worker_text().replace("__FILES__", _json(files)).replace("__SHELLS__", _json(shells))
    return HttpResponse(text, content_type="text/javascript", headers={"Cache-Control": "no-cache"})


def _json(values: list[str]) -> str:
    return JsonResponse(values, safe=False).content.decode()


@cache
def _worker_text() -> str:
    return (Path(__file__).parent / "worker.js").read_text()


@cache
def _kept_files() -> frozenset[str]:
    """What the bedside needs: its modules with all that they import, its styles, each language."""
    bedside = [screen for screen in SCREENS if screen.dim]
    modules = {path for screen in bedside for path in loaded_by(f"js/{screen.module}.js", later=True)}
    modules |= {f"js/{screen.module}.js" for screen in bedside}
    modules |= {path for screen in bedside for code in LANGUAGES for path in words_of(screen.module, code)}
    styles = {f"css/{name}.css" for screen in bedside for name in (*FRAME_STYLES, *screen.styles)}
    return frozenset(modules | styles)


@require_GET
def manifest(request: HttpRequest) -> JsonResponse:
    """What a tablet needs to put the bedside on its home screen, where its storage is not cleared after a week."""
    return JsonResponse(
        {
            "name": "kapclinic",
            "short_name": "kapclinic",
            "start_url": "/",
            "display": "standalone",
            "background_color": "#131119",
            "theme_color": "#1C1925",
            "icons": [{"src": static("ui/mark.svg"), "sizes": "any", "type": "image/svg+xml"}],
        },
        content_type="application/manifest+json",
    )
