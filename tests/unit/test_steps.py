"""The steps into a jail: what the zygote puts together before a submission's process is there."""

from __future__ import annotations

import resource

import pytest

from autograder.guest import steps


def test_no_jail_where_the_kernel_does_not_tell_its_capabilities(monkeypatch):
    """Without the list nothing would be dropped from the bounding set, and nobody would notice."""
    monkeypatch.setattr(steps.libc, "prctl", lambda *words: -1)
    with pytest.raises(steps.JailError, match="capabilities"):
        steps.no_privileges(namespaces=True)


def test_every_capability_of_this_kernel_is_dropped():
    """As many as /proc counts for a process that may have all of them; then the rest of the steps."""
    with open("/proc/sys/kernel/cap_last_cap") as file:
        last = int(file.read())
    dropped = [step.args[1] for step in steps.no_privileges(namespaces=True) if step.args[0] == steps.PR_CAPBSET_DROP]
    assert dropped == list(range(last + 1))


def test_limits_never_rise_above_what_the_zygote_has():
    """setrlimit would fail there, and with it every jail."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = [(resource.RLIMIT_NOFILE, hard + 1), (resource.RLIMIT_NOFILE, 64)]
    assert [step.args for step in steps.limits(wanted)] == [
        (resource.RLIMIT_NOFILE, (hard, hard)),
        (resource.RLIMIT_NOFILE, (64, 64)),
    ]
