# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which models run together."""

# The composition of the paper's mixes could not be read: these are our own, of its seven models, with as many workers as
# its switches per request allow at 14 a worker (mix 1 and 7 need three). Together they hold every model, pairs of large and small
# kernels, and pairs bound by arithmetic and by memory.
MIXES = {
    1: ["resnet152", "densenet201", "resnext101_32x8d"],
    2: ["albert", "resnet152"],
    3: ["densenet201", "vgg19"],
    4: ["alexnet", "vgg19"],
    5: ["shufflenet_v2_x1_0", "resnext101_32x8d"],
    6: ["densenet201", "resnet152"],
    7: ["albert", "shufflenet_v2_x1_0", "alexnet"],
}

# A pair that was measured before with PyTorch's kernels and is none of the mixes.
PAIRS = {"pair": ["alexnet", "resnet152"]}
