#!/usr/bin/env python3
"""Writes a tiny but real llama model (GGUF). Needs Python's standard library only.

    tiny-model.py OUT.gguf           280 KB; whatever it is asked, it answers with one sentence
    tiny-model.py OUT.gguf --slow    a bigger one that talks nonsense without end, for long streams

The first kind is a chain: the embedding of each token points at the token that follows it, and
every token that is not in the sentence points at its first. The attention and feed-forward
layers have small random weights, so that the KV cache, batches and slots do real work.
The same arguments give the same file.
"""
import argparse
import os
import random
import struct

SENTENCE = (
    "Hello! I am a tiny llama model, made by hand so that llama-server has something real to load. "
    "Ask me anything: this sentence is all I know. Goodbye."
)
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SPACE = "\u2581"  # SentencePiece's space
ALIGNMENT = 32  # of tensor data, in bytes

# GGUF's codes (the GGUF specification, "File structure"): metadata values, tensors, token kinds.
UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
F32, F16 = 0, 1
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6
SCALARS = {UINT32: "<I", INT32: "<i", FLOAT32: "<f", BOOL: "<?"}


def text(value):
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def scalar(kind, value):
    return text(value) if kind == STRING else struct.pack(SCALARS[kind], value)


def entry(key, kind, value):
    return text(key) + struct.pack("<I", kind) + scalar(kind, value)


def entry_list(key, kind, values):
    head = text(key) + struct.pack("<IIQ", ARRAY, kind, len(values))
    return head + b"".join(scalar(kind, value) for value in values)


def pieces(sentence):
    """The sentence in words; no piece twice, for a chain can't tell two visits apart."""
    out, piece = [], ""
    for number, word in enumerate(sentence.split()):
        piece += word if number == 0 else SPACE + word
        # A single character is in the vocabulary already.
        if piece not in out and len(piece) > 1:
            out.append(piece)
            piece = ""
    return out + ([piece] if piece else [])


def vocabulary():
    tokens = [("<unk>", UNKNOWN), ("<s>", CONTROL), ("</s>", CONTROL)]
    tokens += [("<0x%02X>" % byte, BYTE) for byte in range(256)]
    tokens += [("<|%s|>" % role, CONTROL) for role in ("system", "user", "assistant", "tool", "end")]
    tokens += [(SPACE, NORMAL)] + [(chr(code), NORMAL) for code in range(33, 127)]
    return tokens, tokens + [(piece, NORMAL) for piece in pieces(SENTENCE)]


