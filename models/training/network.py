"""The base model with a LoRA adapter and the new tokens' rows, or trained as a whole, written out for packed training.

Shapes: N tokens of a pack, P of them the house prefix, B queries of at most L tokens, D = 576 width, H = 9 heads, G = 3 key/value
heads, E = 64 per head. A query attends to the prefix and itself, and its positions continue the prefix; so the prefix is paid once
for all queries. Base weights are frozen, bfloat16 where the hardware is good at it; what is trained (adapter and new rows, or all
of it) is float32.

The hub stores base and adapter merged and rounded to a few bits. `round_as_stored` lets a run feel that: the frozen weight becomes
what is left of the rounded one without the adapter, so that the sum of both is what the hub has, but for the precision of bfloat16,
and its gradient passes through.

Numerically the same as transformers' Llama (see tests/model/test_network.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from octopus_hub.config.errors import InputError
from octopus_hub.models.data.packs import Pack
from octopus_hub.models.graph import HF_NAMES, LINEARS, Shape, hf_shape
from octopus_hub.models.lora import NEW_ROWS, Adapter
from octopus_hub.models.tokens import ADDED, BASE_SIZE, descriptions, shared_ids

STACKS = {"qkv": ("q", "k", "v"), "o": ("o",), "gate_up": ("gate", "up"), "down": ("down",)}
"""Projections whose weights are one tensor here."""


class Network(nn.Module):
    """Frozen base, trainable adapter on `projections`; or, `whole`, a trainable base without one. `dtype` is that of the matrix
    products."""

    embedding: Tensor
    final_norm: Tensor

    def __init__(
        self,
        base: Path,
        rank: int = 16,
        alpha: float = 32,
        dtype: torch.dtype = torch.bfloat16,
        *,
        projections: Sequence[str] = LINEARS,
        whole: bool = False,
    ) -> None:
        super().__init__()
        self.shape = hf_shape(base)
        self.dtype = dtype
        self.rank, self.alpha = rank, alpha
        weights = _load(base)
        _hold(self, "embedding", weights["model.embed_tokens.weight"], dtype, whole=whole)
        _hold(self, "final_norm", weights["model.norm.weight"], torch.float32, whole=whole)
        self.new_rows = nn.Parameter(weights["model.embed_tokens.weight"].float().mean(0).repeat(ADDED, 1))
        adapted = () if whole else tuple(projections)
        self.layers = nn.ModuleList(
            _Layer(weights, i, self.shape, rank, alpha, dtype, adapted, whole=whole) for i in range(self.shape.layers)
        )

    def start_rows(self, words: Mapping[int, tuple[int, ...]]) -> None:
        """Set each new row to the mean of its description's rows; `words` gives token ids by new id."""
        with torch.no_grad():
            for i in descriptions():
                self.new_rows[i - BASE_SIZE] = self.embedding[list(words[i])].float().mean(0)

    def start_from(self, adapter: Adapter) -> None:
        """Go on from an adapter of the same rank and alpha; tokens it does not know keep their rows. Raises InputError."""
        if (adapter.rank, adapter.alpha) != (self.rank, self.alpha):
            expected, got = f"rank {self.rank} and alpha {self.alpha}", f"{adapter.rank} and {adapter.alpha}"
            raise InputError(f"expected an adapter of {expected}, got {got}")
        theirs = {name.split(".")[2] for name in adapter.tensors if name != NEW_ROWS}
        ours = {name for layer in self._each_layer() for name in layer.adapted}
        if theirs - ours:
            raise InputError(
                f"expected an adapter of the projections {', '.join(sorted(ours))}, got one of {', '.join(sorted(theirs))}"
            )
        with torch.no_grad():
            rows = [i - BASE_SIZE for i in shared_ids(adapter.vocabulary)]
            self.new_rows[rows] = torch.from_numpy(adapter.new_rows)[rows]
            for i, layer in enumerate(self._each_layer()):
                for name, factor in layer.lora.items():
                    stored = adapter.tensors.get(f"layers.{i}.{name[:-2]}.lora_{name[-1]}")
                    if stored is not None:
                        factor.copy_(torch.from_numpy(stored.astype(np.float32)))

    def round_as_stored(self, bits: Mapping[str, int], block: int) -> None:
        """Let every frozen weight make up, with the adapter of now, the weight as the hub stores it: `bits` by source."""
        with torch.no_grad():
            for i, layer in enumerate(self._each_layer()):
                layer.round_as_stored({name: bits[f"layers.{i}.{name}"] for name in LINEARS}, block)

    def compile_layers(self) -> None:
        """Fuse each layer's element-wise work (1.3 times as fast on a CPU; needs a C++ compiler)."""
        for layer in self._each_layer():
            layer.compile(dynamic=True)

    def forward(self, pack: PackTensors) -> Tensor:
        """Hidden states (R D) at the positions that predict a response token, after the final norm."""
        new = (pack.ids - BASE_SIZE).clamp(min=0)
        is_new = (pack.ids >= BASE_SIZE)[:, None]
        x = torch.where(is_new, self.new_rows[new], self.embedding[pack.ids.clamp(max=BASE_SIZE - 1)]).to(self.dtype)
        rope = _rope(pack.positions, self.shape, self.dtype)
        for layer in self.layers:
            x = layer(x, rope, pack)
        return _norm(x[pack.predicting], self.final_norm, self.shape.norm_epsilon)

    def logits(self, hidden: Tensor) -> Tensor:
        """Float32 logits (R V) over base and new rows."""
        head = torch.cat([self.embedding.to(self.dtype), self.new_rows.to(self.dtype)])
        return functional.linear(hidden.to(self.dtype), head).float()

    def scores(self, pack: PackTensors, added_weight: float = 1.0) -> tuple[Tensor, Tensor]:
        """Mean cross-entropy over the response tokens, and the share of them that came first. An added token counts `added_weight`
        times as much as another."""
        logits = self.logits(self(pack))
        each = functional.cross_entropy(logits, pack.targets, reduction="none")
        weights = torch.where(pack.targets >= BASE_SIZE, added_weight, 1.0)
        return (each * weights).sum() / weights.sum(), (logits.argmax(-1) == pack.targets).float().mean()

    def adapter(self) -> dict[str, Tensor]:
        """What is saved: LoRA factors by layer and projection, and the new rows, in float16."""
        tensors: dict[str, Tensor] = {"new_rows": self.new_rows}
        for i, layer in enumerate(self._each_layer()):
            for name in layer.adapted:
                tensors[f"layers.{i}.{name}.lora_a"] = layer.lora[f"{name}_a"]
                tensors[f"layers.{i}.{name}.lora_b"] = layer.lora[f"{name}_b"]
        return {name: tensor.detach().to(torch.float16).contiguous().cpu() for name, tensor in tensors.items()}

    def weights(self) -> dict[str, Tensor]:
        """All weights by their names in a Hugging Face folder, in bfloat16, the new rows behind the others."""
        rows = torch.cat([self.embedding.float(), self.new_rows])
        tensors = {"model.embed_tokens.weight": rows, "model.norm.weight": self.final_norm}
        for i, layer in enumerate(self._each_layer()):
            tensors |= {f"model.layers.{i}.{name}.weight": tensor for name, tensor in layer.weights().items()}
        return {name: tensor.detach().to(torch.bfloat16).contiguous().cpu() for name, tensor in tensors.items()}

    def _each_layer(self) -> Iterator[_Layer]:
        for layer in self.layers:
            assert isinstance(layer, _Layer)
            yield layer


