// Names come from models that nobody has to trust: no markup reaches the page, no
// control sequence the terminal.
// RUN: eclip-opt --eclip-explain=format=html %s -o /dev/null | FileCheck %s --check-prefix=HTML
// RUN: eclip-opt --eclip-explain %s -o /dev/null | FileCheck %s --check-prefix=TEXT
// RUN: eclip-opt --eclip-explain=format=json %s -o /dev/null | FileCheck %s --check-prefix=JSON

// HTML-NOT: <script
// HTML: <title>&lt;script&gt;alert(1)&lt;/script&gt; on mi50
// HTML-NOT: <script
// HTML: &lt;img src=x onerror=&#39;alert(&quot;1&quot;)&#39;&gt;
// HTML-NOT: <script
// HTML: </html>

// TEXT: === <script>alert(1)</script>: 1 launch
// TEXT-NOT: {{[[:cntrl:]]\[31m}}
// TEXT: k\x1B[31m

// JSON: "kernel":"k\u001b[31m"
module attributes {eclip.model_name = "<script>alert(1)</script>"} {
eclip.kernel @"k\1B[31m" {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [60]> arena 0 {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 60 on @q60
  %0 = eclip.dispatch @"k\1B[31m"(%x) in @a at [-1] cost <cus = [60], time_ns = [1], energy_nj = [1], source = "model"> {eclip.nodes = ["<img src=x onerror='alert(\221\22)'>"]} : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %0 : tensor<64xf32>
}
}
