r"""Formulas as readable plain text: "$\sigma(z) = \frac{1}{1 + e^{-z}}$" reads "σ(z) = 1/(1 + e⁻ᶻ)".

A terminal and a page without scripts cannot set TeX. This knows the few commands of a course's sentences; what it does
not know keeps its name without the backslash.
"""

from __future__ import annotations

import re

# As pandoc does: no space inside the dollars, no digit after; "from $5 to $6" stays.
_MATH = re.compile(r"\$\$?(?=[^\s$])([^$\n]{1,400}?)(?<=[^\s$])\$\$?(?!\d)")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_ROOT = re.compile(r"\\sqrt\s*\{([^{}]*)\}")
_ACCENT = re.compile(r"\\(hat|widehat|bar|overline|tilde|vec|dot)\s*(?:\{([^{}]*)\}|([A-Za-z]))")
_FONT = re.compile(
    r"\\(?:text|mathrm|mathbf|mathbb|mathcal|mathit|mathsf|boldsymbol|bm|operatorname\*?)\s*(?:\{([^{}]*)\}|(\w))"
)
_SCRIPT = re.compile(r"([_^])\{([^{}]*)\}")
_SPACING = re.compile(r"\\(?:[,;:! ]|quad\b|qquad\b|\\)|~")
_ACCENTS = {
    "hat": "\u0302",
    "widehat": "\u0302",
    "bar": "\u0304",
    "overline": "\u0304",
    "tilde": "\u0303",
    "vec": "\u20d7",
    "dot": "\u0307",
}
_RAISED = dict(zip("0123456789+-=()nijxyzktTKab", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱʲˣʸᶻᵏᵗᵀᴷᵃᵇ", strict=True))
_LOWERED = dict(zip("0123456789+-=()aijkntx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐᵢⱼₖₙₜₓ", strict=True))
_TABLE = """
    α alpha β beta γ gamma δ delta ε epsilon ε varepsilon ζ zeta η eta θ theta ι iota κ kappa λ lambda μ mu ν nu ξ xi
    π pi ρ rho σ sigma τ tau φ phi ϕ varphi χ chi ψ psi ω omega Γ Gamma Δ Delta Θ Theta Λ Lambda Ξ Xi Π Pi Σ Sigma
    Φ Phi Ψ Psi Ω Omega Σ sum Π prod ∫ int ∂ partial ∇ nabla ∞ infty ᵀ top ℓ ell · cdot × times ⊙ odot ⊗ otimes ⊕ oplus
    ± pm * star ∘ circ ≤ le ≤ leq ≥ ge ≥ geq ≠ ne ≠ neq ≈ approx ~ sim ∝ propto ∈ in → to → rightarrow ← leftarrow
    ↦ mapsto | mid | vert ‖ Vert … ldots … dots … cdots
"""
_SYMBOLS = {
    **dict(zip(_TABLE.split()[1::2], _TABLE.split()[::2], strict=True)),
    **dict.fromkeys(("left", "right", "big", "Big", "displaystyle"), ""),
}


def readable(text: str) -> str:
    """The text with its formulas as plain characters."""
    return _MATH.sub(lambda match: formula(match[1]), text)


def formula(tex: str) -> str:
    """One formula, without its dollars."""
    tex = tex.replace("\\{", "\ue000").replace("\\}", "\ue001").replace("\\|", "‖")
    for _ in range(12):  # one level of braces a round, from the inside out
        before = tex
        tex = _FONT.sub(lambda match: match[1] or match[2] or "", tex)
        tex = _ACCENT.sub(lambda match: (match[2] or match[3] or "") + _ACCENTS[match[1]], tex)
        tex = _SCRIPT.sub(lambda match: _script(match[1], _names(match[2])), tex)
        tex = _ROOT.sub(lambda match: "√" + _grouped(match[1]), tex)
        tex = _FRACTION.sub(lambda match: f"{_grouped(match[1])}/{_grouped(match[2])}", tex)
        if tex == before:
            break
    tex = re.sub(r"\^(\\top\b|[0-9nT])", lambda match: _script("^", _names(match[1])), tex)
    tex = _names(_SPACING.sub(" ", tex))
    tex = re.sub(r"[{}&]", "", tex).replace("-", "−").replace("\ue000", "{").replace("\ue001", "}")
    return re.sub(r"\s+", " ", tex).strip()


def _names(tex: str) -> str:
    return re.sub(r"\\([A-Za-z]+)", lambda match: _SYMBOLS.get(match[1], match[1]), tex)


def _grouped(part: str) -> str:
    """In brackets unless it is one word."""
    part = part.strip()
    return part if re.fullmatch(r"[\\\w·…√]+[\u0302-\u0307]?[ⁿ²ᵀ]?", part) else f"({part})"


def _script(sign: str, part: str) -> str:
    letters = _RAISED if sign == "^" else _LOWERED
    if part in ("ᵀ", "*", "′"):
        return part if part == "ᵀ" else f"^{part}"
    if part and all(letter in letters for letter in part):
        return "".join(letters[letter] for letter in part)
    return f"{sign}{part}" if len(part) < 2 or part.isalnum() else f"{sign}({part})"