class _Layer(nn.Module):
    qkv: Tensor
    o: Tensor
    gate_up: Tensor
    down: Tensor
    norm_1: Tensor
    norm_2: Tensor

    def __init__(
        self,
        weights: Mapping[str, Tensor],
        index: int,
        shape: Shape,
        rank: int,
        alpha: float,
        dtype: torch.dtype,
        adapted: tuple[str, ...],
        *,
        whole: bool,
    ) -> None:
        super().__init__()
        self.shape, self.scale, self.dtype, self.adapted = shape, alpha / rank, dtype, adapted
        prefix = f"model.layers.{index}."
        parts = {name: weights[f"{prefix}{HF_NAMES[name]}.weight"] for name in LINEARS}
        self._rows = {name: part.shape[0] for name, part in parts.items()}
        for stack, names in STACKS.items():
            _hold(self, stack, torch.cat([parts[name] for name in names]), dtype, whole=whole)
        _hold(self, "norm_1", weights[f"{prefix}input_layernorm.weight"], torch.float32, whole=whole)
        _hold(self, "norm_2", weights[f"{prefix}post_attention_layernorm.weight"], torch.float32, whole=whole)
        self._exact: dict[str, Tensor] = {}
        self.lora = nn.ParameterDict()
        for name in adapted:
            rows, columns = parts[name].shape
            self.lora[f"{name}_a"] = nn.Parameter(torch.randn(rank, columns) / math.sqrt(columns))
            self.lora[f"{name}_b"] = nn.Parameter(torch.zeros(rows, rank))

    def weights(self) -> dict[str, Tensor]:
        """By their names in a Hugging Face folder."""
        found = {"input_layernorm": self.norm_1, "post_attention_layernorm": self.norm_2}
        for stack, names in STACKS.items():
            parts = torch.split(getattr(self, stack), [self._rows[name] for name in names])
            found |= {HF_NAMES[name]: part for name, part in zip(names, parts, strict=True)}
        return found

    def round_as_stored(self, bits: Mapping[str, int], block: int) -> None:
        """See `Network.round_as_stored`; `bits` by projection."""
        for stack, names in STACKS.items():
            weight: Tensor = getattr(self, stack)
            if stack not in self._exact:
                self._exact[stack] = weight.clone()
            exact = self._exact[stack]
            begin = 0
            for name in names:
                end = begin + self._rows[name]
                added = self._added(name)
                weight[begin:end] = rounded(exact[begin:end].float() + added, bits[name], block) - added
                begin = end

    def _added(self, name: str) -> Tensor | float:
        return self.lora[f"{name}_b"] @ self.lora[f"{name}_a"] * self.scale if name in self.adapted else 0.0

    def _linear(self, x: Tensor, weight: Tensor, names: tuple[str, ...]) -> Tensor:
        """x Wᵀ + alpha/r (x Aᵀ) Bᵀ for projections stacked in one weight."""
        adapted = [name for name in names if name in self.adapted]
        plain = functional.linear(x, weight.to(self.dtype))
        if not adapted:
            return plain
        down = torch.cat([self.lora[f"{n}_a"] for n in adapted]).to(self.dtype)
        low = dict(zip(adapted, torch.split(functional.linear(x, down), down.shape[0] // len(adapted), dim=-1), strict=True))
        up = [self._up(low[n], n) if n in low else x.new_zeros(x.shape[0], self._rows[n]) for n in names]
        return plain + (torch.cat(up, -1) if len(up) > 1 else up[0])

    def _up(self, low: Tensor, name: str) -> Tensor:
        return functional.linear(low, (self.lora[f"{name}_b"] * self.scale).to(self.dtype))

    def forward(self, x: Tensor, rope: tuple[Tensor, Tensor], pack: PackTensors) -> Tensor:
        s = self.shape
        y = _norm(x, self.norm_1, s.norm_epsilon)
        narrow = s.kv_heads * s.head_size
        q, k, v = torch.split(self._linear(y, self.qkv, STACKS["qkv"]), [s.width, narrow, narrow], -1)
        q = _rotate(q.view(-1, s.heads, s.head_size), rope)
        k = _rotate(k.view(-1, s.kv_heads, s.head_size), rope)
        attended = packed_attention(q, k, v.view(-1, s.kv_heads, s.head_size), pack)
        x = x + self._linear(attended.reshape(-1, s.width), self.o, STACKS["o"])
        gate, up = self._linear(_norm(x, self.norm_2, s.norm_epsilon), self.gate_up, STACKS["gate_up"]).chunk(2, -1)
        return x + self._linear(functional.silu(gate) * up, self.down, STACKS["down"])


@dataclass(frozen=True)
class PackTensors:
    """A pack as tensors. `grid` (B L) holds places in the pack, padded with 0; `cells` (M) where the M tokens of queries are in the
    flattened grid; `unseen` (M L) which tokens of its own row a token may not see."""

    ids: Tensor
    positions: Tensor
    prefix: int
    grid: Tensor
    cells: Tensor
    unseen: Tensor
    predicting: Tensor
    targets: Tensor

    @classmethod
    def of(cls, pack: Pack, device: str = "cpu") -> PackTensors:
        """From token ids."""
        prefix = len(pack.prefix)
        ids, positions = list(pack.prefix), list(range(prefix))
        longest = max(len(t) + len(r) - 1 for t, r in pack.queries)
        grid: list[list[int]] = []
        cells: list[int] = []
        predicting: list[int] = []
        targets: list[int] = []
        for row, (text, response) in enumerate(pack.queries):
            begin, length = len(ids), len(text) + len(response) - 1
            ids += [*text, *response[:-1]]
            positions += range(prefix, prefix + length)
            grid.append([*range(begin, begin + length), *([0] * (longest - length))])
            cells += range(row * longest, row * longest + length)
            predicting += range(begin + len(text) - 1, begin + length)
            targets += response
        unseen = torch.arange(longest)[None] > (torch.tensor(cells) % longest)[:, None]

        def tensor(values: object) -> Tensor:
            return torch.tensor(values, device=device)

        return cls(
            tensor(ids),
            tensor(positions),
            prefix,
            tensor(grid),
            tensor(cells),
            unseen.to(device),
            tensor(predicting),
            tensor(targets),
        )


def rounded(weight: Tensor, bits: int, block: int) -> Tensor:
    """A weight (N K) after symmetric rounding in blocks along its rows, as `models.build.quantize_rows` does it.

    The number of a block that is farthest from zero becomes the lowest code, -2^(bits-1)."""
    blocks = weight.reshape(-1, block)
    lowest = -(2 ** (bits - 1))
    farthest = blocks.gather(1, blocks.abs().argmax(1, keepdim=True))
    scale = farthest / lowest
    codes = torch.round(blocks / torch.where(scale == 0, 1.0, scale)).clamp(lowest, -lowest - 1)
    return (codes * scale).reshape(weight.shape)


def packed_attention(q: Tensor, k: Tensor, v: Tensor, pack: PackTensors) -> Tensor:
    """Causal attention in the prefix, and of each query to prefix and itself. q (N H E), k and v (N G E) → (N H E)."""
    n = pack.prefix
    groups = q.shape[1] // k.shape[1]
    head = functional.scaled_dot_product_attention(
        q[:n].transpose(0, 1)[None], k[:n].repeat_interleave(groups, 1).transpose(0, 1)[None],
        v[:n].repeat_interleave(groups, 1).transpose(0, 1)[None], is_causal=True,
    )[0].transpose(0, 1)  # fmt: skip
    b, length = pack.grid.shape
    g, e = k.shape[1], k.shape[2]
    scaled = (q * (1 / math.sqrt(e))).view(-1, g, groups, e)
    kp, vp = k[:n].transpose(0, 1), v[:n].transpose(0, 1)  # G P E
    flat = scaled[n:].transpose(0, 1)  # G M groups E, where M tokens are in queries
    to_prefix = (flat.reshape(g, -1, e) @ kp.transpose(1, 2)).view(g, -1, groups, n)
    rows = pack.grid.flatten()  # index_select: its gradient is several times as fast as that of indexing
    qs = scaled.index_select(0, rows).view(b, length, g, groups, e).permute(2, 0, 1, 3, 4)
    ko = k.index_select(0, rows).view(b, length, g, e).permute(2, 0, 3, 1)
    vo = v.index_select(0, rows).view(b, length, g, e).permute(2, 0, 1, 3)
    to_own = (qs.reshape(g, b, length * groups, e) @ ko).view(g, b * length, groups, length).index_select(1, pack.cells)
    to_own = to_own.masked_fill(pack.unseen[None, :, None, :], float("-inf"))
    weights = torch.cat([to_prefix, to_own], -1).softmax(-1)
    wp, wo = torch.split(weights, [n, length], -1)
    out = (wp.reshape(g, -1, n) @ vp).view(g, -1, groups, e)
    spread = wo.new_zeros(g, b * length, groups, length).index_copy(1, pack.cells, wo)
    own = (spread.view(g, b, length * groups, length) @ vo).view(g, b * length, groups, e).index_select(1, pack.cells)
    return torch.cat([head, (out + own).transpose(0, 1).reshape(-1, g * groups, e)])


def _hold(module: nn.Module, name: str, weight: Tensor, dtype: torch.dtype, *, whole: bool) -> None:
    """Keep a weight of the base: frozen in `dtype`, or trainable in float32."""
    if whole:
        module.register_parameter(name, nn.Parameter(weight.float()))
    else:
        module.register_buffer(name, weight.to(dtype))


def _norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    return functional.rms_norm(x.float(), (x.shape[-1],), weight, epsilon).to(x.dtype)


def _rope(positions: Tensor, shape: Shape, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    halves = torch.arange(0, shape.head_size, 2, device=positions.device, dtype=torch.float32)
    frequency = shape.rope_theta ** (-halves / shape.head_size)
    angle = positions[:, None].float() * frequency[None]
    angle = torch.cat([angle, angle], -1)[:, None]
    return angle.cos().to(dtype), angle.sin().to(dtype)


def _rotate(x: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
    first, second = x.chunk(2, -1)
    return x * rope[0] + torch.cat([-second, first], -1) * rope[1]


def _load(base: Path) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    weights: dict[str, Tensor] = load_file(base / "model.safetensors")
    return weights
