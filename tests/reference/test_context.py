"""reference.context against the numbers of the lectures."""

import pytest
import torch

from reference import context


@pytest.mark.parametrize("dtype", context.BYTES)
def test_bytes_are_torchs(dtype):
    """Each type is as wide as torch's."""
    assert context.param_bytes(1000, dtype) == 1000 * torch.zeros((), dtype=getattr(torch, dtype)).element_size()


def test_gpt_3_in_memory():
    """175e9 parameters: 700 GB in float32, 350 GB in float16 (E62)."""
    assert context.param_bytes(175 * 10**9) == 700 * 10**9
    assert context.param_bytes(175 * 10**9, "float16") == 350 * 10**9


def test_gpt_3_in_people_and_dollars():
    """1.2 GWh at 6.7 MWh a person are 179 people; 355 GPU-years at 1.5 $ an hour are 4.66 million (A16)."""
    assert round(context.people_equivalent(1.2e6, 6.7e3)) == 179
    assert round(context.gpu_cost(355, 1.5) / 1e6, 2) == 4.66


def test_years_are_in_order():
    """The list is the time line: every year later than the one before."""
    years = list(context.YEARS.values())
    assert years == sorted(set(years))
