"""The manifests for a group name only what exists here: there is no cluster in these tests, so they read closely instead."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.urls import Resolver404, resolve

from kapclinic.local.places import CHECKOUT
from tests.test_compose import SECRETS, SERVICES, SETTINGS, read_by_settings

FOLDER = CHECKOUT / "deploy/kubernetes"
FILES = sorted(FOLDER.rglob("*.yaml"))
GROUP = FOLDER / "overlays/group"
WORKLOADS = {
    "migrate",
    "web",
    "worker",
    "safety",
    "beat",
}  # and backup, of another image, with secrets of its own
BACKUP_PLACES = {"KAP_PROCESS", "BACKUP_SCRATCH"}
OF_SECRETS = {"DATABASE_URL", "VALKEY_URL", "SECRET_KEY", "FIELD_KEYS"}


def documents(path: Path) -> list[dict[str, Any]]:
    return [part for part in yaml.safe_load_all(path.read_text()) if part is not None]


def named(folder: Path, kind: str) -> dict[str, dict[str, Any]]:
    """The resources of a kind by their name, of the files that the folder's Kustomization lists."""
    lists = documents(folder / "kustomization.yaml")[0]
    files = [*lists.get("resources", ()), *(patch["path"] for patch in lists.get("patches", ()))]
    rows = [row for name in files if name.endswith(".yaml") for row in documents(folder / name)]
    return {row["metadata"]["name"]: row for row in rows if row["kind"] == kind}


