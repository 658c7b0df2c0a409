"""What drf-spectacular can't guess: declared parameters, the idempotency key, If-Match, problems."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import get_doc

from kapclinic.core.http.merging import WORDS


def _text(name: str, where: str, doc: str, *, required: bool = False, kind: str = "string") -> dict[str, Any]:
    return {"name": name, "in": where, "required": required, "description": doc, "schema": {"type": kind}}


REPLICA_AGE = {
    "X-Kap-Replica-Age": {
        "description": "Seconds that the answer is behind at most, when a standby gave it",
        "schema": {"type": "integer"},
    }
}


class ClinicSchema(AutoSchema):
    """Adds to each operation the headers and parameters that the base view understands."""

    def get_operation_id(self) -> str:
        tokens = [part.strip("{}").replace("-", "_") for part in self.path.split("/")[3:] if part]
        action = getattr(self.view, "action", None) or self.method.lower()
        return "_".join([*tokens, action])

    def get_description(self) -> str:  # type: ignore[override]
        """Of the action, else of its view; how views are built is no business of a client."""
        own = type(self.view).__doc__
        words = str(super().get_description())
        inherited = not own and words and words == get_doc(type(self.view))
        own_words = "" if inherited else words
        return f"{own_words}\n\n{WORDS}".strip() if self.method == "PATCH" else own_words

    def get_tags(self) -> list[str]:
        parts = [part for part in self.path.split("/")[3:] if part]
        return [parts[0]] if parts else ["service"]

    view: Any

    def get_request_serializer(self) -> Any:
        inputs = getattr(self.view, "inputs", None)
        return super().get_request_serializer() if inputs is None else inputs.get(self.view.action)

    def get_response_serializers(self) -> Any:
        if getattr(self.view, "inputs", None) is None:
            return super().get_response_serializers()
        output = self.view.outputs.get(self.view.action, self.view.output)
        return {201: output} if self.view.action in self.view.created else output

    def _get_parameters(self) -> list[dict[str, Any]]:
        return sorted([*super()._get_parameters(), *self._ours()], key=lambda p: (p["in"], p["name"]))

    def _ours(self) -> list[dict[str, Any]]:
        view, found = self.view, []
        action = getattr(view, "action", None)
        params_of = getattr(view, "params_of", None)
        if params_of is not None:
            found += [param.schema() for param in params_of().get(action, ())]
        if action in getattr(view, "paged", ()):
            found += [
                _text("page", "query", "from 1", kind="integer"),
                _text("page_size", "query", "1 to 200", kind="integer"),
            ]
        if action == "list":
            if getattr(view, "orderings", None):
                names = ", ".join(sorted(view.orderings))
                found.append(_text("ordering", "query", f"any of {names}; '-' turns it round; commas join"))
            if getattr(view, "searches", None):
                found.append(_text("search", "query", view.search_doc))
        if self.method == "POST" and getattr(view, "idempotent", False) and action != "preview":
            required = action in view.key_required
            found.append(
                _text("Idempotency-Key", "header", "Repeats are answered once acted", required=required)
            )
        return found + self._conditions()

    def _conditions(self) -> list[dict[str, Any]]:
        if getattr(self.view, "action", None) in getattr(self.view, "tagged", ()):
            return [_text("If-None-Match", "header", "The ETag that was read: 304 while it holds")]
        if self.method == "PATCH":
            return [_text("If-Match", "header", "The ETag that was read", required=True)]
        if self.method == "PUT":
            return [_text("If-Match", "header", "The ETag that was read: 412 when it holds no more")]
        return []

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        if getattr(self.view, "action", None) in getattr(self.view, "tagged", ()):
            bodies["304"] = {"description": "Nothing has changed since that ETag"}
        if getattr(self.view, "action", None) in getattr(self.view, "reports", ()):
            bodies["200"]["headers"] = REPLICA_AGE
        bodies["default"] = {
            "description": "A refusal",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        return bodies
