#include "experiments/report/style.hpp"

namespace wolfpack::report {

// The phases' colours follow Okabe and Ito's palette, which people with colour-blindness can tell apart.
const std::string_view kStyle = R"(
:root {
  color-scheme: light dark;
  --ink: #1b1f24; --muted: #5a636e; --paper: #ffffff; --panel: #f5f6f8; --line: #d9dee4; --grid: #e8ebef;
  --gap: #0067a5; --excess: #b5651d; --warning: #8a4b00; --warning-panel: #fff4e0; --good: #1d7044;
  --wait: #e6ab3c; --get: #b07aa8; --select: #1f77b4; --straggle: #c8431f; --update: #1d9a74; --other: #aab2bb;
  --idle: #eef0f3;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ink: #e4e8ec; --muted: #9aa5b1; --paper: #14171b; --panel: #1c2127; --line: #343b44; --grid: #272d34;
    --gap: #5bb0ea; --excess: #e2a05f; --warning: #ffc46b; --warning-panel: #33270f; --good: #6fcf97;
    --wait: #d79d33; --get: #b58ab0; --select: #4a9bd6; --straggle: #dd6440; --update: #2fa983; --other: #6d7782;
    --idle: #20252b;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1008px; margin: 0 auto; padding: 40px 24px 56px; }
.kicker { margin: 0 0 4px; color: var(--muted); font-size: 14px; overflow-wrap: anywhere; }
h1 { margin: 0 0 10px; font-size: 30px; line-height: 1.2; font-weight: 650; letter-spacing: -.01em; }
h1 .good { color: var(--good); } h1 .bad { color: var(--warning); }
h2 { margin: 0 0 10px; font-size: 20px; font-weight: 620; }
.summary { margin: 0 0 22px; max-width: 46em; font-size: 17px; }
section { margin-top: 42px; }
section > p { margin: 0 0 12px; max-width: 50em; }
.warning { margin: 0 0 22px; padding: 12px 16px; border-left: 4px solid var(--warning);
  background: var(--warning-panel); border-radius: 3px; }
.warning b { color: var(--warning); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 1px; margin: 0;
  background: var(--line);
  border: 1px solid var(--line); border-radius: 6px; overflow: hidden; }
.tiles div { padding: 12px 14px; background: var(--panel); }
.tiles dt { color: var(--muted); font-size: 13px; }
.tiles dd { margin: 2px 0 0; font-size: 20px; font-weight: 600; font-variant-numeric: tabular-nums;
  white-space: nowrap; }
.tiles dd small { display: block; color: var(--muted); font-size: 12.5px; font-weight: 400; white-space: normal; }
figure { margin: 0; }
figcaption { margin-top: 6px; color: var(--muted); font-size: 14px; max-width: 62em; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font-size: 13px; fill: var(--muted); font-variant-numeric: tabular-nums; }
svg .axis-title { fill: var(--ink); } svg .lane { fill: var(--ink); }
svg .note { font-size: 12px; }
svg .axis path { stroke: var(--muted); fill: none; } svg .axis .grid { stroke: var(--grid); }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
.curve.gap { stroke: var(--gap); } .curve.excess { stroke: var(--excess); stroke-width: 1.5; }
.curve.gap.dense { stroke-width: 1; stroke-opacity: .6; }
.curve.path-0 { stroke: var(--gap); } .curve.path-1 { stroke: var(--excess); } .curve.path-2 { stroke: var(--update); }
.curve.path-3 { stroke: var(--get); } .curve.path-4 { stroke: var(--straggle); } .curve.path-5 { stroke: var(--wait); }
.gap-dot { fill: var(--gap); } .excess-dot { fill: var(--excess); }
.threshold { stroke: var(--muted); stroke-dasharray: 5 4; }
.bar { fill: var(--gap); } .stem { stroke: var(--gap); stroke-width: 1.3; fill: none; } .head { fill: var(--gap); }
.zero { stroke: var(--muted); }
.idle { fill: var(--idle); }
svg .wait { fill: var(--wait); } svg .get { fill: var(--get); } svg .select { fill: var(--select); }
svg .straggle { fill: var(--straggle); } svg .update { fill: var(--update); } svg .other { fill: var(--other); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0 0 8px; font-size: 14px; }
.legend i { display: inline-block; width: 12px; height: 12px; margin-right: 7px; border-radius: 2px;
  vertical-align: -1px; }
.legend i.line { width: 22px; height: 3px; vertical-align: 4px; }
i.gap-fill { background: var(--gap); } i.excess-fill { background: var(--excess); }
i.wait { background: var(--wait); } i.get { background: var(--get); } i.select { background: var(--select); }
i.straggle { background: var(--straggle); } i.update { background: var(--update); }
i.other { background: var(--other); }
.scroll { overflow-x: auto; margin-top: 18px; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
caption { padding-bottom: 6px; text-align: left; color: var(--muted); }
th, td { padding: 4px 14px; border-bottom: 1px solid var(--grid); text-align: left; vertical-align: top; }
th:first-child, td:first-child { padding-left: 0; }
thead th { border-bottom-color: var(--line); color: var(--muted); font-weight: 500; white-space: nowrap; }
tbody th, tfoot th { font-weight: 500; }
tfoot th, tfoot td { border-top: 1px solid var(--line); border-bottom: 0; font-weight: 600; }
.numbers th, .numbers td { text-align: right; white-space: nowrap; }
.numbers th:first-child, .numbers td:first-child { text-align: left; }
.settings { width: 100%; } .settings th { width: 15em; color: var(--muted); font-weight: 400; }
.settings td { overflow-wrap: anywhere;
  font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 13px; }
img { display: block; image-rendering: pixelated; background: #000; border-radius: 3px; }
.overview { display: flex; flex-wrap: wrap; gap: 20px 36px; margin-bottom: 26px; }
.terms { display: grid; grid-template-columns: repeat(auto-fill, minmax(168px, 1fr)); gap: 12px 14px;
  align-items: center; font-size: 14.5px; }
.terms .lead { font-weight: 600; } .terms .rest { grid-column: 1 / -1; color: var(--muted); }
.term { display: flex; align-items: center; justify-content: flex-end; gap: 6px; font-variant-numeric: tabular-nums; }
.term .weight { text-align: right; white-space: nowrap; } .term small { display: block; color: var(--muted);
  font-size: 11.5px; }
.term.negative .weight { color: var(--straggle); }
footer { margin-top: 44px; padding-top: 12px; border-top: 1px solid var(--line); color: var(--muted); font-size: 13px; }
@media (max-width: 640px) { main { padding: 24px 14px; } h1 { font-size: 25px; } figure { overflow-x: auto; }
figure > svg { min-width: 620px; } }
@media print {
  @page { margin: 14mm; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; } body { font-size: 11pt; } section { margin-top: 26px; }
  h2 { break-after: avoid; } figure, tr, .term, .tiles, .warning { break-inside: avoid; } .scroll { overflow: visible; }
}
)";

// Each operation's colour is --operation within its class; between light and dark only the palette changes. Opacity of
// --heat makes the pair map pale to strong on either paper.
const std::string_view kLatencyStyle = R"(
:root {
  --put: #0067a5; --get-one: #bf3b00; --fetch-add: #c99200; --put-then-flag: #4499d3; --row-read: #00855f;
  --append: #b0558f; --broadcast: #4a4f57; --heat: #00426e;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --put: #4f9fe0; --get-one: #f0814a; --fetch-add: #e6b23c; --put-then-flag: #a5d6f7; --row-read: #2fc596;
    --append: #d98cc0; --broadcast: #c3c9d1; --heat: #6cc0ff;
  }
}
.operation-put { --operation: var(--put); } .operation-get { --operation: var(--get-one); }
.operation-fetch-add { --operation: var(--fetch-add); } .operation-put-then-flag { --operation: var(--put-then-flag); }
.operation-row-read { --operation: var(--row-read); } .operation-update { --operation: var(--append); }
.operation-clock-broadcast { --operation: var(--broadcast); } .operation-other { --operation: var(--muted); }
svg .curve { stroke: var(--operation); }
.marker { fill: var(--operation); stroke: var(--paper); stroke-width: 1; }
.whisker { fill: none; stroke: var(--operation); stroke-width: 1.2; stroke-opacity: .6; }
.leader { fill: none; stroke: var(--operation); stroke-opacity: .45; }
.floor .curve { stroke-dasharray: 6 4; stroke-width: 1.5; }
.floor .marker { fill: var(--paper); stroke: var(--operation); stroke-width: 1.6; }
svg .name { fill: var(--ink); } svg .figure { fill: var(--ink); }
.area { fill: var(--operation); fill-opacity: .32; stroke: var(--operation); stroke-width: 1; }
.row { stroke: var(--line); }
.quantile { fill: none; stroke: var(--ink); stroke-width: 1.6; }
.quantile.p99 { stroke-dasharray: 5 3; stroke-width: 1.2; } .quantile.p99-9 { stroke-dasharray: 1.5 3; }
.legend i.tick { width: 0; height: 14px; border-left: 2px solid var(--ink); border-radius: 0; vertical-align: -2px; }
.legend i.tick.p99 { border-left-style: dashed; } .legend i.tick.p99-9 { border-left-style: dotted; }
section > .caption { margin-top: 6px; color: var(--muted); font-size: 14px; max-width: 62em; }
figure + figure { margin-top: 14px; }
h3 { margin: 0 0 6px; font-size: 15px; font-weight: 600; }
.maps { display: flex; flex-wrap: wrap; gap: 26px 20px; } .maps figure { margin: 0; flex: 0 1 auto; min-width: 0; }
.maps figure > svg { min-width: 0; }
.heat { fill: var(--heat); } svg .value { font-size: 12px; fill: var(--ink); }
svg .value.on-strong { fill: var(--paper); } .border { fill: none; stroke: var(--ink); stroke-width: 1.5; }
.missing { stroke: var(--line); } svg .rank { fill: var(--ink); }
.tiles.narrow { grid-template-columns: repeat(auto-fit, minmax(124px, 1fr)); }
.tiles.narrow dd { font-size: 18px; }
.warning ul { margin: 4px 0 6px; padding-left: 20px; }
.latencies { font-size: 13px; } .latencies th, .latencies td { padding: 3px 9px; }
.latencies .ends th, .latencies .ends td { border-bottom-color: var(--other); }
.latencies.of-pairs th, .latencies.of-pairs td { padding: 3px 6px; }
.latencies th:first-child, .latencies td:first-child { padding-left: 0; }
@media print { .latencies { font-size: 7.5pt; } .latencies th, .latencies td { padding: 1px 4px; } }
)";

}  // namespace wolfpack::report
