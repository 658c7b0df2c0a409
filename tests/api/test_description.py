"""The schema and its page come from files: the same bytes for everybody, and 304 for whoever has them."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.test import Client

from kapclinic.core.http import description
from kapclinic.local.places import CHECKOUT

SCHEMA, DOCS = "/api/v1/schema/", "/api/v1/docs/"
SHIPPED = (CHECKOUT / "docs/openapi.yaml").read_bytes()


@pytest.fixture(scope="module", autouse=True)
def _ready() -> None:
    description.prepare()


def test_the_schema_is_the_shipped_file_without_a_question_to_anybody() -> None:
    """No database is there in this test: a question would fail it."""
    answer = Client().get(SCHEMA)
    assert (answer.status_code, answer.content) == (200, SHIPPED)
    assert answer["Content-Type"] == "application/vnd.oai.openapi; charset=utf-8"
    again = Client().get(SCHEMA, headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", answer["ETag"])
    assert "Content-Length" not in again
    assert Client().get(SCHEMA, headers={"If-None-Match": '"of-last-year"'}).status_code == 200
    head = Client().head(SCHEMA)
    assert (head.status_code, head.content) == (200, b"")
    began = time.perf_counter()
    for _ in range(50):
        Client().get(SCHEMA)
    assert time.perf_counter() - began < 5


def test_whoever_takes_gzip_gets_it_with_an_etag_of_its_own() -> None:
    plain, packed = Client().get(SCHEMA), Client().get(SCHEMA, headers={"Accept-Encoding": "gzip, br"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == SHIPPED
    assert len(packed.content) < len(SHIPPED) / 8
    assert packed["ETag"] != plain["ETag"]
    assert {"Accept", "Accept-Encoding"} <= {word.strip() for word in packed["Vary"].split(",")}


@pytest.mark.parametrize(
    ("query", "accept", "is_json"),
    [
        ("", "", False),
        ("", "*/*", False),
        ("", "text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("", "application/json", True),
        ("", "application/vnd.oai.openapi+json", True),
        ("", "application/vnd.oai.openapi, application/json", False),
        ("?format=json", "text/html", True),
        ("?format=openapi-json", "", True),
        ("?format=yaml", "application/json", False),
    ],
)
def test_as_json_or_yaml_as_it_is_asked_for(query: str, accept: str, is_json: bool) -> None:
    answer = Client().get(SCHEMA + query, headers={"Accept": accept} if accept else {})
    assert ("json" in answer["Content-Type"]) is is_json
    if is_json:
        assert json.loads(answer.content)["openapi"] == "3.1.1"


def test_the_json_says_what_the_yaml_says() -> None:
    told = json.loads(Client().get(SCHEMA, {"format": "json"}).content)
    assert told == yaml.load(SHIPPED, yaml.CSafeLoader)


def test_the_page_names_its_script_and_nothing_of_the_server() -> None:
    page, script = Client().get(DOCS), Client().get(DOCS, {"script": ""})
    assert (page.status_code, script.status_code) == (200, 200)
    assert b'src="?script="' in page.content
    assert page["Content-Security-Policy"]
    assert script["Content-Type"].startswith("text/javascript")
    assert b"../schema/" in script.content
    for told in (page, script):
        assert str(settings.BASE_DIR).encode() not in told.content
        assert Client().get(DOCS, headers={"If-None-Match": told["ETag"]}).status_code in {200, 304}


@pytest.mark.parametrize("address", [SCHEMA, DOCS])
def test_they_can_only_be_read(address: str) -> None:
    answer: Any = Client().post(address)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "GET" in answer["Allow"]
