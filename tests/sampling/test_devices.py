"""Which sampler ``auto`` is, on machines that are made up."""

from types import SimpleNamespace

import jax
import pytest

from bayescich.errors import SamplingError
from bayescich.sampling import devices
from bayescich.sampling.devices import choose_sampler, gpu_seen, slow_on_gpu
from tests.sampling.toy import settings


def machine(
    monkeypatch: pytest.MonkeyPatch,
    *,
    plugin: str | None = "jax_cuda12_plugin",
    platform: str | None = "gpu",
    jaxlib: str = "0.12.0.1",
) -> None:
    """Make JAX see this; no platform is a plugin whose driver is missing."""

    def jax_devices() -> list[SimpleNamespace]:
        if platform is None:
            raise RuntimeError("Unable to initialize backend 'cuda'")
        return [SimpleNamespace(platform=platform)]

    monkeypatch.setattr(devices, "find_spec", lambda name: plugin if name == plugin else None)
    monkeypatch.setattr(jax, "devices", jax_devices)
    monkeypatch.setattr(devices, "version", lambda _: jaxlib)


def test_this_machine_has_no_gpu_and_nobody_asks_jax(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "find_spec", lambda _: None)
    monkeypatch.setattr(jax, "devices", lambda: pytest.fail("JAX was asked"))
    assert not gpu_seen()
    assert choose_sampler(settings(sampler="auto")) == "nutpie"


@pytest.mark.parametrize("plugin", devices.GPU_PLUGINS)
def test_auto_is_numpyro_where_jax_sees_a_gpu(monkeypatch: pytest.MonkeyPatch, plugin: str) -> None:
    machine(monkeypatch, plugin=plugin)
    assert choose_sampler(settings(sampler="auto")) == "numpyro"


@pytest.mark.parametrize("platform", ["cpu", None])
def test_a_plugin_without_a_gpu_is_none(
    monkeypatch: pytest.MonkeyPatch, platform: str | None
) -> None:
    machine(monkeypatch, platform=platform)
    assert not gpu_seen()
    assert choose_sampler(settings(sampler="auto")) == "nutpie"


@pytest.mark.parametrize("asked", ["nutpie", "numpyro", "blackjax", "pymc"])
def test_what_is_asked_for_is_used_on_any_machine(
    monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    assert choose_sampler(settings(sampler=asked)) == asked
    machine(monkeypatch)
    assert choose_sampler(settings(sampler=asked)) == asked


@pytest.mark.parametrize(
    ("jaxlib", "slow"),
    [
        ("0.10.1", False), ("0.10.2", True), ("0.10.9", True), ("0.11.0", True), ("0.11", True),
        ("0.11.0.dev20260101", True), ("0.11.1", False), ("0.12.0.1", False), ("1.0", False),
        ("0.9.9", False),
    ],
)  # fmt: skip
def test_the_versions_with_the_slow_scatter_are_known(
    monkeypatch: pytest.MonkeyPatch, jaxlib: str, slow: bool
) -> None:
    machine(monkeypatch, jaxlib=jaxlib)
    assert slow_on_gpu() == slow


def test_auto_stays_on_the_processor_where_jax_is_slow_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    monkeypatch.setattr(devices, "say", said.append)
    machine(monkeypatch, jaxlib="0.10.2")
    assert choose_sampler(settings(sampler="auto")) == "nutpie"
    assert "jaxlib 0.10.2 is slow" in said[0]


@pytest.mark.parametrize("asked", ["numpyro", "blackjax"])
def test_a_slow_jax_on_a_gpu_is_refused_when_asked_for(
    monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    machine(monkeypatch, jaxlib="0.11.0")
    with pytest.raises(SamplingError, match=r"jaxlib 0\.11\.0(.|\n)*0\.11\.1 or newer"):
        choose_sampler(settings(sampler=asked))
    assert choose_sampler(settings(sampler="pymc")) == "pymc"
    # on a processor the same version is as fast as any
    machine(monkeypatch, jaxlib="0.11.0", platform="cpu")
    assert choose_sampler(settings(sampler=asked)) == asked
