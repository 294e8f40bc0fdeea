"""Pre-norm Transformer with one table for sources, targets and output, on PyTorch's fused attention."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from gru import embedding, linear


def norm(p, name, width):
    module = nn.LayerNorm(width)
    with torch.no_grad():
        module.weight.copy_(p[name + ".gain"])
        module.bias.copy_(p[name + ".bias"])
    return module


def sinusoids(length, width):
    frequencies = 10000.0 ** (-torch.arange(width // 2) / (width // 2))
    angles = torch.arange(length)[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], -1)


class SelfAttention(nn.Module):
    def __init__(self, p, name, heads, causal):
        super().__init__()
        self.heads, self.causal = heads, causal
        self.projections = linear(p[name + ".projections"])
        self.output = linear(p[name + ".output"], p[name + ".outputBias"])

    def forward(self, rows):
        batch, length, width = rows.shape
        split = self.projections(rows).view(batch, length, 3, self.heads, width // self.heads)
        queries, keys, values = split.permute(2, 0, 3, 1, 4).unbind(0)
        context = F.scaled_dot_product_attention(queries, keys, values, is_causal=self.causal)
        return self.output(context.transpose(1, 2).reshape(batch, length, width))


class SourceAttention(nn.Module):
    def __init__(self, p, name, heads):
        super().__init__()
        self.heads = heads
        self.queries = linear(p[name + ".queries"])
        self.memory = linear(p[name + ".memory"])
        self.output = linear(p[name + ".output"], p[name + ".outputBias"])

    def forward(self, rows, memory):
        batch, length, width = rows.shape
        size = width // self.heads
        queries = self.queries(rows).view(batch, length, self.heads, size).transpose(1, 2)
        split = self.memory(memory).view(batch, memory.shape[1], 2, self.heads, size)
        keys, values = split.permute(2, 0, 3, 1, 4).unbind(0)
        context = F.scaled_dot_product_attention(queries, keys, values)
        return self.output(context.transpose(1, 2).reshape(batch, length, width))


class FeedForward(nn.Module):
    def __init__(self, p, name):
        super().__init__()
        self.inner = linear(p[name + ".inner"], p[name + ".innerBias"])
        self.outer = linear(p[name + ".outer"], p[name + ".outerBias"])

    def forward(self, rows):
        return self.outer(F.relu(self.inner(rows)))


class Layer(nn.Module):
    def __init__(self, p, name, sizes, decoder):
        super().__init__()
        width, heads = sizes["width"], sizes["heads"]
        self.rate = sizes["dropout"]
        self.self_norm = norm(p, name + ".self.norm", width)
        self.self_attention = SelfAttention(p, name + ".self", heads, decoder)
        if decoder:
            self.source_norm = norm(p, name + ".source.norm", width)
            self.source_attention = SourceAttention(p, name + ".source", heads)
        self.feed_norm = norm(p, name + ".feed.norm", width)
        self.feed = FeedForward(p, name + ".feed")

    def forward(self, rows, memory=None):
        rows = rows + F.dropout(self.self_attention(self.self_norm(rows)), self.rate)
        if memory is not None:
            rows = rows + F.dropout(self.source_attention(self.source_norm(rows), memory), self.rate)
        return rows + F.dropout(self.feed(self.feed_norm(rows)), self.rate)


class Transformer(nn.Module):
    def __init__(self, sizes, p):
        super().__init__()
        width, layers = sizes["width"], sizes["layers"]
        self.rate, self.scale = sizes["dropout"], 1 / math.sqrt(width)
        self.table = embedding(p["shared/embedding"])
        self.encoder = nn.ModuleList(Layer(p, f"shared/encoder.{i}", sizes, False) for i in range(layers))
        self.encoder_norm = norm(p, "shared/encoder.norm", width)
        self.generator = nn.ModuleList(Layer(p, f"task/generator.{i}", sizes, True) for i in range(layers))
        self.generator_norm = norm(p, "task/generator.norm", width)
        self.symbol_bias = nn.Parameter(p["task/output.symbolBias"].clone())
        self.register_buffer("positions", sinusoids(1024, width))

    def place(self, ids):
        return F.dropout(self.table(ids) + self.positions[: ids.shape[1]], self.rate)

    def forward(self, source, fed, wanted):
        memory = self.place(source)
        for layer in self.encoder:
            memory = layer(memory)
        memory = self.encoder_norm(memory)
        rows = self.place(fed)
        for layer in self.generator:
            rows = layer(rows, memory)
        rows = self.generator_norm(rows) * self.scale
        logits = F.linear(rows, self.table.weight, self.symbol_bias)
        return F.cross_entropy(logits.flatten(0, 1), wanted.flatten())


forms = {"modules": Transformer}
