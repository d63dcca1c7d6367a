#!/usr/bin/env python3
# Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The mutation runner's own judgement, on outcomes that are known to be right or wrong."""

import sys
import unittest

try:
    import numpy as np
    import onnx
    from onnx import helper
    import check_mutations
    import mutate
    from check_mutations import Verdict
    from oracle import Oracle
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)


def relu_model():
    info = helper.make_tensor_value_info
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"], "r")], "g",
                              [info("x", onnx.TensorProto.FLOAT, [2])], [info("y", onnx.TensorProto.FLOAT, [2])])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


class Judgement(unittest.TestCase):
    def test_exit(self):
        refusal = "eclip-compile: error: m.onnx: what is wrong\n"
        self.assertIsNone(check_mutations.judge_exit(0, ""))
        self.assertEqual(check_mutations.judge_exit(2, refusal).kind, Verdict.REFUSED)
        for code, text in [(0, "warning"), (2, ""), (2, refusal + refusal), (1, refusal), (-11, ""), (-6, refusal),
                           (None, "no end after 60 s"), (2, "error: m.onnx: what is wrong\n")]:
            self.assertEqual(check_mutations.judge_exit(code, text).kind, Verdict.FAILED, (code, text))

    def test_refusal_of_the_oracle(self):
        self.assertEqual(check_mutations.judge_refusal("INVALID_GRAPH: nonsense").kind, Verdict.FAILED)
        self.assertEqual(check_mutations.judge_refusal("ONNX Runtime crashed").kind, Verdict.FAILED)
        self.assertEqual(check_mutations.judge_refusal("NotImplemented: NOT_IMPLEMENTED : x").kind,
                         Verdict.EXPLAINED)

    def test_values(self):
        one = np.array([1, -4, np.nan, np.inf], np.float32)
        same = check_mutations.mismatch
        self.assertIsNone(same("y", one, one))
        self.assertIsNone(same("y", one + np.float32(3e-3), one))
        self.assertIn("differs by", same("y", one + np.float32(5e-3), one))
        for wrong in (np.array([1, -4, 0, np.inf]), np.array([1, -4, np.nan, -np.inf]), np.array([np.nan, -4, np.nan, np.inf])):
            self.assertIn("infinities", same("y", wrong.astype(np.float32), one))
        self.assertIn("expected", same("y", one[:3], one))
        self.assertIn("expected", same("y", one.astype(np.float64), one))
        self.assertIn("1 of 2", same("y", np.array([1, 2]), np.array([1, 3])))

    def test_damage_is_repeatable(self):
        def damage(seed):
            return [mutate.mutated(np.random.default_rng([seed, i]), relu_model())[0] for i in range(50)]
        self.assertEqual(damage(1), damage(1))
        self.assertNotEqual(damage(1), damage(2))
        self.assertGreater(len(set(damage(1))), 25)

    def test_oracle_survives_a_crash(self):
        import pathlib
        import tempfile
        oracle = Oracle()
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "m.onnx"
            path.write_bytes(relu_model().SerializeToString())
            inputs = {"x": np.array([-1, 2], np.float32)}
            self.assertEqual(oracle.run(path, inputs)[0]["y"].tolist(), [0, 2])
            oracle.process.kill()
            oracle.process.join()
            self.assertEqual(oracle.run(path, inputs)[1], "ONNX Runtime crashed")
            self.assertEqual(oracle.run(path, inputs)[0]["y"].tolist(), [0, 2])
            path.write_bytes(b"nonsense")
            self.assertIn("InvalidProtobuf", oracle.run(path, inputs)[1])
        oracle.close()


if __name__ == "__main__":
    unittest.main()
