"""GRU encoder and GRU generator with additive attention, in two forms: of PyTorch's modules, and of few large products."""

import torch
import torch.nn.functional as F
from torch import nn


def gate_rows(weights, hidden):
    """Tributary's columns reset|update|candidate as PyTorch's rows; its update gate is the share that is written, not kept."""
    rows = weights.transpose(0, 1).clone()
    rows[hidden : 2 * hidden].neg_()
    return rows


def gate_bias(bias, hidden):
    signed = bias.clone()
    signed[hidden : 2 * hidden].neg_()
    return signed


def linear(weights, bias=None):
    """A module with Tributary's matrix [inputs, outputs] and bias."""
    module = nn.Linear(*weights.shape, bias=bias is not None)
    with torch.no_grad():
        module.weight.copy_(weights.transpose(0, 1))
        if bias is not None:
            module.bias.copy_(bias)
    return module


def embedding(table):
    return nn.Embedding.from_pretrained(table.clone(), freeze=False)


class Shared(nn.Module):
    """What both forms have alike."""

    def __init__(self, sizes, p):
        super().__init__()
        self.hidden = sizes["hidden"]
        self.source_embedding = embedding(p["shared/embedding"])
        self.target_embedding = embedding(p["task/embedding"])
        self.bridge = linear(p["task/bridge.weights"], p["task/bridge.bias"])
        self.keys = linear(p["task/attention.keys"])
        self.scores = linear(p["task/attention.scores"])
        self.output = linear(torch.cat([p["task/output.state"], p["task/output.context"]]), p["task/output.bias"])

    def attend(self, keys, memory, query):
        weights = torch.softmax(self.scores(torch.tanh(keys + query[:, None])).squeeze(-1), -1)
        return torch.bmm(weights[:, None].to(memory.dtype), memory)[:, 0]


class OfModules(Shared):
    """nn.GRU and nn.GRUCell, as a PyTorch user writes it."""

    def __init__(self, sizes, p):
        super().__init__(sizes, p)
        hidden, width = self.hidden, sizes["embedding"]
        self.encoder = nn.GRU(width, hidden, batch_first=True)
        self.cell = nn.GRUCell(width + hidden, hidden)
        self.query = linear(p["task/generator.state"][:, 3 * hidden :])
        with torch.no_grad():
            self.encoder.weight_ih_l0.copy_(gate_rows(p["shared/encoder.0.forward.input"], hidden))
            self.encoder.weight_hh_l0.copy_(gate_rows(p["shared/encoder.0.forward.recurrent"], hidden))
            self.encoder.bias_ih_l0.copy_(gate_bias(p["shared/encoder.0.forward.bias"], hidden))
            self.encoder.bias_hh_l0.zero_()
            both = torch.cat([p["task/generator.input"], p["task/generator.context"]])
            self.cell.weight_ih.copy_(gate_rows(both, hidden))
            self.cell.weight_hh.copy_(gate_rows(p["task/generator.state"][:, : 3 * hidden], hidden))
            self.cell.bias_ih.copy_(gate_bias(p["task/generator.bias"], hidden))
            self.cell.bias_hh.zero_()

    def forward(self, source, fed, wanted):
        memory, last = self.encoder(self.source_embedding(source))
        state = torch.tanh(self.bridge(last[0]))
        keys = self.keys(memory)
        embedded = self.target_embedding(fed)
        outputs = []
        for t in range(fed.shape[1]):
            context = self.attend(keys, memory, self.query(state))
            state = self.cell(torch.cat([embedded[:, t], context], -1), state)
            outputs.append(torch.cat([state, context], -1))
        logits = self.output(torch.stack(outputs, 1))
        return F.cross_entropy(logits.flatten(0, 1), wanted.flatten())


class OfProducts(Shared):
    """All input projections of a sequence in one product, query and gates in another: the formulation of Tributary."""

    def __init__(self, sizes, p):
        super().__init__(sizes, p)
        hidden = self.hidden
        self.encoder_input = linear(p["shared/encoder.0.forward.input"], p["shared/encoder.0.forward.bias"])
        self.encoder_state = linear(p["shared/encoder.0.forward.recurrent"])
        self.input = linear(p["task/generator.input"], p["task/generator.bias"])
        self.context = linear(p["task/generator.context"])
        self.state = linear(p["task/generator.state"])
        self.gates = [2 * hidden, hidden]

    def advance(self, inputs, recurrent, state):
        both, candidate = inputs.split(self.gates, -1)
        recurrent_both, recurrent_candidate = recurrent.split(self.gates, -1)
        reset, update = torch.sigmoid(both + recurrent_both).chunk(2, -1)
        new = torch.tanh(torch.addcmul(candidate, reset, recurrent_candidate))
        return torch.lerp(state, new.to(state.dtype), update.to(state.dtype))

    def forward(self, source, fed, wanted):
        state = self.encoder_input.weight.new_zeros(source.shape[0], self.hidden)
        states = []
        for inputs in self.encoder_input(self.source_embedding(source.t())).unbind(0):
            state = self.advance(inputs, self.encoder_state(state), state)
            states.append(state)
        memory = torch.stack(states, 1)
        keys = self.keys(memory)
        memory = memory.to(keys.dtype)
        state = torch.tanh(self.bridge(state)).to(state.dtype)
        outputs = []
        for inputs in self.input(self.target_embedding(fed.t())).unbind(0):
            recurrent, query = self.state(state).split([3 * self.hidden, self.hidden], -1)
            context = self.attend(keys, memory, query)
            state = self.advance(inputs + self.context(context), recurrent, state)
            outputs.append(torch.cat([state, context.to(state.dtype)], -1))
        logits = self.output(torch.stack(outputs))
        return F.cross_entropy(logits.flatten(0, 1), wanted.t().flatten())


forms = {"modules": OfModules, "products": OfProducts}