BASE = FOLDER / "base"
PODS = {
    name: row["spec"]["template"] for kind in ("Deployment", "Job") for name, row in named(BASE, kind).items()
}
CONTAINERS = {name: pod["spec"]["containers"][0] for name, pod in PODS.items()}
GIVEN = named(BASE, "ConfigMap")["kapclinic"]["data"] | named(GROUP, "ConfigMap")["kapclinic"]["data"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_every_manifest_can_be_read_and_is_used(path: Path) -> None:
    rows = documents(path)
    assert rows
    assert all(row["apiVersion"] and row["kind"] for row in rows)
    if path.name != "kustomization.yaml":
        lists = documents(path.parent / "kustomization.yaml")[0]
        assert path.name in [*lists["resources"], *(patch["path"] for patch in lists.get("patches", ()))]


def test_what_a_kustomization_lists_is_there() -> None:
    for path in FOLDER.rglob("kustomization.yaml"):
        lists = documents(path)[0]
        files = [*lists["resources"], *(patch["path"] for patch in lists.get("patches", ()))]
        assert [name for name in files if not (path.parent / name).exists()] == []


def test_the_processes_are_those_of_compose() -> None:
    assert set(PODS) == WORKLOADS | {"backup"}
    assert set(SERVICES) - set(PODS) == {"postgres", "valkey", "proxy"}  # the group's own
    assert named(BASE, "Deployment")["beat"]["spec"]["replicas"] == 1
    for name in ("web", "worker", "safety"):
        assert named(BASE, "Deployment")[name]["spec"]["replicas"] >= 2


@pytest.mark.parametrize("name", sorted(WORKLOADS))
def test_each_runs_the_command_of_compose(name: str) -> None:
    assert CONTAINERS[name].get("command") == SERVICES[name].get("command")
    grace = PODS[name]["spec"].get("terminationGracePeriodSeconds", 0)
    if told := SERVICES[name].get("stop_grace_period"):
        assert grace == int(told.removesuffix("s"))


def test_workers_serve_the_queues_of_the_settings() -> None:
    told = [
        re.search(r"--queues=(\w+)", " ".join(CONTAINERS[name]["command"])) for name in ("worker", "safety")
    ]
    routed = set(re.findall(r'\{"queue": "(\w+)"\}', SETTINGS))
    usual = re.search(r'CELERY_TASK_DEFAULT_QUEUE = "(\w+)"', SETTINGS)
    assert usual
    assert {match[1] for match in told if match} == routed | {usual[1]}


def own(name: str) -> dict[str, Any]:
    return {row["name"]: row for row in CONTAINERS[name].get("env", ())}


@pytest.mark.parametrize("name", sorted(WORKLOADS))
def test_every_variable_is_read_by_the_settings_and_one_of_compose(name: str) -> None:
    assert [word for word in (*GIVEN, *own(name)) if not read_by_settings(word)] == []
    theirs = set(SERVICES[name]["environment"])
    optional = {"EMAIL_URL", "PUBLIC_URL", "SMS_WEBHOOK_URL", "SMS_WEBHOOK_SECRET", "METRICS_TOKEN"}
    optional |= {
        "ANCHOR_URL",
        "ANCHOR_KEY",
        "ANCHOR_PUBLIC_KEYS",
        "ANCHOR_MINUTES",
        "ANCHOR_BUCKET_KEY",
        "ANCHOR_BUCKET_SECRET",
        "BACKUP_STATUS",  # a pod does not see another one's disk: `/status` reads the row
    }
    assert theirs - optional <= {*GIVEN, *own(name), *OF_SECRETS}
    assert {*own(name)} == theirs & {"KAP_PROCESS", "MIGRATION_DATABASE_URL"}
    for word, row in own(name).items():
        if "value" in row:
            assert row["value"] == SERVICES[name]["environment"][word]


@pytest.mark.parametrize("name", sorted(WORKLOADS))
def test_secrets_come_by_reference(name: str) -> None:
    signs = [{"secretRef": {"name": "kapclinic-anchors", "optional": True}}]
    assert CONTAINERS[name]["envFrom"] == [
        {"configMapRef": {"name": "kapclinic"}},
        {"secretRef": {"name": "kapclinic"}},
        *(signs if "ANCHOR_KEY" in SERVICES[name]["environment"] else []),
    ]
    assert [word for word in GIVEN if SECRETS.search(word)] == []
    assert all("valueFrom" in row for word, row in own(name).items() if SECRETS.search(word))
    assert not [path for path in FILES for row in documents(path) if row["kind"] == "Secret"]


def test_only_migrate_is_the_owner() -> None:
    owner = "kapclinic-owner"
    assert [name for name, pod in PODS.items() if owner in str(pod)] == ["migrate"]


def test_the_backups_hold_no_key_of_the_clinic_and_write_where_they_may() -> None:
    pod, container = PODS["backup"]["spec"], CONTAINERS["backup"]
    theirs = SERVICES["backup"]["environment"]
    assert container["command"] == SERVICES["backup"]["command"]
    assert pod["terminationGracePeriodSeconds"] == int(
        SERVICES["backup"]["stop_grace_period"].removesuffix("s")
    )
    assert container["envFrom"] == [{"secretRef": {"name": "kapclinic-backup"}}]
    assert (
        own("backup").items()
        >= {word: {"name": word, "value": theirs[word]} for word in BACKUP_PLACES}.items()
    )
    assert set(own("backup")) == BACKUP_PLACES
    assert [name for name, one in PODS.items() if "kapclinic-backup" in str(one)] == ["backup"]
    assert [name for name, one in PODS.items() if "kapclinic-anchors" in str(one)] == ["worker", "safety"]
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsNonRoot"]) == (999, True)
    assert container["securityContext"] == CONTAINERS["beat"]["securityContext"]
    assert container["readinessProbe"]["exec"]["command"] == SERVICES["backup"]["healthcheck"]["test"][1:]
    claimed = {row["name"]: row.get("persistentVolumeClaim", {}).get("claimName") for row in pod["volumes"]}
    assert {row["mountPath"]: claimed[row["name"]] for row in container["volumeMounts"]} == {
        "/tmp": None,
        "/backups": "backups",
        "/scratch": "backup-scratch",
    }
    assert set(named(GROUP, "PersistentVolumeClaim")) == {"backups", "backup-scratch"}
    assert named(BASE, "Deployment")["backup"]["spec"]["replicas"] == 1
    head = (GROUP / "kustomization.yaml").read_text().split("apiVersion", 1)[0]
    secret = re.split(r"kapclinic-backup +", head)[1].split(";")[0]
    assert set(re.findall(r"[A-Z_]{6,}", secret)) == set(theirs) - BACKUP_PLACES - {"BACKUP_STATUS"}


def test_what_the_overlay_says_of_its_secrets_is_read_by_the_settings() -> None:
    head = (GROUP / "kustomization.yaml").read_text().split("apiVersion", 1)[0]
    words = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", head))
    assert words >= OF_SECRETS | {"REPLICA_DATABASE_URL", "MIGRATION_DATABASE_URL"}
    assert [word for word in words if not read_by_settings(word)] == []


@pytest.mark.parametrize("name", sorted(WORKLOADS))
def test_nobody_is_root_or_writes_to_the_image(name: str) -> None:
    pod, container = PODS[name]["spec"], CONTAINERS[name]
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsNonRoot"]) == (10001, True)
    assert container["securityContext"] == {
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]
    assert {"cpu", "memory"} <= set(container["resources"]["requests"])
    assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_no_registry_is_named(path: Path) -> None:
    for image in re.findall(r"(?:image|newName): *(\S+)", path.read_text()):
        assert image in {"kapclinic", "kapclinic-backup"}


def test_web_is_asked_for_its_health_and_whether_it_is_ready() -> None:
    web = CONTAINERS["web"]
    assert web["livenessProbe"]["exec"]["command"] == SERVICES["web"]["healthcheck"]["test"][1:]
    assert web["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert "/readyz" not in str(web["livenessProbe"])  # a database that is away restarts nobody
    ours = named(GROUP, "Deployment")["web"]["spec"]["template"]["spec"]["containers"][0]
    hosts = [row["value"] for row in ours["readinessProbe"]["httpGet"]["httpHeaders"]]
    assert hosts == GIVEN["ALLOWED_HOSTS"].split(",")
    assert (
        CONTAINERS["beat"]["livenessProbe"]["exec"]["command"] == SERVICES["beat"]["healthcheck"]["test"][1:]
    )
    for name in ("worker", "safety"):
        assert "inspect ping" in str(CONTAINERS[name]["readinessProbe"])
        assert "livenessProbe" not in CONTAINERS[name]  # without a broker they go on by their own clock


def test_the_proxy_buffers_requests_and_leads_to_web() -> None:
    ingress = named(GROUP, "Ingress")["web"]
    assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-request-buffering"] == "on"
    assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/enable-access-log"] == "false"
    backend = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    service = named(BASE, "Service")["web"]["spec"]
    assert backend == {"name": "web", "port": {"name": service["ports"][0]["name"]}}
    assert CONTAINERS["web"]["ports"] == [{"name": service["ports"][0]["targetPort"], "containerPort": 8000}]


def test_nobody_outside_asks_for_figures() -> None:
    """Both proxies answer 404: one by itself, the other by asking web for an address that there is none of."""
    ingress = named(GROUP, "Ingress")["metrics"]
    (path,) = ingress["spec"]["rules"][0]["http"]["paths"]
    assert (path["path"], path["pathType"]) == ("/metrics", "Exact")
    instead = ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/rewrite-target"]
    with pytest.raises(Resolver404):
        resolve(instead)
    assert resolve("/metrics")
    assert "location = /metrics { return 404; }" in (CHECKOUT / "deploy/nginx.conf").read_text()


def test_labels_find_their_pods() -> None:
    for name, row in named(BASE, "Deployment").items():
        assert row["spec"]["selector"]["matchLabels"] == PODS[name]["metadata"]["labels"]
    for kind in ("Service", "PodDisruptionBudget"):
        found = named(BASE, kind)["web"]["spec"]["selector"]
        assert found.get("matchLabels", found) == PODS["web"]["metadata"]["labels"]
