"""The demo: one trained model, compiled for an MI50 and run on the virtual one.

usage: demo.py --build DIR [FILE...]
"""
import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import magika
import numpy as np

SOURCE = Path(__file__).resolve().parent.parent
MODEL_DIR = Path(magika.__file__).parent / "models" / "standard_v3_3"


def features(path, config):
    """What Magika's model reads of a file: 1,024 bytes of either end, white space stripped, padded with 256."""
    data = path.read_bytes()
    block, pad = config["block_size"], config["padding_token"]
    begin = list(data[:block].lstrip()[: config["beg_size"]])
    end = list(data[-block:].rstrip()[-config["end_size"]:])
    begin += [pad] * (config["beg_size"] - len(begin))
    end = [pad] * (config["end_size"] - len(end)) + end
    return np.array([begin + end], dtype=np.int32)


def run(*command):
    """Runs a tool; a failure of it ends the demo with its own message."""
    result = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, text=True)
    if result.returncode:
        sys.exit(f"demo: {Path(command[0]).name} failed with exit code {result.returncode}")
    return result.stdout


def classify(build, work, compiled, path, config):
    """(label, probability, seconds) of one file, by the virtual GPU."""
    np.save(work / "bytes.npy", features(path, config))
    started = time.monotonic()
    run(build / "bin/eclip-run", compiled, "--device", "vgpu", "--input", f"bytes={work / 'bytes.npy'}",
        "--output", f"target_label={work / 'label.npy'}")
    seconds = time.monotonic() - started
    scores = np.load(work / "label.npy")[0]
    best = int(scores.argmax())
    return config["target_labels_space"][best], float(scores[best]), seconds


def reference(path, config):
    """ONNX Runtime's scores for the same input."""
    import onnxruntime
    session = onnxruntime.InferenceSession(str(MODEL_DIR / "model.onnx"), providers=["CPUExecutionProvider"])
    return session.run(None, {"bytes": features(path, config)})[0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("files", nargs="*", type=Path)
    args = parser.parse_args()
    files = args.files or [SOURCE / name for name in
                           ("README.md", "tools/demo.py", "dialect/EclipOps.cpp", "CMakeLists.txt", "models/alexnet.onnx")]
    for path in files:
        if not path.is_file():
            sys.exit(f"demo: {path}: no such file")
    config = json.loads((MODEL_DIR / "config.min.json").read_text())
    work = args.build / "demo"
    work.mkdir(exist_ok=True)
    compiled = work / "magika.eclip"

    print(f"Compiling {MODEL_DIR / 'model.onnx'} for gfx906")
    run(args.build / "bin/eclip-compile", MODEL_DIR / "model.onnx", "--batch", 1, "-o", compiled)
    print()
    print(run(args.build / "bin/eclip-dump", compiled, "--summary"))

    print(f"{'file':28} {'the model says':16} {'probability':>11} {'largest difference':>19} {'seconds':>8}")
    print(f"{'':28} {'':16} {'':>11} {'from ONNX Runtime':>19}")
    for path in files:
        label, probability, seconds = classify(args.build, work, compiled, path, config)
        difference = float(np.abs(np.load(work / "label.npy") - reference(path, config)).max())
        name = str(path.relative_to(SOURCE) if path.is_relative_to(SOURCE) else path)
        print(f"{name[-28:]:28} {label:16} {probability:11.4f} {difference:19.1e} {seconds:8.2f}")


main()
