"""The description for Kubernetes: against its schemas, the Pod Security Standard, and its parts against each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from relance import __version__
from relance.contracts.names import TaskQueue
from relance.settings import Settings
from relance.settings.sources import check_names
from worker import WorkerRole

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
VERSIONS = ("1.31", "1.35")
"""The oldest we say it is for, and a recent one."""

OBJECTS: list[dict[str, Any]] = [
    found for name in KUSTOMIZATION["resources"] for found in yaml.safe_load_all((FOLDER / name).read_text())
]


def _of(kind: str) -> list[dict[str, Any]]:
    return [found for found in OBJECTS if found["kind"] == kind]


def _pods() -> dict[str, dict[str, Any]]:
    """Every pod's template by the name of what makes it."""
    found = {made["metadata"]["name"]: made["spec"]["template"] for made in [*_of("Deployment"), *_of("Job")]}
    cron = {made["metadata"]["name"]: made["spec"]["jobTemplate"]["spec"]["template"] for made in _of("CronJob")}
    return {**found, **cron}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("found", OBJECTS, ids=lambda found: f"{found['kind']}/{found['metadata']['name']}")
def test_kubernetes_knows_every_field(found: dict[str, Any], version: str) -> None:
    import kubernetes_validate

    kubernetes_validate.validate(found, version, strict=True)


def test_every_file_is_applied_and_no_object_twice() -> None:
    files = {file.name for file in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(KUSTOMIZATION["resources"]) == files
    names = [(found["kind"], found["metadata"]["name"]) for found in OBJECTS]
    assert len(set(names)) == len(names)
    assert KUSTOMIZATION["images"][0]["newTag"] == __version__


@pytest.mark.parametrize("name", _pods())
def test_a_pod_meets_the_restricted_standard(name: str) -> None:
    spec = _pods()[name]["spec"]
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not spec["automountServiceAccountToken"]
    assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
    assert all({"secret", "emptyDir"} & volume.keys() for volume in spec["volumes"])
    for container in spec["containers"]:
        own = container["securityContext"]
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert own["readOnlyRootFilesystem"]
        assert not own["allowPrivilegeEscalation"]
        assert container["image"] == KUSTOMIZATION["images"][0]["name"]
        assert {"memory"} <= container["resources"]["limits"].keys()


@pytest.mark.parametrize("deployment", _of("Deployment"), ids=lambda found: found["metadata"]["name"])
def test_a_deployment_runs_one_role_and_gives_it_the_time_it_needs(deployment: dict[str, Any]) -> None:
    spec = deployment["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    role = deployment["metadata"]["labels"]["app.kubernetes.io/component"]
    assert container["args"] == ["worker.py", "--role", role]
    if role != WorkerRole.GATEWAY:
        assert spec["terminationGracePeriodSeconds"] > Settings().worker.drain.total_seconds() + 5
    ports = {port["name"] for port in container["ports"]}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] in ports
    assert container["livenessProbe"]["httpGet"]["path"] == "/live"
    assert container["readinessProbe"]["httpGet"]["path"] == "/ready"


def test_every_role_runs_and_keeps_one_while_a_node_is_emptied() -> None:
    roles = {made["metadata"]["labels"]["app.kubernetes.io/component"] for made in _of("Deployment")}
    assert roles == set(WorkerRole) - {WorkerRole.ALL}
    kept = {
        budget["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"]
        for budget in _of("PodDisruptionBudget")
    }
    assert kept == roles


def test_autoscaling_follows_the_queue_of_the_role_it_scales() -> None:
    deployments = {made["metadata"]["name"]: made for made in _of("Deployment")}
    for scaler in _of("HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]["name"]
        assert "replicas" not in deployments[target]["spec"], "applying it would set the number back"
        (metric,) = scaler["spec"]["metrics"]
        queue = metric["external"]["metric"]["selector"]["matchLabels"]["task_queue"]
        assert queue == f"relance-{target.removeprefix('worker-')}"
        assert queue in set(TaskQueue)


def test_a_service_and_the_policies_name_ports_that_pods_have() -> None:
    for found in [*_of("Service"), *_of("NetworkPolicy")]:
        spec = found["spec"]
        wanted = {port["targetPort"] for port in spec.get("ports", [])}
        wanted |= {port["port"] for rule in spec.get("ingress", []) for port in rule["ports"]}
        selector = spec.get("selector") or spec["podSelector"].get("matchLabels", {})
        pods = [made for made in _of("Deployment") if selector.items() <= made["metadata"]["labels"].items()]
        assert pods or not wanted
        for made in pods:
            ports = {port["name"] for port in made["spec"]["template"]["spec"]["containers"][0]["ports"]}
            assert wanted <= ports


def test_nothing_passes_unless_a_policy_says_so_and_never_to_the_clouds_metadata() -> None:
    (closed,) = [policy for policy in _of("NetworkPolicy") if policy["metadata"]["name"] == "nothing"]
    assert closed["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    blocks = [
        target["ipBlock"]
        for policy in _of("NetworkPolicy")
        for rule in policy["spec"].get("egress", [])
        for target in rule["to"]
        if "ipBlock" in target
    ]
    assert blocks
    assert "169.254.0.0/16" in blocks[0]["except"]


def test_the_settings_are_settings_and_the_secrets_come_by_reference(tmp_path: Path) -> None:
    (settings,) = _of("ConfigMap")
    groups = {name: field.annotation for name, field in Settings.model_fields.items()}
    check_names({name: group for name, group in groups.items() if isinstance(group, type)}, None, settings["data"])
    assert not _of("Secret")
    for template in _pods().values():
        (container,) = template["spec"]["containers"]
        assert {"configMapRef": {"name": settings["metadata"]["name"]}} in container["envFrom"]
        places = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        assert places["secrets"] == settings["data"]["RELANCE_SECRETS_DIR"]
        files = {
            value for name, value in settings["data"].items() if name.startswith("TEMPORAL_TLS") or "__TLS_" in name
        }
        named = {Path(value).name for value in files if value.startswith(places["certificates"])}
        assert named == {"ca.crt", "tls.crt", "tls.key", "tls-combined.pem"}