class Weights:
    """Half-precision normal deviates. They come from one pool, since Python draws them slowly."""

    POOL = 1 << 16

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.pool = [self.random.gauss(0.0, 1.0) for _ in range(self.POOL)]
        self.scaled = {}

    def take(self, count, deviation):
        if deviation not in self.scaled:
            self.scaled[deviation] = struct.pack(
                "<%de" % self.POOL, *(value * deviation for value in self.pool)
            )
        block = self.scaled[deviation]
        start = 2 * self.random.randrange(self.POOL)
        return (block[start:] + block * (2 * count // len(block) + 1))[: 2 * count]

    def signs(self, count):
        return [self.random.choice((-1.0, 1.0)) for _ in range(count)]


def halves(rows):
    values = [value for row in rows for value in row]
    return struct.pack("<%de" % len(values), *values)


def chain(weights, vocabulary_size, first, end_of_text, dim):
    """Embedding and output matrix of the chain. Dimension 0 says: not part of the sentence."""
    embedding = [
        [0.0 if token >= first else 4.0] + weights.signs(dim - 1) for token in range(vocabulary_size)
    ]
    output = [[0.0] * dim for _ in range(vocabulary_size)]
    output[first][0] = 16.0
    order = list(range(first, vocabulary_size)) + [end_of_text]
    for token, following in zip(order, order[1:]):
        output[following][1:] = [0.75 * value for value in embedding[token][1:]]
    return halves(embedding), halves(output)


def tensors(args, vocabulary_size, first, end_of_text):
    """(name, dimensions, type, bytes) of each tensor."""
    weights, dim = Weights(args.seed), args.dim
    if args.slow:
        embedding = weights.take(dim * vocabulary_size, 1.0)
        output = weights.take(dim * vocabulary_size, 0.4)
    else:
        embedding, output = chain(weights, vocabulary_size, first, end_of_text, dim)
    ones = struct.pack("<%df" % dim, *[1.0] * dim)
    yield "token_embd.weight", (dim, vocabulary_size), F16, embedding
    yield "output.weight", (dim, vocabulary_size), F16, output
    yield "output_norm.weight", (dim,), F32, ones
    # In the chain the layers may only whisper, or they would talk it down.
    back = 0.1 if args.slow else 0.001
    for layer in range(args.layers):
        name = "blk.%d." % layer
        yield name + "attn_norm.weight", (dim,), F32, ones
        yield name + "ffn_norm.weight", (dim,), F32, ones
        for matrix in ("attn_q", "attn_k", "attn_v"):
            yield name + matrix + ".weight", (dim, dim), F16, weights.take(dim * dim, 0.1)
        yield name + "attn_output.weight", (dim, dim), F16, weights.take(dim * dim, back)
        for matrix in ("ffn_gate", "ffn_up"):
            yield name + matrix + ".weight", (dim, 2 * dim), F16, weights.take(2 * dim * dim, 0.1)
        yield name + "ffn_down.weight", (2 * dim, dim), F16, weights.take(2 * dim * dim, back)


def metadata(args, tokens):
    ids = {name: number for number, (name, _) in enumerate(tokens)}
    heads = args.dim // 32
    return [
        entry("general.architecture", STRING, "llama"),
        entry("general.name", STRING, args.name),
        entry("general.file_type", UINT32, F16),
        entry("general.alignment", UINT32, ALIGNMENT),
        entry("llama.context_length", UINT32, args.context),
        entry("llama.embedding_length", UINT32, args.dim),
        entry("llama.block_count", UINT32, args.layers),
        entry("llama.feed_forward_length", UINT32, 2 * args.dim),
        entry("llama.attention.head_count", UINT32, heads),
        entry("llama.attention.head_count_kv", UINT32, heads),
        entry("llama.attention.layer_norm_rms_epsilon", FLOAT32, 1e-5),
        entry("llama.rope.dimension_count", UINT32, args.dim // heads),
        entry("llama.vocab_size", UINT32, len(tokens)),
        entry("tokenizer.ggml.model", STRING, "llama"),
        entry("tokenizer.ggml.pre", STRING, "default"),
        entry_list("tokenizer.ggml.tokens", STRING, [name for name, _ in tokens]),
        entry_list(
            "tokenizer.ggml.scores",
            FLOAT32,
            [-float(number) if kind == NORMAL else 0.0 for number, (_, kind) in enumerate(tokens)],
        ),
        entry_list("tokenizer.ggml.token_type", INT32, [kind for _, kind in tokens]),
        entry("tokenizer.ggml.bos_token_id", UINT32, ids["<s>"]),
        entry("tokenizer.ggml.eos_token_id", UINT32, ids["</s>"]),
        entry("tokenizer.ggml.eot_token_id", UINT32, ids["<|end|>"]),
        entry("tokenizer.ggml.unknown_token_id", UINT32, ids["<unk>"]),
        entry("tokenizer.ggml.add_bos_token", BOOL, False),
        entry("tokenizer.ggml.add_space_prefix", BOOL, False),
        entry("tokenizer.chat_template", STRING, TEMPLATE),
    ]


def padded(raw):
    return raw + bytes(-len(raw) % ALIGNMENT)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out")
    parser.add_argument("--slow", action="store_true", help="nonsense without end, dim 512, 8 layers")
    parser.add_argument("--dim", type=int, help="embedding length, a multiple of 32 (64)")
    parser.add_argument("--layers", type=int, help="layers (2)")
    parser.add_argument("--context", type=int, default=32768, help="trained context, tokens (32768)")
    parser.add_argument("--name", default="tiny", help="the model's name inside the file")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.dim = args.dim or (512 if args.slow else 64)
    args.layers = args.layers or (8 if args.slow else 2)

    base, tokens = vocabulary()
    end_of_text = [name for name, _ in tokens].index("</s>")
    meta = metadata(args, tokens)
    infos, data, offset = [], [], 0
    for name, dims, kind, raw in tensors(args, len(tokens), len(base), end_of_text):
        shape = struct.pack("<I%dQ" % len(dims), len(dims), *dims)
        infos.append(text(name) + shape + struct.pack("<IQ", kind, offset))
        data.append(padded(raw))
        offset += len(data[-1])

    head = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(meta))
    part = "%s.%d" % (args.out, os.getpid())
    with open(part, "wb") as file:
        file.write(padded(head + b"".join(meta) + b"".join(infos)))
        file.writelines(data)
    os.replace(part, args.out)


if __name__ == "__main__":
    main()
