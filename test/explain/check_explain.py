"""The reports of --explain: the JSON is what its schema says and adds up to the .eclip files, the page stands alone.

usage: check_explain.py --build DIR
"""
import argparse
import json
import re
import shutil
import subprocess
import sys
import unittest
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import json_schema

SOURCE = Path(__file__).resolve().parents[2]
BUILD = WORK = None
HOSTILE = "<script>alert('1')</script>&\"\x1b[31m"
# Elements without an end tag, and those whose end HTML leaves out (table rows' cells here).
VOID = {"meta", "br", "hr", "img", "input", "link"}
IMPLIED = {"th"}


def save_model(name, layers, width):
    """Products that fill the device, and after each a softmax over four long rows, which does not."""
    row = [4, width * width // 4]
    weights = [numpy_helper.from_array(np.array(shape, np.int64), key)
               for key, shape in (("rows", row), ("square", [width, width]))]
    nodes, last = [], "x"
    for layer in range(layers):
        weights.append(numpy_helper.from_array(np.full((width, width), 1 / width, np.float32), f"w{layer}"))
        nodes += [helper.make_node("MatMul", [last, f"w{layer}"], [f"m{layer}"], name=f"{HOSTILE}{layer}"),
                  helper.make_node("Reshape", [f"m{layer}", "rows"], [f"r{layer}"], name=f"reshape{layer}"),
                  helper.make_node("Softmax", [f"r{layer}"], [f"s{layer}"], name=f"</title>{layer}"),
                  helper.make_node("Reshape", [f"s{layer}", "square"], [f"q{layer}"], name=f"back{layer}")]
        last = f"q{layer}"
    value = lambda n: helper.make_tensor_value_info(n, TensorProto.FLOAT, (width, width))
    graph = helper.make_graph(nodes, name, [value("x")], [value(last)], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, WORK / f"{name}.onnx")
    return WORK / f"{name}.onnx"


def run(tool, *arguments):
    return subprocess.run([str(BUILD / "bin" / tool), *map(str, arguments)], capture_output=True, text=True, timeout=300)


class Page(HTMLParser):
    """Checks that elements nest and collects what a browser would load."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.problems, self.loads, self.tags, self.text = [], [], [], set(), ""

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        for name, value in attributes:
            if name in ("src", "href", "xlink:href", "data", "action", "srcset", "style", "background"):
                self.loads.append((tag, name, value))
            if name.startswith("on"):
                self.problems.append(f"{tag} has a handler {name}")
        if tag in ("td", "th", "tr") and self.open and self.open[-1] in IMPLIED:
            self.open.pop()
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        while self.open and self.open[-1] in IMPLIED and self.open[-1] != tag:
            self.open.pop()
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes nothing at line {self.getpos()[0]}")

    def handle_data(self, data):
        self.text += data


class Explain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.models = [save_model("first", 3, 1024), save_model("second", 2, 512)]
        cls.reports = {f: WORK / f"mix.{f}" for f in ("txt", "json", "html")}
        result = run("eclip-compile", *cls.models, "-o", WORK / "mix", "--quiet",
                     *[f"--explain={path}" for path in cls.reports.values()])
        assert result.returncode == 0, result.stderr
        cls.report = json.loads(cls.reports["json"].read_text())
        cls.schema = json.loads((SOURCE / "docs" / "report.schema.json").read_text())

    def test_json_is_what_the_schema_says(self):
        self.assertEqual(list(json_schema.errors(self.report, self.schema, self.schema)), [])

    def test_schema_refuses_other_things(self):
        for change in (lambda r: r.pop("device"), lambda r: r.update(more=1), lambda r: r.update(schema_version=2),
                       lambda r: r["workers"][0].update(name=1), lambda r: r["device"].update(cu_count=-1),
                       lambda r: r["workers"][0]["plans"][0]["steps"][0].update(bound="luck")):
            report = json.loads(json.dumps(self.report))
            change(report)
            self.assertNotEqual(list(json_schema.errors(report, self.schema, self.schema)), [])

    def test_figures_are_those_of_the_files(self):
        self.assertEqual([w["name"] for w in self.report["workers"]], ["first", "second"])
        for worker in self.report["workers"]:
            dump = json.loads(run("eclip-dump", WORK / "mix" / f"{worker['name']}.eclip", "--json").stdout)
            self.assertEqual([p["name"] for p in worker["plans"]],
                             ["alone", "1 neighbour", "2 neighbours", "3 neighbours", "mix"])
            self.assertEqual(len(dump["plans"]), len(worker["plans"]))
            for plan, filed in zip(worker["plans"], dump["plans"]):
                self.check_plan(plan, filed, worker)

    def check_plan(self, plan, filed, worker):
        name = f"{worker['name']} {plan['name']}"
        self.assertEqual(plan["name"], filed["name"])
        self.assertEqual(len(plan["steps"]), filed["launches"], name)
        self.assertEqual(plan["barriers"], filed["barriers"], name)
        self.assertEqual(len(plan["switches"]), filed["switches"], name)
        self.assertEqual(plan["memory"]["arena_bytes"], filed["arena_bytes"], name)
        self.assertEqual(plan["memory"]["lower_bound_bytes"], filed["arena_lower_bound_bytes"], name)
        predicted = plan["shared"] or plan["total"]
        self.assertEqual(predicted["time_ns"], filed["predicted_time_ns"], name)
        self.assertEqual(predicted["energy_nj"], filed["predicted_energy_nj"], name)
        self.assertEqual([(g["name"], g["cu_count"], g["time_ns"], g["energy_nj"]) for g in plan["groups"]],
                         [(g["name"], g["cu_count"], g["predicted_time_ns"], g["predicted_energy_nj"])
                          for g in filed["groups"]], name)
        self.assertEqual([(q["name"], q["cu_count"], q["mask"]) for q in plan["queues"]],
                         [(q["name"], q["cu_count"], q["mask"]) for q in filed["queues"]], name)

    def test_sums(self):
        sizes = self.report["device"]["mask_sizes_cu_count"]
        for worker in self.report["workers"]:
            for plan in worker["plans"]:
                switches = len(plan["switches"])
                for unit in ("time_ns", "energy_nj"):
                    launches = sum(s[unit] for s in plan["steps"])
                    self.assertEqual(plan["sequence"][unit], launches + switches * plan["switch_cost"][unit])
                    for part in ("groups", "kinds"):
                        self.assertEqual(sum(g[unit] for g in plan[part]), launches)
                    for i in range(len(sizes)):
                        self.assertEqual(plan["uniform"][i][unit], sum(l[unit][i] for l in worker["launches"]))
                    self.assertEqual(plan["all_cus"][unit], plan["uniform"][-1][unit])
                for step in plan["steps"]:
                    launch = worker["launches"][step["launch"]]
                    self.assertEqual(step["time_ns"], launch["time_ns"][sizes.index(step["cu_count"])])
                    self.assertEqual(sum(step["parts"].values()), step["time_ns"])
                    self.assertEqual(step["parts"][step["bound"] + "_ns"], max(step["parts"].values()))
                    best = min(launch["time_ns"])
                    least = min(c for c, t in zip(sizes, launch["time_ns"]) if t <= best + best // 50)
                    self.assertEqual(launch["needed_cu_count"], least)

    def test_each_merge_is_worth_what_it_says(self):
        seen = 0
        sizes = self.report["device"]["mask_sizes_cu_count"]
        for worker in self.report["workers"]:
            for plan in worker["plans"]:
                cus = [s["cu_count"] for s in plan["steps"]]
                for found in plan["switches"]:
                    for merge in found["merges"]:
                        seen += 1
                        changed = list(cus)
                        first, count = merge["first_step"], merge["steps"]
                        changed[first:first + count] = [merge["cu_count"]] * count
                        for unit in ("time_ns", "energy_nj"):
                            total = lambda choice: sum(
                                worker["launches"][s["launch"]][unit][sizes.index(c)]
                                for s, c in zip(plan["steps"], choice)) + plan["switch_cost"][unit] * sum(
                                    a != b for a, b in zip(choice, choice[1:]))
                            self.assertEqual(merge["change"][unit], total(changed) - total(cus))
        self.assertGreater(seen, 0, "no plan of these models has a switch")

    def test_mix(self):
        mix = self.report["mix"]
        self.assertEqual([w["pays_ns"][i] for i, w in enumerate(mix["workers"])], [0, 0])
        for worker, own in zip(self.report["workers"], mix["workers"]):
            plan = worker["plans"][-1]
            self.assertTrue(plan["for_mix"])
            self.assertEqual(own["shared"], plan["shared"])
            self.assertEqual(own["alone"], plan["sequence"])
            # The model adds up what the others cost, each rounded down.
            paid = own["shared"]["time_ns"] - own["alone"]["time_ns"]
            self.assertAlmostEqual(sum(own["pays_ns"]), paid, delta=2)

    def test_page_stands_alone(self):
        text = self.reports["html"].read_text()
        page = Page()
        page.feed(text)
        page.close()
        self.assertEqual(page.problems, [])
        self.assertEqual(page.open, [])
        self.assertFalse(page.tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "foreignobject"})
        for tag, name, value in page.loads:
            self.assertTrue(value.startswith("#") if name == "href" else "url(" not in value, (tag, name, value))
        ids = set(re.findall(r' id="([^"]*)"', text))
        for target in re.findall(r' href="#([^"]*)"', text):
            self.assertIn(target, ids)
        self.assertNotRegex(text, r"https?:|@import|url\(")
        self.assertIn("default-src 'none'", text)

    def test_names_are_text(self):
        page = Page()
        page.feed(self.reports["html"].read_text())
        self.assertIn("<script>alert('1')</script>&\"\ufffd[31m0", page.text)
        self.assertEqual(self.report["workers"][0]["launches"][0]["nodes"][0], HOSTILE + "0")
        text = self.reports["txt"].read_text()
        self.assertTrue(all(c == "\n" or " " <= c <= "~" for c in text))
        self.assertLessEqual(max(map(len, text.splitlines())), 100)

    def test_standard_output(self):
        result = run("eclip-compile", self.models[1], "-o", WORK / "alone.eclip", "--explain", "json", "--quiet",
                     "--plans", "alone")
        self.assertEqual(result.returncode, 0, result.stderr)
        report = json.loads(result.stdout)
        self.assertEqual(list(json_schema.errors(report, self.schema, self.schema)), [])
        self.assertIsNone(report["mix"])
        self.assertEqual(len(report["workers"][0]["plans"]), 1)

    def test_failure_to_write(self):
        folder = WORK / "missing" / "r.html"
        result = run("eclip-compile", self.models[1], "-o", WORK / "x.eclip", "--explain", folder, "--quiet")
        self.assertEqual(result.returncode, 3)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertIn(str(folder), result.stderr)
        if Path("/dev/full").exists():
            with open("/dev/full", "w") as full:
                code = subprocess.run([str(BUILD / "bin" / "eclip-compile"), str(self.models[1]), "-o",
                                       str(WORK / "x.eclip"), "--explain", "text", "--quiet"], stdout=full,
                                      stderr=subprocess.DEVNULL, timeout=300).returncode
            self.assertEqual(code, 3)

    def test_wrong_usage(self):
        for values, mention in ((["report.pdf"], "report.pdf"), (["text", "json"], "one report"),
                                (["a.json", "a.json"], "twice")):
            result = run("eclip-compile", self.models[1], "-o", WORK / "y.eclip", *[f"--explain={v}" for v in values])
            self.assertEqual(result.returncode, 1)
            self.assertIn(mention, result.stderr)
            self.assertEqual(result.stderr.count("\n"), 1)
        result = run("eclip-compile", self.models[1], "--emit", "groups", "--explain", "text")
        self.assertEqual(result.returncode, 1)
        self.assertFalse((WORK / "y.eclip").exists())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    arguments, rest = parser.parse_known_args()
    BUILD = arguments.build.resolve()
    WORK = BUILD / "explain"
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    unittest.main(argv=[sys.argv[0], *rest])
