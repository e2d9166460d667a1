"""The JSON API says what the pages show."""

from __future__ import annotations

import itertools
import re

import pytest
from flask.testing import FlaskClient

from tests.unit.web.world import World

ROUTES = [
    "/api/v1/summary", "/api/v1/sites", "/api/v1/sites?state=down&state=degraded", "/api/v1/sites/lok-006",
    "/api/v1/sites.columns", "/api/v1/outlines", "/api/v1/devices?site=lok-006", "/api/v1/devices/rb-006",
    "/api/v1/devices/rb-006/charts?span=30d", "/api/v1/devices/rb-006/series?field=clients&field=cpu_ratio",
    "/api/v1/outages", "/api/v1/outages?start=2026-11-01T00:00:00Z", "/api/v1/outages/g01", "/api/v1/status",
    "/api/v1/system",
]  # fmt: skip


@pytest.mark.parametrize("path", ROUTES)
def test_each_route_answers_json_with_a_tag_and_then_304(client: FlaskClient, path: str):
    first = client.get(path)
    assert first.status_code == 200
    assert first.mimetype in ("application/json", "application/geo+json")
    assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_the_description_names_every_route(client: FlaskClient):
    told = client.get("/api/v1/openapi.json").json
    assert told["openapi"].startswith("3.1")
    documented = set(told["paths"])
    served = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(rule))
        for rule in client.application.url_map.iter_rules()
        if str(rule).startswith("/api/v1/") and not str(rule).endswith("openapi.json")
    }
    assert documented == served


@pytest.mark.parametrize(
    "path",
    ["/api/v1/sites?page=0", "/api/v1/sites?state=purple", "/api/v1/sites?nope=1", "/api/v1/devices/rb-001/series",
     "/api/v1/devices/rb-001/series?field=clients&kind=x", "/api/v1/outages?start=yesterday"],
)  # fmt: skip
def test_a_wrong_parameter_is_refused_without_echo(client: FlaskClient, path: str):
    answer = client.get(path)
    assert answer.status_code == 422
    told = answer.json["error"]
    assert told["code"] == "invalid_request"
    assert told["fields"]
    assert "purple" not in str([f["field"] for f in told["fields"]])


def test_too_much_is_refused_and_a_wrong_order_of_times(client: FlaskClient):
    base = "/api/v1/devices/rb-001/series?field=clients"
    assert client.get(f"{base}&start=2020-01-01&step_s=60").status_code == 400
    assert client.get(f"{base}&start=2026-11-21&end=2026-11-20").status_code == 400


@pytest.mark.parametrize(
    "path", ["/api/v1/sites/x", "/api/v1/devices/x", "/api/v1/devices/x/charts", "/api/v1/outages/x"]
)
def test_an_unknown_id_is_a_404_as_json(client: FlaskClient, path: str):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json["error"]["code"] == "not_found"


def test_columns_give_back_every_site_where_it_stands(client: FlaskClient, province: World):
    told = client.get("/api/v1/sites.columns").json
    lon = [v / told["scale"] for v in itertools.accumulate(told["lon"])]
    lat = [v / told["scale"] for v in itertools.accumulate(told["lat"])]
    assert len(told["id"]) == len(province.inventory.sites)
    for place, site_id in enumerate(told["id"]):
        site = province.inventory.sites[site_id]
        assert lon[place] == pytest.approx(site.lon, abs=1e-5)
        assert lat[place] == pytest.approx(site.lat, abs=1e-5)
        assert told["kinds"][told["kind"][place]] == site.kind
    states = [told["states"][int(digit)] for digit in told["state"]]
    assert states.count("down") == client.get("/api/v1/summary").json["counts"]["down"]


def test_holes_are_null_and_never_zero(client: FlaskClient):
    down = client.get("/api/v1/sites?state=down&per_page=1").json["sites"][0]
    told = client.get(f"/api/v1/devices/{down['devices'][0]}/series?field=clients&step_s=300").json
    assert None in told["columns"]["clients"]
    assert down["clients"] is None


def test_times_are_utc(client: FlaskClient):
    assert client.get("/api/v1/summary").json["fresh"]["at"] == "2026-11-21T02:41:40Z"


def test_outlines_are_geojson_and_say_that_they_are_approximate(client: FlaskClient):
    told = client.get("/api/v1/outlines").json
    assert told["type"] == "FeatureCollection"
    assert len(told["features"]) == 14
    assert all(f["properties"]["approximate"] for f in told["features"])


def test_a_device_tells_what_it_is_and_when_it_said_so(client: FlaskClient):
    told = client.get("/api/v1/devices/rb-006").json["identity"]
    assert (told["vendor"], told["model"], told["version"]) == ("MikroTik", "hAP ac²", "7.16.2")
    assert (told["platform"], told["serial"], told["sys_name"]) == ("routeros", "MADEUP00006", "rb-6.contoh")
    assert told["told_at"].endswith(("Z", "+00:00"))
    assert client.get("/api/v1/devices/rb-005").json["identity"]["model"] is None
    assert client.get("/api/v1/devices/rb-007").json["identity"] is None
