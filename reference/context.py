"""Numbers about deep learning: dates, memory, energy, cost.  [Belhafaoui, "quelques dates", "Quelques chiffres"]"""

from __future__ import annotations

#: Bytes of one number.
BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int8": 1}

#: When it was published; the lectures list the fast weight controller after random forests.
YEARS = {
    "least squares": 1795,
    "gradient descent": 1847,
    "perceptron": 1957,
    "backpropagation": 1986,
    "fast weight controller": 1992,
    "random forests": 1995,
    "LeNet-5": 1998,
    "Glorot's start": 2010,
    "GAN": 2014,
    "transformer": 2017,
    "BERT": 2018,
}


def param_bytes(P: int, dtype: str = "float32") -> int:
    """Memory of P parameters in bytes: 175e9 take 700 GB in float32, 350 GB in float16; the slide's 800 is neither (E62)."""
    return P * BYTES[dtype]


def people_equivalent(E: float, c: float) -> float:
    """How many people use E kWh in a year, at c kWh each: 1.2 GWh at 6.7 MWh are about 180.  [Belhafaoui]"""
    return E / c


def gpu_cost(gpu_years: float, per_hour: float) -> float:
    """What so many years of one GPU cost, at a price per hour: 355 at an assumed 1.5 $ are the slide's 4.6 M$.  [Belhafaoui]"""
    return gpu_years * 365 * 24 * per_hour
