"""A request as views see it: Django REST framework's, with what each view reads many times at hand."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import QueryDict
from rest_framework.request import Request, WrappedAttributeError

from kapclinic.core.http.renderers import Told

NOTHING = QueryDict(encoding="utf-8")  # may not be changed
UNREAD = frozenset({"get", "head", "options"})


class Asked(Request):
    """Who asks is found out once; after that it is read as any attribute is."""

    @property
    def user(self) -> Any:
        known = self.__dict__
        if "_user" not in known:
            self._found_out()
        return known["_user"]

    @user.setter
    def user(self, value: Any) -> None:
        self._user = self._request.user = value

    @property
    def auth(self) -> Any:
        known = self.__dict__
        if "_auth" not in known:
            self._found_out()
        return known["_auth"]

    @auth.setter
    def auth(self, value: Any) -> None:
        self._auth = self._request.auth = value  # type: ignore[attr-defined]

    def _found_out(self) -> None:
        try:
            self._authenticate()  # type: ignore[attr-defined]
        except (
            AttributeError
        ) as exc:  # or it would be looked for on the request inside, as a name that is not here
            raise WrappedAttributeError(exc).with_traceback(exc.__traceback__) from exc

    @property
    def query_params(self) -> Any:
        """Those of the address; without any, the same nothing for every request."""
        asked = self._request
        return asked.GET if asked.META.get("QUERY_STRING") else NOTHING

    @property
    def method(self) -> Any:  # type: ignore[override]
        return self._request.method

    @property
    def META(self) -> Any:  # type: ignore[override]  # noqa: N802  (the framework's name)
        return self._request.META


class AskedOnce:
    """A view whose requests are `Asked`; the rest of it is Django REST framework's."""

    action: Any
    action_map: Any
    asks_nothing: ClassVar[frozenset[str]] = frozenset()

    def initialize_request(self: Any, request: Any, *args: Any, **kwargs: Any) -> Asked:
        """With the action that the method means, and the body of a write: read once, before any parser, since the
        fingerprint of its key needs the bytes."""
        method = str(request.method).lower()
        if method not in UNREAD:
            request.body  # noqa: B018
        self.action = "metadata" if method == "options" else self.action_map.get(method)
        return Asked(
            request,
            parsers=self.get_parsers(),
            authenticators=self.get_authenticators(),
            negotiator=self.get_content_negotiator(),
            parser_context=self.get_parser_context(request),
        )

    def finalize_response(self: Any, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """What is told already is not rendered: it needs the headers alone, and nobody needs the view any more.

        View and request name each other. They let go here, or each would wait for the search for such circles, which
        cost more than most views' own work.
        """
        if not isinstance(response, Told) or "Vary" in self.headers:
            return super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        for name, value in self.headers.items():
            response[name] = value
        request.parser_context = {}
        for method in self.action_map:
            vars(self).pop(method, None)
        return response
