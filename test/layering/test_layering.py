"""Shows that the layering check checks: each rule on one include that breaks it and one that does not."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from check_layering import check_file

CASES = [
    ("L1", "runtime/src/session.cpp", "llvm/ADT/DenseMap.h", "runtime/schema/file_header.h"),
    ("L1", "runtime/vgpu/exec/Decode.cpp", "mlir/IR/Builders.h", "llvm/MC/MCInst.h"),
    ("L2", "runtime/src/drivers/hsa/queue.cpp", "runtime/src/drivers/cuda/cuda.h", "runtime/src/drivers/hsa/hsa.h"),
    ("L3", "compiler/emit/Emit.cpp", "runtime/include/eclip/eclip.h", "runtime/schema/schedule_generated.h"),
    ("L4", "compiler/schedule/Cluster.cpp", "compiler/kernels/codegen/Passes.h", "compiler/cost/CostModel.h"),
    ("L4", "dialect/EclipOps.cpp", "compiler/cost/CostModel.h", "mlir/IR/Builders.h"),
    ("L5", "runtime/include/eclip/eclip.h", "string", "stdint.h"),
]


class Layering(unittest.TestCase):
    def test_each_rule_refuses_and_accepts(self):
        for rule, file, bad, good in CASES:
            with self.subTest(rule=rule, file=file):
                self.assertEqual([r for r, _ in check_file(Path(file), [bad])], [rule])
                self.assertEqual(list(check_file(Path(file), [good])), [])


if __name__ == "__main__":
    unittest.main()
