//===- HtmlStyle.cpp - the style sheet of the HTML report -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/explain/HtmlParts.h"

llvm::StringRef eclip::htmlStyle() {
  return R"css(
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b1f24;--muted:#5d6672;--line:#dfe3e8;
--accent:#1f5fd6;--need:#b9c6da;--good:#12733a;--bad:#b3261e;--grid:#e6e9ee;
--c1:#3b6fd4;--c2:#d0790b;--c3:#0e8f84;--c4:#8a5bd1;--c5:#7b8794;--c6:#b8405e;--c7:#63b3a8}
@media (prefers-color-scheme:dark){:root{--bg:#101317;--card:#181c22;--ink:#e7eaee;--muted:#9aa5b3;--line:#2c333c;
--accent:#79acff;--need:#3d4b60;--good:#5fce8b;--bad:#ff8f87;--grid:#262c34;
--c1:#6b9bf0;--c2:#eda145;--c3:#3fc1b4;--c4:#b292ee;--c5:#8d99a8;--c6:#ea7f9b;--c7:#8fd6cc}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main,header{max-width:1120px;margin:0 auto;padding:0 20px}
header{padding-top:28px}
main{padding-bottom:60px}
h1{font-size:26px;line-height:1.2;margin:0 0 6px}
h2{font-size:22px;margin:40px 0 4px;overflow-wrap:anywhere}
h3{font-size:17px;margin:28px 0 4px;overflow-wrap:anywhere}
h4{font-size:14px;margin:0 0 8px}
p{margin:4px 0 10px;max-width:78ch}
.muted,figcaption,.note{color:var(--muted)}
.note,figcaption{font-size:13px;margin:4px 0 10px;max-width:90ch}
nav{display:flex;flex-wrap:wrap;gap:6px 16px;padding:10px 0;border-bottom:1px solid var(--line);font-size:14px}
a{color:var(--accent);text-decoration:none}
a:hover{text-decoration:underline}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 18px;margin:14px 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:14px 0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:10px 14px}
.tile b{display:block;font-size:21px;font-weight:600;font-variant-numeric:tabular-nums;line-height:1.25}
.tile span{color:var(--muted);font-size:12.5px}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:14px}
.pair>*{margin:0;min-width:0}
.good{color:var(--good)}.bad{color:var(--bad)}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th{font-weight:500;color:var(--muted);text-align:left;border-bottom:1px solid var(--line);padding:3px 12px 3px 0;vertical-align:bottom}
td{padding:4px 12px 4px 0;border-bottom:1px solid var(--grid);vertical-align:top}
tr:last-child td{border-bottom:0}
.n{text-align:right;white-space:nowrap}
td.name{overflow-wrap:anywhere;min-width:9em}
code,.mono{font:12.5px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
td.share{background:linear-gradient(to right,color-mix(in srgb,var(--c1) 22%,transparent) var(--v),transparent var(--v));text-align:right;white-space:nowrap;padding-right:8px}
td.alt{color:var(--muted)}td.wide{white-space:nowrap}td.share{min-width:96px}
.chart{overflow-x:auto}
.chart svg{display:block;width:100%;min-width:660px;height:auto}
svg text{fill:var(--muted);font:11px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
svg text.v{fill:var(--ink)}
.grid{stroke:var(--grid);stroke-width:1}
.axis{stroke:var(--line);stroke-width:1}
.need{fill:var(--need)}
.got{fill:none;stroke:var(--accent);stroke-width:2;stroke-linejoin:round}
.over{fill:var(--accent);fill-opacity:.10}
.sw{stroke:var(--bad);stroke-width:1;stroke-dasharray:3 3}
.hit{fill:transparent}
.hit:hover{fill:var(--ink);fill-opacity:.10}
.buf{fill:var(--c1);fill-opacity:.30;stroke:var(--c1);stroke-opacity:.55;stroke-width:.6}
.buf:hover{fill-opacity:.65}
.live{fill:none;stroke:var(--c2);stroke-width:1.6}
.bound{stroke:var(--good);stroke-width:1.4;stroke-dasharray:6 4}
.cu{fill:var(--grid)}.cu.on{fill:var(--accent)}
.bar{fill:var(--need)}.bar.on{fill:var(--accent)}
.k1{fill:var(--c1)}.k2{fill:var(--c2)}.k3{fill:var(--c3)}.k4{fill:var(--c4)}.k5{fill:var(--c5)}.k6{fill:var(--c6)}.k7{fill:var(--c7)}
.legend{display:flex;flex-wrap:wrap;gap:2px 18px;font-size:13px;margin:8px 0 0;padding:0;list-style:none}
.legend svg{width:11px;height:11px;min-width:0;display:inline-block;margin-right:6px;vertical-align:-1px}
.stack>svg{display:block;width:100%;height:20px;border-radius:4px}
.queues{display:flex;flex-wrap:wrap;gap:14px 28px}
.queues svg{display:block}
.swatch{display:inline-block;width:18px;height:9px;border-radius:2px;vertical-align:0;margin:0 5px 0 0}
.swatch.a{border-top:2px solid var(--accent);height:0;vertical-align:3px}.swatch.b{background:var(--need)}
.swatch.c{background:color-mix(in srgb,var(--c1) 30%,transparent);border:1px solid var(--c1)}
.swatch.d{border-top:2px solid var(--c2);height:0;vertical-align:3px}
.swatch.e{border-top:2px dashed var(--good);height:0;vertical-align:3px}
.swatch.f{border-left:1px dashed var(--bad);width:0;height:12px;vertical-align:-2px;margin:0 9px 0 8px}
summary{cursor:pointer;color:var(--accent)}
.heat{text-align:right;background:color-mix(in srgb,var(--c2) var(--v),transparent)}
@media print{:root{--bg:#fff;--card:#fff;--ink:#000;--muted:#444;--line:#bbb;--accent:#1f5fd6;--need:#b9c6da;--grid:#ddd;
--good:#12733a;--bad:#b3261e;--c1:#3b6fd4;--c2:#d0790b;--c3:#0e8f84;--c4:#8a5bd1;--c5:#7b8794;--c6:#b8405e;--c7:#63b3a8}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
body{font-size:11px}nav{display:none}main,header{max-width:none;padding:0}
.card,.tile{break-inside:avoid;border-radius:4px}h2,h3{break-after:avoid}table{font-size:9.5px}
.chart svg{min-width:0}details::details-content{content-visibility:visible;display:block;height:auto}
details .card,details{break-inside:auto}}
)css";
}
